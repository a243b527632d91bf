//! The only place that prints answers and errors.
//!
//! A terminal gets colour, unless `NO_COLOR` is set or `TERM` says that it has none; a pipe and a file never do.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "printing is what this file is for")]

mod paint;
mod save;
mod screen;

pub(crate) use save::{can_save_secret, save, save_secret};
pub(crate) use screen::{Moving, moving, settle, settle_within};

use crate::{exit::Exit, show::wrap};
use mailsec_core::{Failure, failure::Code};
use serde_json::{Value, json};
use std::{
    borrow::Cow,
    io::{self, Write},
    path::Path,
};

/// What was said to people, for the service's log. Elsewhere it stands on stderr already.
pub(crate) const SAID: &str = "said";

/// What a command answers.
pub(crate) struct Reply {
    /// For a person.
    pub(crate) text: String,
    /// For a program.
    pub(crate) json: Value,
    /// How it ended.
    pub(crate) exit: Exit,
}

impl Reply {
    pub(crate) fn new(text: impl Into<String>, json: Value) -> Self {
        Self { text: text.into(), json, exit: Exit::Done }
    }

    pub(crate) fn exit(mut self, exit: Exit) -> Self {
        self.exit = exit;
        self
    }
}

pub(crate) fn reply(reply: &Reply, json: bool) -> Exit {
    settle();
    let written = if json {
        print_json(&reply.json)
    } else if reply.text.trim_end().is_empty() {
        Ok(())
    } else {
        let text = paint::painted(&printable(reply.text.trim_end()));
        let mut out = anstream::stdout().lock();
        arrived(writeln!(out, "{text}").and_then(|()| out.flush()))
    };
    unless_lost(written, reply.exit)
}

fn print_json(value: &Value) -> io::Result<()> {
    let mut out = io::stdout().lock();
    let text = serde_json::to_string_pretty(value).unwrap_or_default();
    arrived(writeln!(out, "{text}").and_then(|()| out.flush()))
}

/// A reader that went away (`| head`) is no error; a full disk is.
fn arrived(written: io::Result<()>) -> io::Result<()> {
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

/// An answer that is lost is no success. A code that says more than that stays: it is how the upgrade stands.
fn unless_lost(written: io::Result<()>, exit: Exit) -> Exit {
    let Err(error) = written else { return exit };
    complain(&lost(error));
    if exit == Exit::Done { Exit::Failed } else { exit }
}

fn lost(error: io::Error) -> Failure {
    system("the answer cannot be written to stdout", error)
        .hint("what the command did is done; send its output to where there is room")
}

/// Shows an error, behind all that was said, and waits for it as for that: a pipe that nobody reads holds up no end. What
/// cannot be said there cannot be said.
fn complain(failure: &Failure) {
    screen::text(paint::painted(&printable(&describe(failure))));
    settle();
}

pub(crate) fn failed(failure: &Failure, json: bool) -> Exit {
    settle();
    let exit = Exit::of_failure(failure);
    let written = if json { print_json(&json!({ "error": failure, "exit": exit as u8 })) } else { Ok(()) };
    complain(failure);
    unless_lost(written, exit)
}

/// An error as a person reads it.
pub(crate) fn describe(failure: &Failure) -> String {
    let mut text = wrap("", "  ", &format!("error[{}]: {}", failure.code, failure.message));
    let mut line = |label: &str, value: &Option<String>| {
        if let Some(value) = value {
            text.push_str(&wrap(&format!("  {label:<9} "), "            ", value));
        }
    };
    line("expected:", &failure.expected);
    line("found:", &failure.found);
    for cause in &failure.causes {
        line("because:", &Some(cause.clone()));
    }
    line("hint:", &failure.hint);
    text
}

/// Much of what is printed comes from elsewhere: names on the server, files that were sent. None of it moves the cursor,
/// paints, names the window, or turns the order of what is read.
fn printable(text: &str) -> Cow<'_, str> {
    let turns = |c: char| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' | '\u{61c}');
    let moves = |c: char| (c.is_control() && c != '\n' && c != '\t') || turns(c);
    if !text.contains(moves) {
        return text.into();
    }
    // As JSON has them, so that JSON stays what it is.
    let shown = |c: char| if moves(c) { format!("\\u{:04x}", u32::from(c)) } else { c.to_string() };
    text.chars().map(shown).collect()
}

/// One line for a program that reads along, to stdout; whether it still does.
///
/// # Errors
/// [`Code::System`] when the line cannot be written.
pub(crate) fn say_json(value: &Value) -> Result<bool, Failure> {
    let mut out = io::stdout().lock();
    match writeln!(out, "{value}").and_then(|()| out.flush()) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(lost(error)),
    }
}

/// Says something on the way, to stderr, without waiting for who reads it; the service, which has none, to its log.
pub(crate) fn say(text: &str) {
    tracing::info!(target: SAID, "{text}");
    screen::text(format!("{}\n", paint::painted(&printable(text))));
}

/// Says what no log may have, to stderr alone: a token that opens something.
pub(crate) fn confide(text: &str) {
    screen::text(format!("{}\n", printable(text)));
}

/// A line of the log, to stderr.
pub(crate) fn log(line: String) {
    screen::text(line);
}

/// A failure of the operating system.
pub(crate) fn system(what: &str, error: impl std::fmt::Display) -> Failure {
    Failure::new(Code::System, what).cause(error)
}

/// Refuses to write over a file that was given to be read.
pub(crate) fn spares<P: AsRef<Path>>(out: &Path, given: &[P]) -> Result<(), Failure> {
    let Ok(target) = out.canonicalize() else { return Ok(()) };
    if given.iter().any(|file| file.as_ref().canonicalize().is_ok_and(|file| file == target)) {
        return Err(Failure::new(Code::BadArgument, "--out is a file that is to be read")
            .expected("another file")
            .found(out.display().to_string())
            .hint("nothing was written"));
    }
    Ok(())
}

/// A command line that cannot be read, or a question for help.
pub(crate) fn usage(error: &clap::Error) -> Exit {
    if !error.use_stderr() {
        return unless_lost(arrived(error.print().and_then(|()| io::stdout().flush())), Exit::Done);
    }
    let mut written = Ok(());
    // Not every argument is text.
    if std::env::args_os().any(|word| word == "--json") {
        let failure = Failure::new(Code::BadArgument, "the command line cannot be read").cause(error.kind());
        written = print_json(&json!({ "error": failure, "exit": Exit::Usage as u8 }));
    }
    _ = error.print();
    unless_lost(written, Exit::Usage)
}
