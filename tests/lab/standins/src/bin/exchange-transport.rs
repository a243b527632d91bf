//! Stand-in for Exchange's transport service.
#![forbid(unsafe_code)]
#![cfg_attr(windows, windows_subsystem = "windows")]

#[cfg(windows)]
mod transport {
    use mailsec_lab_standins::ledger::Ledger;
    use mailsec_lab_standins::service::Service;
    use mailsec_lab_standins::{cmdlets, events, faults, layout, smtp, windows};
    use std::ffi::OsString;
    use std::fs::File;
    use std::io::ErrorKind;
    use std::net::{Ipv4Addr, TcpListener};
    use std::path::Path;
    use std::sync::Arc;
    use std::sync::atomic::Ordering;
    use std::thread;
    use std::time::Duration;

    windows_service::define_windows_service!(service_entry, service_main);

    pub(crate) fn run() -> windows_service::Result<()> {
        windows_service::service_dispatcher::start(layout::TRANSPORT_SERVICE, service_entry)
    }

    fn service_main(_arguments: Vec<OsString>) {
        let Ok(service) = Service::starting(layout::TRANSPORT_SERVICE) else { return };
        let error = serve(&service).err();
        if let Some(failure) = &error {
            let events = layout::LabFolder::on_windows().events_file();
            for (id, message) in &failure.events {
                let _told = events::transport(&events, "Error", *id, message);
            }
        }
        let _told = service.stopped(error.map(|failure| failure.code));
    }

    /// Why transport did not start, and what it wrote to the event log about it.
    struct Failure {
        code: u32,
        events: Vec<(u32, String)>,
    }

    impl Failure {
        fn stopped(reason: impl std::fmt::Display) -> Self {
            let text = format!("The service will be stopped. Reason: {reason}");
            Self { code: 7001, events: vec![(7001, text)] }
        }
    }

    fn serve(service: &Service) -> Result<(), Failure> {
        let lab = layout::LabFolder::on_windows();
        let settings = lab.settings();
        let faults = faults::read(&lab.faults_file()).transport;
        thread::sleep(Duration::from_secs(faults.start_delay_seconds));
        let held = load(&layout::shared_folder(&windows::exchange_folder()))?;
        let names = held.iter().map(|(name, _)| name.clone()).collect();
        let ledger = Arc::new(Ledger::open(&lab.mail_file(), names).map_err(Failure::stopped)?);
        let listener =
            TcpListener::bind((Ipv4Addr::LOCALHOST, settings.smtp_port)).map_err(Failure::stopped)?;
        listener.set_nonblocking(true).map_err(Failure::stopped)?;
        service.running().map_err(Failure::stopped)?;
        let mut sessions = Vec::new();
        while !service.stop().load(Ordering::SeqCst) {
            match listener.accept() {
                Ok((stream, _)) => {
                    let (host, ledger) = (settings.host_name.clone(), Arc::clone(&ledger));
                    let stop = Arc::clone(service.stop());
                    sessions.push(thread::spawn(move || smtp::serve(stream, &host, &ledger, &stop)));
                    sessions.retain(|session| !session.is_finished());
                }
                Err(e) if e.kind() == ErrorKind::WouldBlock => thread::sleep(Duration::from_millis(10)),
                Err(_) => thread::sleep(Duration::from_millis(100)),
            }
        }
        drop(listener);
        service.stopping().map_err(Failure::stopped)?;
        for session in sessions {
            let _ended = session.join();
        }
        thread::sleep(Duration::from_secs(faults.stop_delay_seconds));
        drop(held);
        Ok(())
    }

    /// Loads every enabled agent, and keeps its assembly open: one that is missing keeps all of transport down.
    fn load(shared: &Path) -> Result<Vec<(String, File)>, Failure> {
        let agents = cmdlets::enabled(shared).map_err(Failure::stopped)?;
        let mut held = Vec::new();
        for agent in agents {
            let file = windows::hold(Path::new(&agent.assembly_path)).map_err(|_| {
                let mut failure = Failure::stopped(format!(
                    "Failed to create type '{}' from assembly '{}' due to error 'Invalid agent assembly path.'.",
                    agent.class_factory, agent.assembly_path
                ));
                failure.code = 16023;
                failure.events.push((
                    16023,
                    "Microsoft Exchange couldn't start transport agents. The Microsoft Exchange Transport service \
                     will be stopped."
                        .to_owned(),
                ));
                failure
            })?;
            held.push((agent.name, file));
        }
        Ok(held)
    }
}

#[cfg(windows)]
fn main() -> windows_service::Result<()> {
    transport::run()
}

#[cfg(not(windows))]
fn main() -> std::io::Result<()> {
    use std::io::Write as _;
    writeln!(std::io::stderr(), "exchange-transport is a Windows service; it runs in the Windows lab only")
}
