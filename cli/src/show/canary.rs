//! What the canary saw, as text.

use super::text::{clock, span, wrap};
use mailsec_core::{
    failure::Code,
    plan::Evidence,
    upgrade::{CanarySummary, Fate, Span},
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
