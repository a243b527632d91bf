//! `agents.config` and `fetagents.config`, read natively.
//!
//! Microsoft documents these files for reading ("no `agent` element means not installed") and warns against writing
//! them: <https://learn.microsoft.com/exchange/client-developer/transport-agents/agent>. Reading them needs neither
//! a shell nor a running transport service, so the state of the agents is known right after a crash.
//!
//! The form is `configuration/mexRuntime/agentList/agent`, without a namespace; the order of the `agent` elements is
//! the priority, from 1. What is not needed here is passed over, wherever it stands.

use mailsec_core::{
    Code, Failure,
    host::{Agent, AgentId, TransportService},
    values::ServerPath,
};
use quick_xml::{
    Reader, XmlVersion,
    events::{BytesStart, Event},
};

/// Reads the agents of one service from the content of its file.
///
/// # Errors
/// [`Code::AgentsUnreadable`] with line and column. A file that ends early is an error, never a shorter list: an
/// agent that is overlooked here would be lost in the upgrade.
pub fn parse(content: &[u8], service: TransportService) -> Result<Vec<Agent>, Failure> {
    let text = decode(content)?;
    let mut reader = Reader::from_str(&text);
    let mut open: Vec<String> = Vec::new();
    let mut agents = Vec::new();
    let mut lists = 0usize;
    loop {
        let start = reader.buffer_position();
        let at = |offset: u64| place(&text, offset);
        let event = reader.read_event().map_err(|e| unreadable(&e.to_string(), at(start)))?;
        match event {
            Event::Start(tag) => {
                lists += usize::from(tag.name().as_ref() == "agentList");
                agents.extend(
                    agent_of(&tag, &open, service, agents.len()).map_err(|e| unreadable(&e, at(start)))?,
                );
                open.push(tag.name().as_ref().to_owned());
            }
            Event::Empty(tag) => {
                lists += usize::from(tag.name().as_ref() == "agentList");
                agents.extend(
                    agent_of(&tag, &open, service, agents.len()).map_err(|e| unreadable(&e, at(start)))?,
                );
            }
            Event::End(_) => {
                open.pop();
            }
            Event::Eof if !open.is_empty() => {
                return Err(unreadable(&format!("the file ends inside <{}>", open.join("/")), at(start)));
            }
            Event::Eof if lists == 0 => {
                return Err(unreadable("there is no <agentList>", at(start)));
            }
            Event::Eof => return Ok(agents),
            _ => {}
        }
    }
}

fn agent_of(
    tag: &BytesStart<'_>,
    open: &[String],
    service: TransportService,
    before: usize,
) -> Result<Option<Agent>, String> {
    if tag.name().as_ref() != "agent" || open.last().is_none_or(|parent| parent != "agentList") {
        return Ok(None);
    }
    let attribute = |name: &str| -> Result<String, String> {
        let attribute = tag.try_get_attribute(name).map_err(|e| e.to_string())?;
        let attribute = attribute.ok_or_else(|| format!("an agent has no attribute {name}"))?;
        attribute
            .normalized_value(XmlVersion::Implicit1_0)
            .map(|value| value.into_owned())
            .map_err(|e| format!("attribute {name}: {e}"))
    };
    let enabled = attribute("enabled")?;
    Ok(Some(Agent {
        id: AgentId { name: attribute("name")?.into(), service },
        enabled: match enabled.trim().to_ascii_lowercase().as_str() {
            "true" | "1" => true,
            "false" | "0" => false,
            other => return Err(format!("attribute enabled is {other:?}")),
        },
        priority: u32::try_from(before + 1).unwrap_or(u32::MAX),
        factory: attribute("classFactory")?.into(),
        assembly: ServerPath::new(attribute("assemblyPath")?),
    }))
}

