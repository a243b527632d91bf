//! The log: to stderr, off unless asked for, by `-v` or `MAILSEC_LOG`.

use tracing_subscriber::EnvFilter;

pub(crate) fn start(verbose: u8) {
    let level = match verbose {
        0 => "error",
        1 => "mailsec=info,warn",
        _ => "mailsec=debug,info",
    };
    let filter = EnvFilter::try_from_env("MAILSEC_LOG").unwrap_or_else(|_| EnvFilter::new(level));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(false)
        .with_target(false)
        .init();
}
