//! Events in Windows' Application log, where monitoring looks. Not to be mixed up with what the upgrade journals.

use crate::{os_error::system_failure, registry::missing, win};
use mailsec_core::{Code, Failure};
use std::io;
use windows_registry::LOCAL_MACHINE;
use windows_sys::Win32::System::EventLog::{
    EVENTLOG_ERROR_TYPE, EVENTLOG_INFORMATION_TYPE, EVENTLOG_WARNING_TYPE,
};

/// The source that our events name.
pub const SOURCE: &str = "mailsec";

/// Below it are the sources of the Application log.
const SOURCES: &str = r"SYSTEM\CurrentControlSet\Services\EventLog\Application";

/// It comes with Windows, and its text for the ids from 1 to 1000 is the event's own: no file of texts has to be
/// installed, nor is locked while somebody reads the log.
const MESSAGES: &str = r"%SystemRoot%\System32\EventCreate.exe";

/// The characters that one text of an event may have; Windows refuses a longer one.
const LONGEST: usize = 31_839;

/// How an event is marked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Information.
    Information,
    /// A warning.
    Warning,
    /// An error.
    Error,
}

/// Writes an event. Without [`register`] it is there as well, and Windows says beside it that it has no text for it.
///
/// # Errors
/// As Windows says.
pub fn report(kind: Kind, id: u16, text: &str) -> io::Result<()> {
    let kind = match kind {
        Kind::Information => EVENTLOG_INFORMATION_TYPE,
        Kind::Warning => EVENTLOG_WARNING_TYPE,
        Kind::Error => EVENTLOG_ERROR_TYPE,
    };
    // A zero would end it; and in UTF-16 a character has two units at most.
    let text: String = text.chars().filter(|c| *c != '\0').take(LONGEST / 2).collect();
    win::event_log::report(SOURCE, kind, id.into(), &text)
}

/// Says where the text of our events is.
///
/// # Errors
/// [`Code::ServiceConfig`], [`Code::AccessDenied`].
pub fn register() -> Result<(), Failure> {
    let written = LOCAL_MACHINE.create(format!(r"{SOURCES}\{SOURCE}")).and_then(|key| {
        key.set_expand_string("EventMessageFile", MESSAGES)?;
        let kinds = EVENTLOG_ERROR_TYPE | EVENTLOG_WARNING_TYPE | EVENTLOG_INFORMATION_TYPE;
        key.set_u32("TypesSupported", kinds.into())
    });
    written.map_err(|error| refused("registered", &error.into()))
}

/// Takes that back; fine when there is none. Events that were written stay.
///
/// # Errors
/// As [`register`].
pub fn unregister() -> Result<(), Failure> {
    let sources = LOCAL_MACHINE.options().read().write().open(SOURCES);
    match sources.and_then(|sources| sources.remove_tree(SOURCE)).map_err(io::Error::from) {
        Err(error) if !missing(&error) => Err(refused("removed", &error)),
        _ => Ok(()),
    }
}

fn refused(what: &str, error: &io::Error) -> Failure {
    let message = format!("the source {SOURCE} of Windows' event log cannot be {what}");
    system_failure(Code::ServiceConfig, message, error)
}
