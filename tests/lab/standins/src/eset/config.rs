//! The exported form of the settings: elements ESET, PRODUCT, ITEM and NODE.

use super::{Rule, Settings};
use quick_xml::{
    Reader,
    escape::escape,
    events::{BytesStart, Event},
};
use std::fmt::Write as _;

/// What a file holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Export {
    /// The version that wrote it.
    pub version: String,
    /// The settings.
    pub settings: Settings,
}

/// Why a file cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("not an export: {0}")]
pub struct Malformed(String);

/// The text of an export.
pub fn render(version: &str, settings: &Settings) -> String {
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"utf-8\"?>\r\n<ESET>\r\n");
    let line = |text: &mut String, depth: usize, what: std::fmt::Arguments<'_>| {
        let _infallible = write!(text, "{:width$}{what}\r\n", "", width = depth * 2);
    };
    line(&mut text, 1, format_args!("<PRODUCT NAME=\"LabMailSecurity\" VERSION=\"{}\">", escape(version)));
    line(&mut text, 2, format_args!("<ITEM NAME=\"plugins\">"));
    line(&mut text, 3, format_args!("<ITEM NAME=\"LabMail\">"));
    line(&mut text, 4, format_args!("<ITEM NAME=\"settings\">"));
    for (name, value) in &settings.values {
        line(
            &mut text,
            5,
            format_args!("<NODE NAME=\"{name}\" TYPE=\"number\" VALUE=\"{}\"/>", escape(value)),
        );
    }
    for (name, entries) in &settings.lists {
        line(&mut text, 5, format_args!("<ITEM NAME=\"{name}\" DELETE=\"1\">"));
        for (number, entry) in (1..).zip(entries) {
            line(
                &mut text,
                6,
                format_args!("<NODE NAME=\"{number}\" TYPE=\"string\" VALUE=\"{}\"/>", escape(entry)),
            );
        }
        line(&mut text, 5, format_args!("</ITEM>"));
    }
    line(&mut text, 5, format_args!("<ITEM NAME=\"rules\" DELETE=\"1\">"));
    for (number, rule) in (1..).zip(&settings.rules) {
        line(&mut text, 6, format_args!("<ITEM NAME=\"{number}\">"));
        for (name, value) in [("name", &rule.name), ("condition", &rule.condition), ("action", &rule.action)]
        {
            line(
                &mut text,
                7,
                format_args!("<NODE NAME=\"{name}\" TYPE=\"string\" VALUE=\"{}\"/>", escape(value)),
            );
        }
        line(&mut text, 6, format_args!("</ITEM>"));
    }
    line(&mut text, 5, format_args!("</ITEM>"));
    for depth in [4, 3, 2] {
        line(&mut text, depth, format_args!("</ITEM>"));
    }
    line(&mut text, 1, format_args!("</PRODUCT>"));
    text.push_str("</ESET>\r\n");
    text
}

/// Reads an export; a signature after it does no harm.
pub fn parse(text: &str) -> Result<Export, Malformed> {
    let malformed = |what: &dyn std::fmt::Display| Malformed(what.to_string());
    let mut reader = Reader::from_str(text.trim_start_matches('\u{feff}'));
    let mut export = Export { version: String::new(), settings: Settings::default() };
    let mut path: Vec<String> = Vec::new();
    let mut whole = false;
    loop {
        match reader.read_event().map_err(|e| malformed(&e))? {
            Event::Start(tag) => {
                let name = step(&tag, &mut export)?;
                path.push(name);
                below(&path, &mut export.settings);
            }
            Event::Empty(tag) => {
                let name = step(&tag, &mut export)?;
                path.push(name);
                below(&path, &mut export.settings);
                if tag.name().as_ref() == "NODE" {
                    node(&path, attribute(&tag, "VALUE")?, &mut export.settings);
                }
                path.pop();
            }
            Event::End(_) => {
                path.pop();
                whole |= path.is_empty();
            }
            Event::Eof => break,
            _ => {}
        }
    }
    if whole && !export.version.is_empty() { Ok(export) } else { Err(malformed(&"it is not whole")) }
}

fn step(tag: &BytesStart<'_>, export: &mut Export) -> Result<String, Malformed> {
    match tag.name().as_ref() {
        "ESET" => Ok("ESET".to_owned()),
        "PRODUCT" => {
            export.version = attribute(tag, "VERSION")?;
            Ok("PRODUCT".to_owned())
        }
        "ITEM" | "NODE" => attribute(tag, "NAME"),
        other => Err(Malformed(format!("an element {other}"))),
    }
}

/// An element that was just entered: a list that is there is there even when it is empty.
fn below(path: &[String], settings: &mut Settings) {
    match words(path).as_slice() {
        ["rules", _] => {
            settings.rules.push(Rule { name: String::new(), condition: String::new(), action: String::new() })
        }
        [list] if list.ends_with("Lab") && super::LISTS.contains(list) => {
            settings.lists.entry((*list).to_owned()).or_default();
        }
        _ => {}
    }
}

fn node(path: &[String], value: String, settings: &mut Settings) {
    match words(path).as_slice() {
        ["rules", _, field] => {
            let Some(rule) = settings.rules.last_mut() else { return };
            match *field {
                "name" => rule.name = value,
                "condition" => rule.condition = value,
                "action" => rule.action = value,
                _ => {}
            }
        }
        [list, _] => settings.lists.entry((*list).to_owned()).or_default().push(value),
        [name] => {
            settings.values.insert((*name).to_owned(), value);
        }
        _ => {}
    }
}

/// The path below the settings of the mail plug-in.
fn words(path: &[String]) -> Vec<&str> {
    const ABOVE: [&str; 5] = ["ESET", "PRODUCT", "plugins", "LabMail", "settings"];
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    path.strip_prefix(&ABOVE).map(<[&str]>::to_vec).unwrap_or_default()
}

fn attribute(tag: &BytesStart<'_>, name: &str) -> Result<String, Malformed> {
    tag.try_get_attribute(name)
        .ok()
        .flatten()
        .and_then(|a| a.normalized_value(quick_xml::XmlVersion::Implicit1_0).ok().map(|v| v.into_owned()))
        .ok_or_else(|| Malformed(format!("an element has no {name}")))
}

#[cfg(test)]
mod tests {
    use super::{super::years_of_use, *};

    #[test]
    fn what_is_exported_is_read_back() {
        let settings = years_of_use(11);
        let text = render("11.1.10010.0", &settings);
        let export = parse(&text).unwrap();
        assert_eq!(export, Export { version: "11.1.10010.0".to_owned(), settings });
        assert!(parse(&text[..text.len() - 12]).is_err(), "cut");
        assert!(parse("<other/>").is_err());
        assert!(parse("").is_err());
    }
}
