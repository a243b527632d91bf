//! The smallest use of the `service` module, for trying it: `sample-service install ARGS`, `uninstall`, or run by the
//! service manager. It waits to be stopped, or ends by itself with the code that its command line names
//! (`run exit CODE`), and writes down each start beside its program.
#![allow(clippy::print_stderr)]

#[cfg(windows)]
fn main() -> std::process::ExitCode {
    use mailsec_windows::service;
    let arguments: Vec<std::ffi::OsString> = std::env::args_os().skip(1).collect();
    let verb = arguments.first().and_then(|a| a.to_str()).unwrap_or_default().to_owned();
    let outcome = match verb.as_str() {
        "install" => std::env::current_exe()
            .map_err(|e| mailsec_core::Failure::new(mailsec_core::Code::System, "own path").cause(e))
            .and_then(|exe| {
                service::install(
                    exe,
                    ["run".into()].into_iter().chain(arguments.into_iter().skip(1)).collect(),
                    None,
                )
            }),
        "uninstall" => service::uninstall(),
        _ => service::run(move |stop| {
            note("started");
            let code = match (
                arguments.get(1).and_then(|a| a.to_str()),
                arguments.get(2).and_then(|a| a.to_str()),
            ) {
                (Some("exit"), Some(code)) => code.parse().unwrap_or(1),
                _ => {
                    stop.wait();
                    0
                }
            };
            note("ended");
            code
        }),
    };
    match outcome {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("{failure:?}");
            std::process::ExitCode::FAILURE
        }
    }
}

#[cfg(windows)]
fn note(what: &str) {
    use std::io::Write;
    if let Ok(exe) = std::env::current_exe()
        && let Ok(mut file) =
            std::fs::OpenOptions::new().append(true).create(true).open(exe.with_extension("log"))
    {
        let _ = writeln!(file, "{what}");
    }
}

#[cfg(not(windows))]
fn main() {
    eprintln!("this example is a Windows service");
}
