//! What the canary saw, as text.

use super::text::{clock, span, wrap};
use mailsec_core::{
    failure::Code,
    plan::Evidence,
    upgrade::{Blind, CanarySummary, Fate, Span},
};

/// What became of messages, in a word.
pub(super) fn word(fate: Fate, watched: bool) -> &'static str {
    if watched && fate == Fate::Delivered { "delivered" } else { fate.word() }
}

/// What is to be known of all of them.
pub(super) fn remarks(summary: &CanarySummary) -> Vec<String> {
    let mut remarks = vec![match summary.watched {
        true => format!("slowest seen in the mailbox: {}", span(summary.slowest_ms)),
        false => "no mailbox was watched: whether accepted mail arrived is not known".to_owned(),
    }];
    remarks.extend(summary.blind.as_ref().map(unseen));
    if summary.full {
        remarks.push("the record was full before the end; what came after was not watched".to_owned());
    }
    remarks
}

/// Both views, by their titles; those that saw nothing are left out.
pub(super) fn views(summary: &CanarySummary) -> Vec<(&'static str, &[Span])> {
    let views = [
        ("what senders saw", summary.senders.as_slice()),
        ("what became of the test file", &summary.scanning),
    ];
    views.into_iter().filter(|(_, spans)| !spans.is_empty()).collect()
}

/// In one line.
pub(crate) fn line(summary: &CanarySummary) -> String {
    let counts: Vec<String> = summary
        .fates
        .iter()
        .map(|(fate, count)| format!("{count} {}", word(*fate, summary.watched)))
        .collect();
    let counts = if counts.is_empty() { "nothing".to_owned() } else { counts.join(", ") };
    let alarm = match summary.alarms() {
        0 => String::new(),
        alarms => format!("; {alarms} ALARMS"),
    };
    format!("canary: {} sent: {counts}{alarm}", summary.sent())
}

/// Second by second, for the report.
pub(super) fn lines(summary: &CanarySummary) -> String {
    let mut text = format!("\nCanary   {}\n", line(summary).trim_start_matches("canary: "));
    for remark in remarks(summary) {
        text.push_str(&wrap("         ", "         ", &remark));
    }
    for (title, spans) in views(summary) {
        section(&mut text, title, spans, summary.watched);
    }
    text
}

/// What could not be seen, and so is no loss.
fn unseen(blind: &Blind) -> String {
    let to = blind.to.map_or_else(|| "the end".to_owned(), clock);
    let times = if blind.times == 1 { String::new() } else { format!(", {} times", blind.times) };
    format!("the mailbox could not be looked into from {} to {to}{times}: {}", clock(blind.from), blind.why)
}

/// A verdict with what shows it.
pub(crate) fn evidence(title: &str, why: &str, code: Option<Code>, evidence: &[Evidence]) -> String {
    let code = code.map(|code| format!(" [{code}]")).unwrap_or_default();
    let mut text = format!("{title}{code}\n");
    if !why.is_empty() {
        text.push_str(&wrap("  because ", "  ", why));
    }
    for fact in evidence {
        text.push_str(&wrap("  - ", "    ", &format!("{}: {}", fact.of, fact.seen)));
    }
    text
}

fn section(text: &mut String, title: &str, spans: &[Span], watched: bool) {
    text.push_str(&format!("  {title}\n"));
    for one in spans {
        let word = word(one.fate, watched);
        let alarm = if one.fate.is_alarm() { "  ALARM" } else { "" };
        text.push_str(&format!(
            "  {} - {}  {:>5}  {word}{alarm}\n",
            clock(one.from),
            clock(one.to),
            one.count
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mailsec_core::values::Timestamp;

    #[test]
    fn a_mailbox_that_could_not_be_looked_into_is_told_and_is_no_alarm() {
        let at = |secs: i64| Timestamp::from_millis(1_772_326_800_000 + secs * 1000);
        let told = |to, times| {
            let blind = Some(Blind { from: at(0), to, times, why: "no answer in time".to_owned() });
            lines(&CanarySummary { watched: true, blind, ..CanarySummary::default() })
        };
        let ended = told(Some(at(91)), 1);
        let flat = ended.split_whitespace().collect::<Vec<_>>().join(" ");
        let text = "the mailbox could not be looked into from 01:00:00 to 01:01:31: no answer in time";
        assert!(flat.contains(text) && !flat.contains("ALARM"), "{ended}");
        let lasting = told(None, 3);
        assert!(
            lasting.split_whitespace().collect::<Vec<_>>().join(" ").contains("to the end, 3 times: no"),
            "{lasting}"
        );
    }
}
