//! A gate's checklist, open and answered.

use super::text::wrap;
use mailsec_core::{
    plan::{ChecklistItem, ItemAnswer},
    upgrade::{Report, ReportGate, ReportItem},
};

/// What is to be gone through; nothing when there is no checklist.
pub(super) fn open(items: &[ChecklistItem]) -> String {
    if items.is_empty() {
        return String::new();
    }
    let mut text = "\n  To go through, each answered done or given-up:\n".to_owned();
    for item in items {
        text.push_str(&wrap(&format!("    [{}] ", item.id), "        ", &item.text));
    }
    text
}

/// What was said of an item.
pub(super) fn said(item: &ReportItem) -> String {
    item.answer.as_ref().map_or_else(|| "open".to_owned(), ToString::to_string)
}

/// Each item with what was said of it.
pub(super) fn answered(gate: &ReportGate) -> String {
    let lines = gate.items.iter().map(|line| {
        let answer = said(line);
        wrap(
            &format!("            [{}] ", line.item.id),
            "                ",
            &format!("{}: {answer}", line.item.text),
        )
    });
    lines.collect()
}

/// The checklists that were answered: the gates that have one.
pub(crate) fn checklists(report: &Report) -> Vec<&ReportGate> {
    report.gates.iter().filter(|gate| !gate.items.is_empty() && gate.answer.is_some()).collect()
}

/// One line for each of them.
pub(super) fn summary(report: &Report) -> String {
    let line = |gate: &&ReportGate| {
        let of = |wanted: fn(&ItemAnswer) -> bool| {
            gate.items.iter().filter(|line| line.answer.as_ref().is_some_and(wanted)).count()
        };
        let (done, given_up) = (
            of(|answer| matches!(answer, ItemAnswer::Done)),
            of(|answer| matches!(answer, ItemAnswer::GivenUp { .. })),
        );
        let by = gate.answer.as_ref().map(|answer| answer.by.as_str()).unwrap_or_default();
        wrap(
            "Answered ",
            "         ",
            &format!("{}: {done} items done, {given_up} given up, by {by}", gate.title),
        )
    };
    checklists(report).iter().map(line).collect()
}
