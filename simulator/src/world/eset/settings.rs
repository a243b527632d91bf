//! The product's settings, in the form in which they are exported.

use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, fmt::Write};

/// A setting.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Node {
    /// `string` or `number`.
    pub kind: String,
    /// Its value.
    pub value: String,
}

/// Settings by the names above them. Entries of lists have numbers for names.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SimSettings {
    /// Version of the product that has them.
    pub version: String,
    /// Each setting, by its path.
    #[serde(with = "pairs")]
    pub nodes: BTreeMap<Vec<String>, Node>,
}

const PRODUCT: &str = "SimMailSecurity";

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}

fn unescape(text: &str) -> String {
    text.replace("&quot;", "\"").replace("&lt;", "<").replace("&amp;", "&")
}

/// The value of an attribute in a line.
fn attribute(line: &str, name: &str) -> Option<String> {
    let rest = line.split_once(&format!(" {name}=\""))?.1;
    Some(unescape(rest.split_once('"')?.0))
}

impl SimSettings {
    /// None, of this version.
    #[must_use]
    pub fn of(version: &str) -> Self {
        Self { version: version.to_owned(), nodes: BTreeMap::new() }
    }

    /// With a setting; the path has `/` between its names, numbers are told by their look.
    #[must_use]
    pub fn and(mut self, path: &str, value: &str) -> Self {
        self.set(path, value);
        self
    }

    /// Sets a setting.
    pub fn set(&mut self, path: &str, value: &str) {
        let kind = if value.parse::<u64>().is_ok() { "number" } else { "string" };
        let path = path.split('/').map(str::to_owned).collect();
        self.nodes.insert(path, Node { kind: kind.to_owned(), value: value.to_owned() });
    }

    /// A setting's value.
    #[must_use]
    pub fn get(&self, path: &str) -> Option<&str> {
        let path: Vec<String> = path.split('/').map(str::to_owned).collect();
        self.nodes.get(&path).map(|node| node.value.as_str())
    }

    /// These, with those of `other` that `takes` picks put over them.
    #[must_use]
    pub fn with(&self, other: &Self, takes: impl Fn(&[String]) -> bool) -> Self {
        let mut all = self.clone();
        let taken = other.nodes.iter().filter(|(path, _)| takes(path));
        all.nodes.extend(taken.map(|(path, node)| (path.clone(), node.clone())));
        all
    }

    /// The exported file.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::from("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<ESET>\n");
        // Writing into a string does not fail.
        _ = writeln!(text, " <PRODUCT NAME=\"{PRODUCT}\" VERSION=\"{}\">", escape(&self.version));
        let mut open: Vec<&str> = Vec::new();
        for (path, node) in &self.nodes {
            let Some((name, sections)) = path.split_last() else { continue };
            let same = open.iter().zip(sections).take_while(|(one, other)| **one == other.as_str()).count();
            for _ in same..open.len() {
                open.pop();
                _ = writeln!(text, "  </ITEM>");
            }
            for section in sections.iter().skip(same) {
                _ = writeln!(text, "  <ITEM NAME=\"{}\">", escape(section));
                open.push(section);
            }
            _ = writeln!(
                text,
                "   <NODE NAME=\"{}\" TYPE=\"{}\" VALUE=\"{}\"/>",
                escape(name),
                node.kind,
                escape(&node.value)
            );
        }
        for _ in &open {
            text.push_str("  </ITEM>\n");
        }
        text.push_str(" </PRODUCT>\n</ESET>\n");
        text
    }

    /// Reads an exported file; `None` for anything else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut settings = None;
        let mut path = Vec::new();
        let mut ended = false;
        for line in text.lines().map(str::trim_start) {
            if line.starts_with("<PRODUCT ") {
                settings = Some(Self::of(&attribute(line, "VERSION")?));
            } else if line.starts_with("<ITEM ") {
                path.push(attribute(line, "NAME")?);
            } else if line.starts_with("</ITEM>") {
                path.pop()?;
            } else if line.starts_with("<NODE ") {
                path.push(attribute(line, "NAME")?);
                let node = Node { kind: attribute(line, "TYPE")?, value: attribute(line, "VALUE")? };
                settings.as_mut()?.nodes.insert(path.clone(), node);
                path.pop();
            } else if line.starts_with("</ESET>") {
                ended = true;
            }
        }
        settings.filter(|_| ended && path.is_empty())
    }
}

/// JSON wants text as keys.
mod pairs {
    use super::{BTreeMap, Node};
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<S: Serializer>(
        map: &BTreeMap<Vec<String>, Node>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        map.iter().collect::<Vec<_>>().serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<BTreeMap<Vec<String>, Node>, D::Error> {
        Ok(Vec::<(Vec<String>, Node)>::deserialize(deserializer)?.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let settings = SimSettings::of("6.5.1")
            .and("plugins/A/settings/x", "1")
            .and("plugins/A/settings/list/1", "a & \"b\" <c>")
            .and("plugins/B/y", "two");
        assert_eq!(SimSettings::parse(&settings.text()), Some(settings.clone()));
        assert_eq!(SimSettings::parse(&settings.text()[..150]), None);
        assert_eq!(SimSettings::parse("<Other/>"), None);
    }
}
