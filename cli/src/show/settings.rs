//! Exports and their comparison, for a terminal.

use super::text::fold;
use mailsec_eset::settings::{
    Comparison, Content, Difference, Header, Overview, Part, Rule, Signature, printable,
};

/// New settings that are shown; a newer version has hundreds, and none of them is a loss.
const NEW_SHOWN: usize = 20;

/// Which product wrote an export, in words.
pub(super) fn header(header: &Header) -> String {
    let signature = match header.signature {
        Signature::None => "not signed",
        Signature::V2 => "signature of version 2",
        Signature::OtherForm => "signature of another form",
    };
    format!("{} {}, {signature}", printable(&header.product), header.version)
}

/// One sentence on what came of it.
pub(crate) fn verdict(comparison: &Comparison) -> String {
    let counts = &comparison.counts;
    match (counts.alarms, counts.lost, counts.changed) {
        (0, 0, 0) => "Everything was preserved.".to_owned(),
        (0, 0, _) => "Nothing was lost.".to_owned(),
        (0, ..) => "Nothing was lost that should have been preserved.".to_owned(),
        (1, ..) => "1 setting was lost that should have been preserved.".to_owned(),
        (alarms, ..) => format!("{alarms} settings were lost that should have been preserved."),
    }
}

pub(crate) fn export(overview: &Overview, rules: &[Rule]) -> String {
    let mut text = fold("Export     ", "           ", &header(&overview.header));
    text.push_str(&format!("Settings   {}\n", overview.settings));
    parts(&mut text, "Sections", "settings", &overview.sections);
    parts(&mut text, "Lists", "entries", &overview.lists);
    if !overview.unknown.is_empty() {
        text.push_str("\nOf a form that no source describes\n");
        for path in &overview.unknown {
            text.push_str(&fold("  ", "    ", path));
        }
    }
    if overview.not_named > 0 {
        text.push_str(&format!("\n{} more are not named.\n", overview.not_named));
    }
    if !rules.is_empty() {
        text.push_str("\nRules\n");
    }
    for rule in rules {
        let enabled = match rule.enabled {
            Some(true) => ", enabled",
            Some(false) => ", not enabled",
            None => "",
        };
        let name = rule.name.as_deref().map_or_else(|| "without a name".to_owned(), printable);
        text.push_str(&fold("  ", "      ", &format!("{name}{enabled}")));
        text.push_str(&fold("      ", "      ", &format!("{} [{}]", rule.path, rule.number)));
        for field in &rule.fields {
            let line = format!("{} = {}", printable(&field.path), printable(&field.value));
            text.push_str(&fold("      ", "        ", &line));
        }
    }
    text
}

fn parts(text: &mut String, title: &str, unit: &str, parts: &[Part]) {
    if parts.is_empty() {
        return;
    }
    text.push_str(&format!("\n{title} ({unit})\n"));
    for part in parts {
        let marks: String = part
            .marks
            .iter()
            .map(|mark| format!(" {}={}", printable(&mark.path), printable(&mark.value)))
            .collect();
        text.push_str(&fold(
            &format!("{:>9}  ", part.settings),
            "           ",
            &format!("{}{marks}", part.path),
        ));
    }
}

pub(crate) fn comparison(comparison: &Comparison) -> String {
    let counts = &comparison.counts;
    let mut text = fold("Before     ", "           ", &header(&comparison.before));
    text.push_str(&fold("After      ", "           ", &header(&comparison.after)));
    text.push('\n');
    for (word, count, remark) in [
        ("Preserved", counts.preserved, String::new()),
        ("Changed", counts.changed, String::new()),
        ("New", counts.newly_defaulted, String::new()),
        ("Lost", counts.lost, format!(", {} of them alarms", counts.alarms)),
    ] {
        let remark = if counts.lost == 0 { "" } else { &remark };
        text.push_str(&format!("{word:<11}{count}{remark}\n"));
    }
    differences(&mut text, "Lost", &comparison.lost, usize::MAX);
    differences(&mut text, "Changed", &comparison.changed, usize::MAX);
    differences(&mut text, "New", &comparison.newly_defaulted, NEW_SHOWN);
    if !comparison.reordered.is_empty() {
        text.push_str("\nThe same entries in another order\n");
        for path in &comparison.reordered {
            text.push_str(&fold("  ", "    ", path));
        }
    }
    if counts.not_kept > 0 {
        text.push_str(&format!("\n{} more differences were counted and not kept.\n", counts.not_kept));
    }
    text.push_str(&format!("\n{}\n", verdict(comparison)));
    text
}

fn differences(text: &mut String, title: &str, list: &[Difference], most: usize) {
    if list.is_empty() {
        return;
    }
    text.push_str(&format!("\n{title}\n"));
    for difference in list.iter().take(most) {
        text.push_str(&fold("  ", "    ", &place(difference)));
        let mut id = format!("    id {}", difference.id);
        if !difference.alarm && difference.after.is_none() {
            id.push_str(", declared as not migrated");
        }
        text.push_str(&id);
        text.push('\n');
        for (sign, content) in [("-", &difference.before), ("+", &difference.after)] {
            for line in content.iter().flat_map(lines) {
                text.push_str(&fold(&format!("    {sign} "), "      ", &line));
            }
        }
    }
    if list.len() > most {
        text.push_str(&format!("  and {} more; `--format html` and `json` have them\n", list.len() - most));
    }
}

/// Where a difference is, in words.
pub(super) fn place(difference: &Difference) -> String {
    match (&difference.entry, difference.settings) {
        (Some(entry), _) => format!("{} [{entry}]", difference.path),
        (None, 1) => difference.path.clone(),
        (None, many) => format!("{}, a section with {many} settings", difference.path),
    }
}

/// Content, line by line: its value, then what is inside.
pub(super) fn lines(content: &Content) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    if let Some(value) = &content.value {
        let kind = content.kind.as_deref().map_or_else(String::new, |kind| format!(" ({})", printable(kind)));
        lines.push(format!("{}{kind}", quoted(value)));
    }
    for field in &content.fields {
        lines.push(format!("{} = {}", printable(&field.path), quoted(&field.value)));
    }
    if content.more > 0 {
        lines.push(format!("and {} more", content.more));
    }
    if lines.is_empty() {
        lines.push("without a value".to_owned());
    }
    lines
}

/// An empty value would be invisible.
fn quoted(value: &str) -> String {
    if value.is_empty() { "\"\"".to_owned() } else { printable(value) }
}
