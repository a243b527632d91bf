//! The log: to stderr, off unless asked for, by `-v` or `MAILSEC_LOG`. The service, which nobody watches, logs to a file.
//! What libraries say below *info* is in neither ([`filter`]).

#[cfg(any(windows, test))]
mod file;
mod filter;

use tracing_subscriber::{EnvFilter, layer::SubscriberExt, util::SubscriberInitExt};

/// What was said to people, for the service's log. Elsewhere it stands on stderr already.
pub(crate) const SAID: &str = "said";

pub(crate) fn start(verbose: u8) {
    let level = match verbose {
        0 => "error",
        1 => "mailsec=info,warn",
        _ => "mailsec=debug,info",
    };
    let mut filter = EnvFilter::try_from_env("MAILSEC_LOG").unwrap_or_else(|_| EnvFilter::new(level));
    if let Ok(not_twice) = format!("{SAID}=off").parse() {
        filter = filter.add_directive(not_twice);
    }
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(false)
        .with_target(false)
        .finish()
        .with(filter::discreet())
        .init();
}

/// The log of the service: `service.log` in `folder`, which is there.
#[cfg(windows)]
pub(crate) fn start_service(folder: &std::path::Path) -> std::io::Result<()> {
    let filter = EnvFilter::try_from_env("MAILSEC_LOG")
        .unwrap_or_else(|_| EnvFilter::new(format!("mailsec=info,{SAID}=info,warn")));
    let log = file::LogFile::open(folder.join("service.log"), file::LIMIT)?;
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::sync::Mutex::new(log))
        .with_ansi(false)
        .with_target(false)
        .finish()
        .with(filter::discreet())
        .init();
    Ok(())
}
