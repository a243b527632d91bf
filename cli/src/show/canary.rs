//! What the canary saw, as text.

use super::text::{clock, span, wrap};
use mailsec_core::{
    failure::Code,
    plan::Evidence,
    upgrade::{Blind, CanarySummary, Fate, Span},
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
    if let Some(blind) = &summary.blind {
        text.push_str(&unseen(blind));
    }
    if summary.full {
        text.push_str("         the record was full before the end; what came after was not watched\n");
    }
    section(&mut text, "what senders saw", &summary.senders, summary.watched);
    section(&mut text, "what became of the test file", &summary.scanning, summary.watched);
    text
}

/// What could not be seen, and so is no loss.
fn unseen(blind: &Blind) -> String {
    let to = blind.to.map_or_else(|| "the end".to_owned(), clock);
    let times = if blind.times == 1 { String::new() } else { format!(", {} times", blind.times) };
    let text = format!(
        "the mailbox could not be looked into from {} to {to}{times}: {}",
        clock(blind.from),
        blind.why
    );
    wrap("         ", "         ", &text)
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
