//! A scheduled task that tells an administrator who logs on how an upgrade stands.
//!
//! A task and not an entry below `Run`: those start without an administrator's rights, and what is told lies in a folder
//! that only administrators may read. A task whose principal is a group runs for whoever of the group logs on, in that
//! session, with the highest rights that the account has
//! (<https://learn.microsoft.com/openspecs/windows_protocols/ms-tsch/c5ac10cd-ba05-4c13-b6be-d0068ecc3b1f>,
//! <https://learn.microsoft.com/windows/win32/taskschd/taskschedulerschema-runlevel-principaltype-element>).

#[cfg(windows)]
mod registration;

#[cfg(windows)]
pub use registration::{register, unregister};

use crate::command_line::joined;
use mailsec_core::{Code, Failure};
use quick_xml::{
    Writer,
    events::{BytesDecl, BytesStart, BytesText, Event},
};
use std::{io, path::Path};

/// The task's name, in the Task Scheduler's root folder.
pub const NAME: &str = "mailsec";

const SCHEMA: &str = "http://schemas.microsoft.com/windows/2004/02/mit/task";
const ADMINISTRATORS: &str = "S-1-5-32-544";

/// What every element that decides something is set to; the rest is the Task Scheduler's default.
const SETTINGS: [(&str, &str); 4] = [
    // Two administrators may log on, and each is told.
    ("MultipleInstancesPolicy", "Parallel"),
    ("DisallowStartIfOnBatteries", "false"),
    ("StopIfGoingOnBatteries", "false"),
    // No end by the clock: the window is its reader's.
    ("ExecutionTimeLimit", "PT0S"),
];

/// The definition of the task, as `schtasks /create /xml` takes it: what runs, and with which words.
///
/// # Errors
/// [`Code::BadArgument`] for a program whose path is no text.
pub fn definition(program: &Path, arguments: &[&str]) -> Result<String, Failure> {
    let program = program.to_str().ok_or_else(|| {
        Failure::new(Code::BadArgument, "the program's own path has characters that no text can have")
            .found(program.display().to_string())
    })?;
    written(program, &joined(arguments.iter().copied()))
        .map_err(|error| Failure::new(Code::BadArgument, "the task cannot be described").cause(error))
}

fn written(program: &str, arguments: &str) -> io::Result<String> {
    let mut xml = Writer::new_with_indent(Vec::new(), b' ', 2);
    xml.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-16"), None)))?;
    let task = [("version", "1.2"), ("xmlns", SCHEMA)];
    within(&mut xml, BytesStart::new("Task").with_attributes(task), |xml| {
        nested(xml, "RegistrationInfo", |xml| {
            text(xml, "Author", "mailsec")?;
            text(
                xml,
                "Description",
                "Tells an administrator who logs on how an upgrade of this server stands.",
            )
        })?;
        nested(xml, "Triggers", |xml| nested(xml, "LogonTrigger", |xml| text(xml, "Enabled", "true")))?;
        nested(xml, "Principals", |xml| {
            within(xml, BytesStart::new("Principal").with_attributes([("id", "Author")]), |xml| {
                text(xml, "GroupId", ADMINISTRATORS)?;
                text(xml, "RunLevel", "HighestAvailable")
            })
        })?;
        nested(xml, "Settings", |xml| SETTINGS.iter().try_for_each(|(name, value)| text(xml, name, value)))?;
        within(xml, BytesStart::new("Actions").with_attributes([("Context", "Author")]), |xml| {
            nested(xml, "Exec", |xml| {
                text(xml, "Command", &format!("\"{program}\""))?;
                text(xml, "Arguments", arguments)
            })
        })
    })?;
    String::from_utf8(xml.into_inner()).map_err(io::Error::other)
}

type Xml = Writer<Vec<u8>>;

fn within(
    xml: &mut Xml,
    tag: BytesStart<'_>,
    inner: impl FnOnce(&mut Xml) -> io::Result<()>,
) -> io::Result<()> {
    xml.write_event(Event::Start(tag.borrow()))?;
    inner(xml)?;
    xml.write_event(Event::End(tag.to_end()))
}

fn nested(xml: &mut Xml, name: &str, inner: impl FnOnce(&mut Xml) -> io::Result<()>) -> io::Result<()> {
    within(xml, BytesStart::new(name), inner)
}

fn text(xml: &mut Xml, name: &str, text: &str) -> io::Result<()> {
    within(xml, BytesStart::new(name), |xml| xml.write_event(Event::Text(BytesText::new(text))))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test")]

    use super::*;

    #[test]
    fn it_runs_for_administrators_with_their_rights_and_nothing_slips_into_it() {
        let xml = definition(Path::new(r"C:\P & F\m.exe"), &["--state", r"C:\<x> y", "status"]).unwrap();
        let lines: Vec<&str> = xml.lines().map(str::trim).collect();
        let after = |line: &str| lines[lines.iter().position(|l| *l == line).unwrap() + 1];
        assert_eq!(after(r#"<Principal id="Author">"#), "<GroupId>S-1-5-32-544</GroupId>");
        assert_eq!(after("<GroupId>S-1-5-32-544</GroupId>"), "<RunLevel>HighestAvailable</RunLevel>");
        assert_eq!(after("<LogonTrigger>"), "<Enabled>true</Enabled>");
        let command = after("<Exec>");
        assert_eq!(quick_xml::escape::unescape(command).unwrap(), r#"<Command>"C:\P & F\m.exe"</Command>"#);
        assert_eq!(
            quick_xml::escape::unescape(after(command)).unwrap(),
            r#"<Arguments>--state "C:\<x> y" status</Arguments>"#
        );
        let mut reader = quick_xml::Reader::from_str(&xml);
        reader.config_mut().check_end_names = true;
        while !matches!(reader.read_event().unwrap(), Event::Eof) {}
    }
}
