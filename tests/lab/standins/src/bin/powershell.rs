//! Stand-in for powershell.exe with Exchange's snap-in: the cmdlets for transport agents, and nothing else.
#![forbid(unsafe_code)]

#[cfg(windows)]
mod shell {
    use mailsec_lab_standins::cmdlets::{CmdletError, Cmdlets};
    use mailsec_lab_standins::{base64, faults, frame, layout, script, windows};
    use std::fs::File;
    use std::io::{self, Write as _};
    use std::path::Path;
    use std::process::ExitCode;
    use std::thread;
    use std::time::Duration;

    pub(crate) fn main() -> io::Result<ExitCode> {
        let arguments: Vec<String> = std::env::args().skip(1).collect();
        let Some(text) = encoded(&arguments) else {
            return refuse("the lab's shell is only called with -NonInteractive and -EncodedCommand");
        };
        let script = match script::parse(&text) {
            Ok(script) => script,
            Err(problem) => return refuse(&problem.to_string()),
        };
        let faults = faults::take_for_shell(&layout::LabFolder::on_windows().faults_file());
        thread::sleep(Duration::from_secs(faults.hang_before_seconds));
        // As in the real shell, what a cmdlet loaded is held until the process ends.
        let mut held: Vec<File> = Vec::new();
        let mut load = |path: &str| windows::hold(Path::new(path)).map(|file| held.push(file)).is_ok();
        let shared = layout::shared_folder(&windows::exchange_folder());
        let mut cmdlets = Cmdlets { shared, load: &mut load, warnings: Vec::new() };
        let mut results = Vec::new();
        let mut error: Option<CmdletError> = None;
        for statement in &script.statements {
            if faults.die_after == Some(results.len()) {
                return Ok(ExitCode::from(255));
            }
            match cmdlets.execute(statement) {
                Ok(result) => results.push(result),
                Err(e) => {
                    error = Some(e);
                    break;
                }
            }
        }
        if faults.die_after == Some(results.len()) {
            return Ok(ExitCode::from(255));
        }
        let answer = match &error {
            None => frame::success(&results, &cmdlets.warnings),
            Some(error) => frame::failure(error, results.len()),
        };
        thread::sleep(Duration::from_secs(faults.hang_after_seconds));
        say(&frame::frame(&script.marks, &answer), &faults)?;
        drop(held);
        Ok(ExitCode::from(faults.exit_code))
    }

    fn say(text: &str, faults: &faults::ShellFaults) -> io::Result<()> {
        let mut out = io::stdout().lock();
        if faults.noise {
            out.write_all(b"VERBOSE: Connecting to mail.lab.test.\r\n<<mailsec \r\n{\"ok\":true}\r\n")?;
        }
        let half = text.len() / 2;
        out.write_all(if faults.half_frame { &text.as_bytes()[..half] } else { text.as_bytes() })?;
        if faults.noise {
            out.write_all(b"WARNING: The lab makes noise.\r\n")?;
        }
        out.flush()
    }

    fn refuse(problem: &str) -> io::Result<ExitCode> {
        writeln!(io::stderr(), "{problem}")?;
        Ok(ExitCode::FAILURE)
    }

    fn encoded(arguments: &[String]) -> Option<String> {
        let position = |name: &str| arguments.iter().position(|a| a.eq_ignore_ascii_case(name));
        position("-NonInteractive")?;
        base64::decode_command(arguments.get(position("-EncodedCommand")? + 1)?)
    }
}

#[cfg(windows)]
fn main() -> std::io::Result<std::process::ExitCode> {
    shell::main()
}

#[cfg(not(windows))]
fn main() -> std::io::Result<()> {
    use std::io::Write as _;
    writeln!(std::io::stderr(), "this powershell is a stand-in that runs in the Windows lab only")
}
