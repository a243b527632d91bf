//! Rules, as far as the file tells: each with its fields by their own names.

use super::{
    comparison::Field,
    content::{self, Fields},
    header::Header,
    limits,
    path::{MASK, Path},
    reader::{Reader, Step},
    trouble,
};
use mailsec_core::Failure;
use serde::{Deserialize, Serialize};
use std::io::BufRead;

/// A rule: an entry of a list that is called `rules`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    /// Where the list is.
    pub path: String,
    /// Its number in the list.
    pub number: String,
    /// Its field `name`, when it has one that may be shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its field `enabled`, when that is a yes or a no.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// All its fields, these two included, in the order of the file.
    pub fields: Vec<Field>,
}

/// All rules of an export. The whole file is read.
///
/// # Errors
/// As [`header`](super::header); `settings-too-large` also where there are more rules than are kept, because an
/// inventory that leaves some out would be taken for whole.
pub fn rules(export: impl BufRead) -> Result<Vec<Rule>, Failure> {
    let mut inventory = Inventory {
        reader: Reader::new(export),
        path: Path::default(),
        rules: Vec::new(),
        header: None,
        bytes: 0,
    };
    inventory.reader.step()?;
    inventory.element()?;
    inventory.reader.finish()?;
    // An inventory of something else would be empty, and empty would be taken for an answer.
    if inventory.header.is_none() {
        return Err(trouble::without_product());
    }
    Ok(inventory.rules)
}

struct Inventory<R> {
    reader: Reader<R>,
    path: Path,
    rules: Vec<Rule>,
    bytes: usize,
    header: Option<Header>,
}

impl<R: BufRead> Inventory<R> {
    /// The element that was just opened, to its end.
    fn element(&mut self) -> Result<(), Failure> {
        let element = self.reader.element();
        if element.tag() == "PRODUCT" && self.reader.depth() == 2 {
            self.header = Some(Header::of(&self.reader)?);
        }
        let list = element.name().is_some_and(|name| name.eq_ignore_ascii_case("rules"));
        self.path.push(element);
        while self.reader.step()? == Step::Open {
            if list && self.reader.element().is_entry() { self.rule()? } else { self.element()? }
        }
        self.path.pop();
        Ok(())
    }

    fn rule(&mut self) -> Result<(), Failure> {
        let place = self.reader.place();
        let number = self.reader.element().name().unwrap_or_default().to_owned();
        let path = self.path.text().to_owned();
        self.path.push(self.reader.element());
        let own = content::of_value(self.reader.element(), &self.path).value;
        let mut fields = Fields::new(limits::RULE_FIELDS);
        fields.inside(&mut self.reader, &mut self.path, "")?;
        self.path.pop();
        let mut all = Vec::with_capacity(fields.kept.len() + 1);
        all.extend(own.map(|value| Field { path: "@VALUE".to_owned(), value }));
        all.append(&mut fields.kept);
        self.bytes += all.iter().map(|field| field.path.len() + field.value.len()).sum::<usize>();
        for (what, most, is) in [
            ("a rule", limits::RULE_FIELDS, all.len() + usize::try_from(fields.more).unwrap_or(usize::MAX)),
            ("a list of rules", limits::RULES, self.rules.len() + 1),
            ("a text of rules", limits::RULES_BYTES, self.bytes),
        ] {
            if is > most {
                return Err(trouble::too_large(place, what, most, is));
            }
        }
        let get = |name: &str| {
            let field = all.iter().find(|field| field.path.eq_ignore_ascii_case(name))?;
            (field.value != MASK).then(|| field.value.clone())
        };
        let enabled = get("enabled").and_then(|value| match value.to_ascii_lowercase().as_str() {
            "1" | "true" => Some(true),
            "0" | "false" => Some(false),
            _ => None,
        });
        self.rules.push(Rule { path, number, name: get("name"), enabled, fields: all });
        Ok(())
    }
}
