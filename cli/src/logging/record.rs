//! One record: what it says and its fields, as a line for people and as one for programs.

use mailsec_core::values::Timestamp;
use serde_json::Value;
use std::fmt;
use tracing::{
    Level,
    field::{Field, Visit},
};

/// Fields in the order in which they came; a later one of the same name takes the place of the former.
#[derive(Clone, Debug, Default)]
pub(super) struct Fields(Vec<(&'static str, Value)>);

impl Fields {
    fn set(&mut self, name: &'static str, value: Value) {
        match self.0.iter_mut().find(|(known, _)| *known == name) {
            Some((_, old)) => *old = value,
            None => self.0.push((name, value)),
        }
    }

    /// Those of an inner span, or of the record itself, over these.
    pub(super) fn over(&mut self, inner: Self) {
        for (name, value) in inner.0 {
            self.set(name, value);
        }
    }

    fn take(&mut self, name: &str) -> Option<Value> {
        let at = self.0.iter().position(|(known, _)| *known == name)?;
        Some(self.0.remove(at).1)
    }
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.set(field.name(), format!("{value:?}").into());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.set(field.name(), value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.set(field.name(), value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.set(field.name(), value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.set(field.name(), value.into());
    }
}

/// A record of the log.
#[derive(Clone, Debug)]
pub(super) struct Record {
    at: Timestamp,
    level: Level,
    target: String,
    message: String,
    fields: Fields,
}

impl Record {
    pub(super) fn new(at: Timestamp, level: Level, target: &str, mut fields: Fields) -> Self {
        let message = fields.take("message").map(|value| text(&value)).unwrap_or_default();
        Self { at, level, target: target.to_owned(), message, fields }
    }

    /// `TIME LEVEL STEP: MESSAGE  FIELD=VALUE ...`, ended by a line feed.
    pub(super) fn human(&self) -> String {
        let mut fields = self.fields.clone();
        let of = fields.take("step").map(|step| format!("{}: ", text(&step))).unwrap_or_default();
        let mut line = format!("{} {:>5} {of}{}", self.at, self.level, self.message);
        let mut between = "  ";
        for (name, value) in &fields.0 {
            let value = text(value);
            let bare = !value.is_empty() && !value.contains([' ', '"', '=']);
            let shown = if bare { value } else { Value::from(value).to_string() };
            line.push_str(&format!("{between}{name}={shown}"));
            between = " ";
        }
        one_line(&line)
    }

    /// A JSON object, ended by a line feed.
    pub(super) fn json(&self) -> String {
        let own = [
            ("time", self.at.to_string()),
            ("level", self.level.as_str().to_ascii_lowercase()),
            ("message", self.message.clone()),
            ("target", self.target.clone()),
        ];
        // In this order, which a person can read as well; a name stands once.
        let mut line = String::new();
        for (name, value) in own {
            line.push_str(&format!(",{}:{}", Value::from(name), Value::from(value)));
        }
        for (name, value) in &self.fields.0 {
            if !["time", "level", "target"].contains(name) {
                line.push_str(&format!(",{}:{value}", Value::from(*name)));
            }
        }
        one_line(&format!("{{{}}}", line.trim_start_matches(',')))
    }
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Names on the server, and texts of other programs, begin no line of their own, move no cursor, and turn no text
/// around. Written as JSON has it, where such characters stand in strings alone.
fn one_line(text: &str) -> String {
    let unfit = |c: char| {
        c.is_control()
            || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}')
    };
    let mut line = String::with_capacity(text.len() + 1);
    for c in text.chars() {
        match c {
            '\n' => line.push_str("\\n"),
            '\t' => line.push_str("\\t"),
            c if unfit(c) => line.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => line.push(c),
        }
    }
    line.push('\n');
    line
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test")]

    use super::*;

    #[test]
    fn no_value_begins_a_line_or_moves_a_terminal_and_json_gives_it_back() {
        let name = "a\n2026-01-01T00:00:00.000Z  INFO forged\r\u{1b}[2J\u{9b}1m\u{7f}\u{202e}\u{2028}b";
        let mut fields = Fields::default();
        for (field, value) in [("message", name), ("step", name), ("plain", "x"), ("spaced", "x \"y\"")] {
            fields.set(field, value.into());
        }
        let record = Record::new(Timestamp::from_millis(0), Level::WARN, "t", fields);
        for line in [record.human(), record.json()] {
            assert_eq!(line.chars().filter(|c| c.is_control()).collect::<String>(), "\n", "{line:?}");
            assert!(line.ends_with('\n') && !line.contains(['\u{202e}', '\u{2028}']), "{line:?}");
        }
        assert!(record.human().starts_with("1970-01-01T00:00:00.000Z  WARN a\\n2026"), "{}", record.human());
        assert!(record.human().ends_with("  plain=x spaced=\"x \\\"y\\\"\"\n"), "{}", record.human());
        let json: Value = serde_json::from_str(&record.json()).unwrap();
        assert_eq!((json["message"].as_str(), json["step"].as_str()), (Some(name), Some(name)));
        assert_eq!(json["level"], "warn");
    }
}
