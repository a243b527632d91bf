//! Stand-in for the product's service.
#![forbid(unsafe_code)]
#![cfg_attr(windows, windows_subsystem = "windows")]

#[cfg(windows)]
mod plugin_manager {
    use mailsec_lab_standins::layout;
    use mailsec_lab_standins::service::Service;
    use std::ffi::OsString;
    use std::fs;
    use std::io;
    use std::sync::atomic::Ordering;
    use std::thread;
    use std::time::Duration;

    windows_service::define_windows_service!(service_entry, service_main);

    /// The settings of a product that was never configured. An operator's changes to them are what must survive.
    const SETTINGS: [(&str, &str); 3] = [
        ("GlobalLab.xml", "<settings><journal days=\"30\"/><updates automatic=\"true\"/></settings>\r\n"),
        (
            "PoliciesLab.xml",
            "<policies><antispam enabled=\"true\"/><antivirus enabled=\"true\"/></policies>\r\n",
        ),
        ("CustomRulesLab.xml", "<rules><rule name=\"no executables\" action=\"quarantine\"/></rules>\r\n"),
    ];

    pub(crate) fn run() -> windows_service::Result<()> {
        windows_service::service_dispatcher::start(layout::PLUGIN_MANAGER_SERVICE, service_entry)
    }

    fn service_main(_arguments: Vec<OsString>) {
        let Ok(service) = Service::starting(layout::PLUGIN_MANAGER_SERVICE) else { return };
        let error = settings().err().map(|_| 1).or_else(|| service.running().err().map(|_| 2));
        if error.is_none() {
            while !service.stop().load(Ordering::SeqCst) {
                thread::sleep(Duration::from_millis(50));
            }
        }
        let _told = service.stopped(error);
    }

    /// Writes the settings of a fresh installation; settings that are there are never touched.
    fn settings() -> io::Result<()> {
        let program = std::env::current_exe()?;
        let folder = program.parent().ok_or(io::ErrorKind::NotFound)?.join("Settings");
        fs::create_dir_all(&folder)?;
        for (name, text) in SETTINGS {
            let file = folder.join(name);
            if !file.exists() {
                let next = file.with_extension("next");
                fs::write(&next, text)?;
                fs::rename(next, file)?;
            }
        }
        Ok(())
    }
}

#[cfg(windows)]
fn main() -> windows_service::Result<()> {
    plugin_manager::run()
}

#[cfg(not(windows))]
fn main() -> std::io::Result<()> {
    use std::io::Write as _;
    writeln!(std::io::stderr(), "vipre-plugin-manager is a Windows service; it runs in the Windows lab only")
}
