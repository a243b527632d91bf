//! Prints as JSON what every port reads of this server. It changes nothing but the boot identity's volatile key.
//!
//! `probe-host [FOLDER] [PACKAGE]`: with a folder, also its files, its free space and the programs running from it;
//! with a package, also what kind of installer it is. `MAILSEC_SMTP=host:port` sets where the mail probe goes.
#![allow(clippy::print_stdout, clippy::print_stderr)]

#[cfg(windows)]
fn main() -> std::process::ExitCode {
    match windows::report() {
        Ok(report) => {
            println!("{report:#}");
            std::process::ExitCode::SUCCESS
        }
        Err(failure) => {
            eprintln!("{failure}");
            std::process::ExitCode::FAILURE
        }
    }
}

#[cfg(not(windows))]
fn main() {
    eprintln!("this example looks at a Windows server");
}

#[cfg(windows)]
mod windows {
    use mailsec_core::{Code, Failure, host::Host, host::RegistryView, values::ServerPath};
    use mailsec_windows::{WindowsConfig, WindowsHost};
    use serde::Serialize;
    use serde_json::{Value, json};

    pub(crate) fn report() -> Result<Value, Failure> {
        let mut config = WindowsConfig::default();
        if let Ok(text) = std::env::var("MAILSEC_SMTP") {
            config.smtp =
                text.parse().map_err(|e| Failure::new(Code::BadArgument, "MAILSEC_SMTP").cause(e))?;
        }
        let host = WindowsHost::new(config)?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .map_err(|e| Failure::new(Code::System, "no runtime").cause(e))?;
        Ok(runtime.block_on(look(&host)))
    }

    /// A failure is shown in its place and does not hide the other answers.
    fn show<T: Serialize>(answer: Result<T, Failure>) -> Value {
        match answer {
            Ok(found) => json!(found),
            Err(failure) => json!({ "failure": failure }),
        }
    }

    async fn look(host: &dyn Host) -> Value {
        let key = r"SOFTWARE\Microsoft\Windows NT\CurrentVersion";
        let mut report = json!({
            "name": host.name(),
            "time": host.clock().now(),
            "windows": show(host.registry().value(RegistryView::Wide, key, "ProductName").await),
            "boot": show(host.power().boot().await),
            "pending": show(host.power().pending().await),
            "exchange": show(host.transport().exchange().await),
            "agents": show(host.transport().agents().await),
            "queues": show(host.transport().queues().await),
            "services": show(host.services().list().await),
            "installed": show(host.packages().installed().await),
            "installer_busy": show(host.packages().busy().await),
            "mail": show(host.mail().probe("mailsec-probe-host").await),
        });
        let mut arguments = std::env::args().skip(1);
        if let Some(folder) = arguments.next().map(ServerPath::new) {
            report["folder"] = json!({
                "stat": show(host.files().stat(&folder).await),
                "free": show(host.files().free_space(&folder).await),
                "tree": show(host.files().tree(&folder).await),
                "processes": show(host.processes().under(&folder).await),
            });
        }
        if let Some(package) = arguments.next().map(ServerPath::new) {
            report["package"] = show(host.packages().inspect(&package).await);
        }
        report
    }
}
