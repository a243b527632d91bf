//! What the canary saw, as text.

use super::text::{clock, span, wrap};
use mailsec_core::{
    failure::Code,
    plan::Evidence,
    upgrade::{CanarySummary, Fate, Span},
};

/// In one line.
pub(crate) fn line(summary: &CanarySummary) -> String {
    let counts: Vec<String> = summary
        .fates
        .iter()
        .map(|(fate, count)| {
            let word = match fate {
                Fate::Delivered if summary.watched => "delivered",
                other => other.word(),
            };
            format!("{count} {word}")
        })
        .collect();
    let counts = if counts.is_empty() { "nothing".to_owned() } else { counts.join(", ") };
    let alarm = match summary.alarms() {
        0 => String::new(),
        alarms => format!("; {alarms} ALARMS"),
    };
    format!("canary: {} sent: {counts}{alarm}", summary.sent())
}

/// Second by second, for the report.
pub(crate) fn lines(summary: &CanarySummary) -> String {
    let mut text = format!("\nCanary   {}\n", line(summary).trim_start_matches("canary: "));
    if summary.watched {
        text.push_str(&format!("         slowest seen in the mailbox: {}\n", span(summary.slowest_ms)));
    } else {
        text.push_str("         no mailbox was watched: whether accepted mail arrived is not known\n");
    }
    if summary.full {
        text.push_str("         the record was full before the end; what came after was not watched\n");
    }
    section(&mut text, "what senders saw", &summary.senders, summary.watched);
    section(&mut text, "what became of the test file", &summary.scanning, summary.watched);
    text
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
    if spans.is_empty() {
        return;
    }
    text.push_str(&format!("  {title}\n"));
    for one in spans {
        let word = if watched && one.fate == Fate::Delivered { "delivered" } else { one.fate.word() };
        let alarm = if one.fate.is_alarm() { "  ALARM" } else { "" };
        text.push_str(&format!(
            "  {} - {}  {:>5}  {word}{alarm}\n",
            clock(one.from),
            clock(one.to),
            one.count
        ));
    }
}
