//! Stand-in for shutdown.exe: writes down that a restart was asked for. The harness then does it, or does not.
#![forbid(unsafe_code)]

#[cfg(windows)]
fn main() -> std::io::Result<()> {
    use mailsec_lab_standins::{events, layout};
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    events::append_line(&layout::LabFolder::on_windows().restarts_file(), &arguments)
}

#[cfg(not(windows))]
fn main() -> std::io::Result<()> {
    use std::io::Write as _;
    writeln!(std::io::stderr(), "this shutdown is a stand-in that runs in the Windows lab only")
}
