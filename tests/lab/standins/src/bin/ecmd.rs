//! Stand-in for ESET's command line tool: `/getcfg FILE` and `/setcfg FILE`. What its exit codes are is not documented;
//! here 0 is success and 1 is everything else.
#![forbid(unsafe_code)]

#[cfg(windows)]
fn main() -> std::process::ExitCode {
    use mailsec_lab_standins::{
        eset::{Store, major_of},
        windows::eset_version,
    };
    use std::{io, path::Path, process::ExitCode};

    fn work(words: &[&str]) -> io::Result<()> {
        let version = eset_version()?;
        let store = Store::on_windows();
        match words {
            ["/getcfg", file] => store.export(&version, Path::new(file)),
            ["/setcfg", file] => {
                let major = major_of(&version).ok_or_else(|| io::Error::other("no version"))?;
                store.import(major, Path::new(file))
            }
            _ => Err(io::Error::other("ecmd /getcfg FILE | /setcfg FILE")),
        }
    }

    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match work(&words) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            use std::io::Write as _;
            let _told = writeln!(io::stderr(), "ecmd: {error}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(not(windows))]
fn main() -> std::io::Result<()> {
    use std::io::Write as _;
    writeln!(std::io::stderr(), "ecmd runs in the Windows lab only")
}
