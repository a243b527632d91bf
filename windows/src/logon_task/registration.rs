//! Giving the task to the Task Scheduler, and taking it back.

use super::{NAME, definition};
use crate::{child, os_error::system_failure, private, win::machine};
use mailsec_core::{Code, Failure};
use std::{fs, io, io::Write, path::Path, process::Command, time::Duration};

const LIMIT: Duration = Duration::from_secs(60);

/// Registers the task, or brings it up to date. Its definition lies for that moment in `folder`, which only
/// administrators may write to: what stands in it will run with their rights.
///
/// # Errors
/// [`Code::ServiceConfig`], [`Code::AccessDenied`].
pub fn register(program: &Path, arguments: &[&str], folder: &Path) -> Result<(), Failure> {
    let text = definition(program, arguments)?;
    let file = folder.join("logon-task.xml");
    let done = written(&file, &text).and_then(|()| {
        let mut command = schtasks()?;
        command.args(["/create", "/f", "/tn", NAME, "/xml"]).arg(&file);
        run(command)
    });
    let _ = fs::remove_file(&file);
    done.map_err(|error| refused("registered", &error))
}

/// Takes it back; fine when there is none.
///
/// # Errors
/// As [`register`].
pub fn unregister() -> Result<(), Failure> {
    let done = machine::system_folder().and_then(|system| {
        // What the program says is in this server's language; where the definitions lie is not.
        let is_there = || Path::new(&system).join("Tasks").join(NAME).exists();
        if !is_there() {
            return Ok(());
        }
        let mut command = schtasks()?;
        command.args(["/delete", "/f", "/tn", NAME]);
        run(command).or_else(|error| if is_there() { Err(error) } else { Ok(()) })
    });
    done.map_err(|error| refused("removed", &error))
}

/// In UTF-16, which the Task Scheduler takes whatever this server's code page is.
fn written(file: &Path, text: &str) -> io::Result<()> {
    let _ = fs::remove_file(file);
    let bytes: Vec<u8> =
        "\u{feff}".encode_utf16().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    private::new_file(file)?.write_all(&bytes)
}

fn schtasks() -> io::Result<Command> {
    Ok(Command::new(format!(r"{}\schtasks.exe", machine::system_folder()?)))
}

fn run(command: Command) -> io::Result<()> {
    let ran = child::run(command, LIMIT)?;
    let said = format!("{} {}", ran.errors.trim(), ran.output.trim());
    match ran.code {
        Some(0) => Ok(()),
        Some(code) => Err(io::Error::other(format!("schtasks.exe ended with {code}: {}", said.trim()))),
        None => Err(io::Error::other("schtasks.exe did not end in time")),
    }
}

fn refused(what: &str, error: &io::Error) -> Failure {
    let message =
        format!("the task {NAME}, which tells whoever logs on how an upgrade stands, cannot be {what}");
    system_failure(Code::ServiceConfig, message, error)
}
