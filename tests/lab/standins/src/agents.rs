//! `agents.config` and `fetagents.config`: which transport agents are registered, in which order.

use quick_xml::Reader;
use quick_xml::escape::escape;
use quick_xml::events::{BytesStart, Event};
use serde::{Deserialize, Serialize};
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// One registered transport agent. Its place in the list is its priority, counted from 1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agent {
    /// Its identity, at most 64 characters.
    pub name: String,
    /// The kind of agent, a class of Exchange's.
    pub base_type: String,
    /// The class that makes it.
    pub class_factory: String,
    /// The file that holds that class.
    pub assembly_path: String,
    /// Whether transport is to load it.
    pub enabled: bool,
}

/// Why a list of agents could not be read.
#[derive(Debug, thiserror::Error)]
pub enum AgentsError {
    /// The file could not be read or written.
    #[error("{path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file is not what Exchange writes.
    #[error("not a list of transport agents: {0}")]
    Malformed(String),
}

/// Reads the agents of a file.
pub fn read(path: &Path) -> Result<Vec<Agent>, AgentsError> {
    let text =
        fs::read_to_string(path).map_err(|source| AgentsError::File { path: path.to_owned(), source })?;
    parse(&text)
}

/// Reads the agents of a text.
pub fn parse(text: &str) -> Result<Vec<Agent>, AgentsError> {
    let malformed = |what: &dyn std::fmt::Display| AgentsError::Malformed(what.to_string());
    let mut reader = Reader::from_str(text.trim_start_matches('\u{feff}'));
    let mut agents = Vec::new();
    let mut in_list = false;
    let (mut lists, mut whole) = (0, false);
    loop {
        match reader.read_event().map_err(|e| malformed(&e))? {
            Event::Start(start) if start.name().as_ref() == "agentList" => {
                in_list = true;
                lists += 1;
            }
            Event::Empty(empty) if empty.name().as_ref() == "agentList" => lists += 1,
            Event::End(end) if end.name().as_ref() == "agentList" => in_list = false,
            Event::End(end) if end.name().as_ref() == "configuration" => whole = true,
            Event::Start(tag) | Event::Empty(tag) if in_list && tag.name().as_ref() == "agent" => {
                agents.push(agent(&tag)?);
            }
            Event::Eof => break,
            _ => {}
        }
    }
    if lists == 1 && whole { Ok(agents) } else { Err(malformed(&"not one whole agentList")) }
}

fn agent(tag: &BytesStart<'_>) -> Result<Agent, AgentsError> {
    let attribute = |name: &str| -> Result<String, AgentsError> {
        tag.try_get_attribute(name)
            .ok()
            .flatten()
            .and_then(|a| a.normalized_value(quick_xml::XmlVersion::Implicit1_0).ok().map(|v| v.into_owned()))
            .ok_or_else(|| AgentsError::Malformed(format!("an agent has no {name}")))
    };
    Ok(Agent {
        name: attribute("name")?,
        base_type: attribute("baseType")?,
        class_factory: attribute("classFactory")?,
        assembly_path: attribute("assemblyPath")?,
        enabled: attribute("enabled")?.eq_ignore_ascii_case("true"),
    })
}

/// The text of a file with these agents.
pub fn render(agents: &[Agent]) -> String {
    let mut text = String::from(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\r\n<configuration>\r\n  <mexRuntime>\r\n    <monitoring>\r\n      \
         <agentExecution timeLimitInMilliseconds=\"90000\" />\r\n      <messageSnapshot enabled=\"true\" />\r\n    \
         </monitoring>\r\n    <agentList>\r\n",
    );
    for agent in agents {
        let _infallible = write!(
            text,
            "      <agent name=\"{}\" baseType=\"{}\" classFactory=\"{}\" assemblyPath=\"{}\" enabled=\"{}\" />\r\n",
            escape(&agent.name),
            escape(&agent.base_type),
            escape(&agent.class_factory),
            escape(&agent.assembly_path),
            agent.enabled,
        );
    }
    text.push_str("    </agentList>\r\n    <settings />\r\n  </mexRuntime>\r\n</configuration>\r\n");
    text
}

/// Replaces a file with these agents in one step: whoever reads it sees the old list or the new one, never half.
pub fn write(path: &Path, agents: &[Agent]) -> Result<(), AgentsError> {
    let error = |source| AgentsError::File { path: path.to_owned(), source };
    let next = path.with_extension("config.next");
    let mut file = File::create(&next).map_err(error)?;
    file.write_all(render(agents).as_bytes()).and_then(|()| file.sync_all()).map_err(error)?;
    drop(file);
    fs::rename(&next, path).map_err(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back_in_order() {
        let one = Agent {
            name: "R&D \"first\" <agent>".to_owned(),
            base_type: "Lab.Routing".to_owned(),
            class_factory: "Lab.Factory".to_owned(),
            assembly_path: r"C:\Program Files\Lab\a.dll".to_owned(),
            enabled: true,
        };
        let two = Agent { name: "second".to_owned(), enabled: false, ..one.clone() };
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("agents.config");
        write(&file, &[one.clone(), two.clone()]).unwrap();
        assert_eq!(read(&file).unwrap(), [one, two]);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing temporary is left");
    }

    #[test]
    fn half_a_file_is_an_error_and_not_an_empty_list() {
        let whole = render(&[]);
        assert_eq!(parse(&whole).unwrap(), []);
        for (end, _) in whole.match_indices('\n').filter(|(end, _)| end + 1 < whole.len()) {
            assert!(parse(&whole[..end]).is_err(), "{end}");
        }
        assert!(parse("").is_err());
        assert!(parse("<configuration><mexRuntime><agentList><agent name=\"x\"/></agentList>").is_err());
    }
}
