//! What is in an export: sections, lists, how much of each.

use super::{
    comparison::Field,
    content,
    header::Header,
    limits,
    path::{self, Path},
    reader::{Reader, Step},
    trouble,
};
use mailsec_core::Failure;
use serde::{Deserialize, Serialize};
use std::io::BufRead;

/// Sections this deep are named: the root, the product, what is in it, and what is in that, a plugin for example.
const NAMED: usize = 4;

/// A section or a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// Where.
    pub path: String,
    /// Settings in it; of a list: its entries.
    pub settings: u64,
    /// DELETE, APPEND, and attributes that no source states.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub marks: Vec<Field>,
}

/// What is in an export.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Overview {
    /// What it says of itself.
    pub header: Header,
    /// Settings and entries of lists in all.
    pub settings: u64,
    /// The upper sections.
    pub sections: Vec<Part>,
    /// Lists: what has entries that are numbered.
    pub lists: Vec<Part>,
    /// Paths of elements that are neither ESET, PRODUCT, ITEM nor NODE.
    pub unknown: Vec<String>,
    /// How many of these three were left out.
    pub not_named: u64,
}

/// Reads what is in an export, whole.
///
/// # Errors
/// As [`header`](super::header).
pub fn overview(export: impl BufRead) -> Result<Overview, Failure> {
    let mut look = Look {
        reader: Reader::new(export),
        path: Path::default(),
        header: None,
        sections: Vec::new(),
        lists: Vec::new(),
        unknown: Vec::new(),
        not_named: 0,
    };
    look.reader.step()?;
    let settings = look.element()?;
    let signature = look.reader.finish()?;
    let header = look.header.ok_or_else(trouble::without_product)?;
    Ok(Overview {
        header: Header { signature, ..header },
        settings,
        sections: look.sections,
        lists: look.lists,
        unknown: look.unknown,
        not_named: look.not_named,
    })
}

struct Look<R> {
    reader: Reader<R>,
    path: Path,
    header: Option<Header>,
    sections: Vec<Part>,
    lists: Vec<Part>,
    unknown: Vec<String>,
    not_named: u64,
}

impl<R: BufRead> Look<R> {
    /// The element that was just opened, to its end; how many settings it has.
    fn element(&mut self) -> Result<u64, Failure> {
        let element = self.reader.element();
        if element.tag() == "PRODUCT" && self.reader.depth() == 2 {
            self.header = Some(Header::of(&self.reader)?);
        }
        self.path.push(element);
        let section = element.tag() == "ITEM" && !element.is_entry() && self.path.depth() <= NAMED;
        let known = element.is_known();
        let mut settings = u64::from(element.get("VALUE").is_some());
        let marks = self.marks();
        // Its place among the sections, before those that are in it.
        let at = self.sections.len();
        let named = section && self.room(at);
        if named {
            self.sections.push(Part { path: self.path.text().to_owned(), settings: 0, marks: marks.clone() });
        }
        if !known && self.room(self.unknown.len()) {
            self.unknown.push(self.path.text().to_owned());
        }
        let (mut children, mut entries) = (0u64, 0u64);
        while self.reader.step()? == Step::Open {
            children += 1;
            if self.reader.element().is_entry() {
                entries += 1;
                settings += 1;
                self.reader.skip()?;
            } else {
                settings += self.element()?;
            }
        }
        if children == 0 {
            settings = 1;
        }
        if entries > 0 && self.room(self.lists.len()) {
            self.lists.push(Part { path: self.path.text().to_owned(), settings: entries, marks });
        }
        if named && let Some(section) = self.sections.get_mut(at) {
            section.settings = settings;
        }
        self.path.pop();
        Ok(settings)
    }

    fn marks(&self) -> Vec<Field> {
        let mark = |(key, text): (&str, &str)| Field {
            path: path::escape(key),
            value: content::of_mark(key, text, &self.path).value.unwrap_or_default(),
        };
        self.reader.element().marks().map(mark).collect()
    }

    fn room(&mut self, named: usize) -> bool {
        let room = named < limits::OVERVIEW;
        self.not_named += u64::from(!room);
        room
    }
}