/// UTF-8 with or without its mark, or UTF-16 with one: what Windows programs write.
fn decode(content: &[u8]) -> Result<String, Failure> {
    let wide = |from: fn([u8; 2]) -> u16| {
        let units: Vec<u16> = content[2..].chunks(2).map(|c| from([c[0], *c.get(1).unwrap_or(&0)])).collect();
        String::from_utf16(&units).map_err(|e| e.to_string())
    };
    let text = match content {
        [0xff, 0xfe, ..] => wide(u16::from_le_bytes),
        [0xfe, 0xff, ..] => wide(u16::from_be_bytes),
        _ => {
            let content = content.strip_prefix(b"\xef\xbb\xbf").unwrap_or(content);
            String::from_utf8(content.to_vec()).map_err(|e| e.to_string())
        }
    };
    text.map_err(|e| unreadable(&e, (1, 1)))
}

/// Line and column, both from 1, of a byte offset.
fn place(text: &str, offset: u64) -> (usize, usize) {
    let before = usize::try_from(offset).ok().and_then(|end| text.get(..end)).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}

fn unreadable(why: &str, (line, column): (usize, usize)) -> Failure {
    Failure::new(Code::AgentsUnreadable, "the list of transport agents cannot be read")
        .expected("configuration/mexRuntime/agentList with agent elements")
        .found(format!("line {line}, column {column}: {why}"))
        .hint("compare the file with a copy of it; transport does not start with a damaged one")
        .ask()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLE: &str = r#"<?xml version="1.0" encoding="utf-8"?>
<configuration>
  <mexRuntime>
    <monitoring><agentExecution timeLimitInMilliseconds="90000" /></monitoring>
    <agentList>
      <!-- <agent name="not one" /> -->
      <agent name="Transport Rule Agent" baseType="Microsoft.Exchange.Data.Transport.Routing.RoutingAgent"
             classFactory="Rules.Factory" assemblyPath="C:\Exchange\TransportRoles\agents\Rule\r.dll" enabled="true" />
      <agent name="O&apos;Neil &amp; S&#246;hne" baseType="b" classFactory="f" assemblyPath="C:\a b\x.dll"
             enabled="False" later="unknown"><nested /></agent>
    </agentList>
    <settings />
  </mexRuntime>
</configuration>"#;

    #[test]
    fn order_is_priority_and_the_rest_is_passed_over() {
        let agents = parse(SAMPLE.as_bytes(), TransportService::Hub).unwrap();
        assert_eq!(agents.len(), 2);
        assert_eq!((agents[0].priority, agents[0].enabled), (1, true));
        assert_eq!((agents[1].priority, agents[1].enabled), (2, false));
        assert_eq!(&*agents[1].id.name, "O'Neil & Söhne");
        assert_eq!(agents[1].assembly.as_str(), r"C:\a b\x.dll");
    }

    #[test]
    fn the_encodings_of_windows_read_the_same() {
        let plain = parse(SAMPLE.as_bytes(), TransportService::Edge).unwrap();
        let marked = [b"\xef\xbb\xbf", SAMPLE.as_bytes()].concat();
        let wide: Vec<u8> =
            [0xfeff].into_iter().chain(SAMPLE.encode_utf16()).flat_map(u16::to_le_bytes).collect();
        assert_eq!(parse(&marked, TransportService::Edge).unwrap(), plain);
        assert_eq!(parse(&wide, TransportService::Edge).unwrap(), plain);
    }

    #[test]
    fn a_file_cut_anywhere_is_an_error_and_never_a_shorter_list() {
        let whole = SAMPLE.len();
        for end in 0..whole {
            let Some(part) = SAMPLE.get(..end) else { continue };
            let error = parse(part.as_bytes(), TransportService::Hub).unwrap_err();
            assert_eq!(error.code, Code::AgentsUnreadable, "cut at {end}");
        }
    }

    #[test]
    fn an_error_says_where() {
        let bad = SAMPLE.replace("enabled=\"true\"", "enabled=\"maybe\"");
        let error = parse(bad.as_bytes(), TransportService::Hub).unwrap_err();
        assert!(error.found.as_deref().unwrap().starts_with("line 7, column 7: "), "{error}");
        let none = "<configuration><mexRuntime/></configuration>";
        assert!(parse(none.as_bytes(), TransportService::Hub).is_err());
        let empty = "<configuration><mexRuntime><agentList/></mexRuntime></configuration>";
        assert_eq!(parse(empty.as_bytes(), TransportService::Hub).unwrap(), vec![]);
    }
}
