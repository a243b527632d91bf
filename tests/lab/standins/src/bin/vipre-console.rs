//! Stand-in for the product's console: a program that stays open until somebody closes it.
#![forbid(unsafe_code)]

use std::io::Write as _;

#[cfg(windows)]
fn main() -> std::io::Result<()> {
    writeln!(std::io::stdout(), "VIPRE console (lab)")?;
    loop {
        std::thread::sleep(std::time::Duration::from_secs(3600));
    }
}

#[cfg(not(windows))]
fn main() -> std::io::Result<()> {
    writeln!(std::io::stderr(), "vipre-console runs in the Windows lab only")
}
