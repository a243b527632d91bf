//! The harness's hand inside Windows: runs programs for their true exit codes, and answers questions as JSON.
#![forbid(unsafe_code)]

#[cfg(windows)]
#[path = "lab-tool/eset.rs"]
mod eset;
#[cfg(windows)]
#[path = "lab-tool/tool.rs"]
mod tool;

#[cfg(windows)]
fn main() -> std::process::ExitCode {
    tool::main()
}

#[cfg(not(windows))]
fn main() -> std::io::Result<()> {
    use std::io::Write as _;
    writeln!(std::io::stderr(), "lab-tool runs in the Windows lab only")
}
