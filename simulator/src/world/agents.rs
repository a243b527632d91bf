//! `agents.config`: the one place where registered transport agents are kept, as Exchange keeps them.
//!
//! Format: <https://learn.microsoft.com/exchange/client-developer/transport-agents/agent>.

use mailsec_core::{Code, Failure, host::Answer, values::ServerPath};
use quick_xml::{XmlVersion, events::Event, reader::Reader};
use std::{borrow::Cow, sync::Arc};

/// One `agent` element.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentRow {
    /// `name`.
    pub name: Arc<str>,
    /// `baseType`.
    pub base: String,
    /// `classFactory`.
    pub factory: Arc<str>,
    /// `assemblyPath`.
    pub assembly: ServerPath,
    /// `enabled`.
    pub enabled: bool,
}

impl AgentRow {
    /// An enabled agent.
    #[must_use]
    pub fn new(name: &str, factory: &str, assembly: &ServerPath) -> Self {
        Self {
            name: name.into(),
            base: "Microsoft.Exchange.Data.Transport.Smtp.SmtpReceiveAgentFactory".to_owned(),
            factory: factory.into(),
            assembly: assembly.clone(),
            enabled: true,
        }
    }
}

/// Reads the agents of a file, in their order.
///
/// # Errors
/// [`Code::AgentsUnreadable`].
pub fn parse(text: &str) -> Answer<Vec<Arc<AgentRow>>> {
    let mut reader = Reader::from_str(text);
    let mut rows = Vec::new();
    let mut closed = false;
    loop {
        match reader.read_event().map_err(damaged)? {
            Event::Eof if closed => return Ok(rows),
            Event::Eof => return Err(damaged("the file ends early")),
            Event::End(end) if end.name().as_ref() == "configuration" => closed = true,
            Event::Start(element) | Event::Empty(element) if element.name().as_ref() == "agent" => {
                let mut row = AgentRow::new("", "", &ServerPath::new(""));
                for attribute in element.attributes() {
                    let attribute = attribute.map_err(damaged)?;
                    let value = attribute.normalized_value(XmlVersion::Implicit1_0).map_err(damaged)?;
                    match attribute.key.as_ref() {
                        "name" => row.name = value.into_owned().into(),
                        "baseType" => row.base = value.into_owned(),
                        "classFactory" => row.factory = value.into_owned().into(),
                        "assemblyPath" => row.assembly = ServerPath::new(value),
                        "enabled" => row.enabled = value.eq_ignore_ascii_case("true"),
                        _ => {}
                    }
                }
                rows.push(Arc::new(row));
            }
            _ => {}
        }
    }
}

/// Writes a file with these agents.
#[must_use]
pub fn render(rows: &[Arc<AgentRow>]) -> String {
    let mut text = String::with_capacity(512 + 384 * rows.len());
    text.push_str(HEAD);
    for row in rows {
        let values = [
            ("name", &*row.name),
            ("baseType", &row.base),
            ("classFactory", &row.factory),
            ("assemblyPath", row.assembly.as_str()),
            ("enabled", if row.enabled { "true" } else { "false" }),
        ];
        text.push_str("      <agent");
        for (name, value) in values {
            let value = match value.bytes().any(|byte| b"<>&'\"".contains(&byte)) {
                true => quick_xml::escape::escape(value),
                false => Cow::Borrowed(value),
            };
            for part in [" ", name, "=\"", &value, "\""] {
                text.push_str(part);
            }
        }
        text.push_str(" />\r\n");
    }
    text.push_str("    </agentList>\r\n  </mexRuntime>\r\n</configuration>\r\n");
    text
}

const HEAD: &str = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\r\n<configuration>\r\n  <mexRuntime>\r\n    <monitoring>\r\n      \
    <agentExecution timeLimitInMilliseconds=\"90000\" />\r\n      <messageSnapshot enabled=\"true\" />\r\n    \
    </monitoring>\r\n    <agentList>\r\n";

fn damaged(cause: impl std::fmt::Display) -> Failure {
    Failure::new(Code::AgentsUnreadable, "agents.config cannot be read").cause(cause)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_reads_back_and_half_a_file_does_not() {
        let path = ServerPath::new(r"C:\Program Files (x86)\A & B\x.dll");
        let mut rows = ["Say \"hi\" <now>", "b"].map(|name| Arc::new(AgentRow::new(name, "A.B", &path)));
        Arc::make_mut(&mut rows[1]).enabled = false;
        let text = render(&rows);
        assert_eq!(parse(&text).unwrap(), rows);
        assert_eq!(parse(&text[..text.len() / 2]).unwrap_err().code, Code::AgentsUnreadable);
        assert_eq!(parse("").unwrap_err().code, Code::AgentsUnreadable);
    }
}
