//! Stand-in for ESET's core service.
#![forbid(unsafe_code)]
#![cfg_attr(windows, windows_subsystem = "windows")]

#[cfg(windows)]
mod kernel {
    use mailsec_lab_standins::{
        eset::{Store, major_of},
        layout,
        service::Service,
        windows::eset_version,
    };
    use std::{ffi::OsString, io, sync::atomic::Ordering, thread, time::Duration};

    windows_service::define_windows_service!(service_entry, service_main);

    pub(crate) fn run() -> windows_service::Result<()> {
        windows_service::service_dispatcher::start(layout::ESET_SERVICE, service_entry)
    }

    fn service_main(_arguments: Vec<OsString>) {
        let Ok(service) = Service::starting(layout::ESET_SERVICE) else { return };
        let error = begin().err().map(|_| 1).or_else(|| service.running().err().map(|_| 2));
        if error.is_none() {
            while !service.stop().load(Ordering::SeqCst) {
                thread::sleep(Duration::from_millis(50));
            }
        }
        let _told = service.stopped(error);
    }

    fn begin() -> io::Result<()> {
        let version = eset_version()?;
        Store::on_windows().begin(major_of(&version).ok_or_else(|| io::Error::other("no version"))?)
    }
}

#[cfg(windows)]
fn main() -> windows_service::Result<()> {
    kernel::run()
}

#[cfg(not(windows))]
fn main() -> std::io::Result<()> {
    use std::io::Write as _;
    writeln!(std::io::stderr(), "eset-kernel is a Windows service; it runs in the Windows lab only")
}
