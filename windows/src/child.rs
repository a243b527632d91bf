//! Runs a program without a window, listens to it, and ends it with all that it started.

use crate::win::job::Job;
use std::{
    io::{self, Read},
    os::windows::process::CommandExt,
    process::{Child, Command, ExitStatus, Stdio},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

// A console without a window: the Exchange shell's output encoding cannot be set without a console at all.
const NO_WINDOW: u32 = 0x0800_0000;
const POLL: Duration = Duration::from_millis(50);
/// More than any answer; a program that floods its output is not listened to further.
const OUTPUT_LIMIT: u64 = 4 * 1024 * 1024;

/// What a program did.
pub(crate) struct Ran {
    /// Its exit code; none when it was ended because its time was up.
    pub(crate) code: Option<i32>,
    pub(crate) output: String,
    pub(crate) errors: String,
}

/// Runs the program to its end, or ends it; when this returns, it and all it started are gone.
pub(crate) fn run(mut command: Command, limit: Duration) -> io::Result<Ran> {
    let job = Job::new()?;
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .creation_flags(NO_WINDOW)
        .spawn()?;
    if let Err(e) = job.add(&child) {
        let _ = child.kill();
        let _ = child.wait();
        return Err(e);
    }
    let output = child.stdout.take().map(listen);
    let errors = child.stderr.take().map(listen);
    let ended = wait(&mut child, limit)?;
    // Ends whatever the program has left running, and with it the writers of the pipes.
    drop(job);
    let _ = child.wait();
    let heard = |listener: Option<JoinHandle<Vec<u8>>>| {
        let bytes = listener.and_then(|l| l.join().ok()).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    };
    let code = ended.map(|status| status.code().unwrap_or(-1));
    Ok(Ran { code, output: heard(output), errors: heard(errors) })
}

fn listen(pipe: impl Read + Send + 'static) -> JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let mut heard = Vec::new();
        let mut pipe = pipe;
        let _ = (&mut pipe).take(OUTPUT_LIMIT).read_to_end(&mut heard);
        // A full pipe would stop the program.
        let _ = io::copy(&mut pipe, &mut io::sink());
        heard
    })
}

/// Waits for the end; none when the time is up first.
fn wait(child: &mut Child, limit: Duration) -> io::Result<Option<ExitStatus>> {
    let begun = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if begun.elapsed() >= limit {
            return Ok(None);
        }
        thread::sleep(POLL);
    }
}
