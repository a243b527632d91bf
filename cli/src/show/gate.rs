//! A gate, in full sentences.

use super::{checklist, text::wrap};
use mailsec_core::upgrade::{Gate, State};
use std::borrow::Cow;

/// How the command begins that is about this upgrade, wherever it is given.
pub(crate) fn program(state: &State) -> Cow<'static, str> {
    match &state.plan {
        Some(plan) if plan.drives_nodes() => "mailsec cluster".into(),
        // A management server is no place that a command would find by itself.
        // Its name begins with the place, and goes on with the user.
        Some(plan) if plan.is_elsewhere() => {
            format!("mailsec --host {}", plan.server.split(' ').next().unwrap_or_default()).into()
        }
        _ => "mailsec".into(),
    }
}

/// A gate for a program.
pub(crate) fn gate_json(gate: &Gate) -> serde_json::Value {
    serde_json::json!({ "id": gate.id, "why": gate.why, "question": gate.question, "choices": gate.choices })
}

/// The question and the answers that it takes.
pub(crate) fn gate(gate: &Gate, state: &State) -> String {
    let question = &gate.question;
    let mut text = format!("\nQUESTION  {}\n\n", question.title);
    for (index, line) in question.todo.iter().enumerate() {
        text.push_str(&wrap(&format!("  {}. ", index + 1), "     ", line));
    }
    text.push('\n');
    text.push_str(&wrap("  Why:       ", "             ", &question.why));
    text.push_str(&wrap("  Verified:  ", "             ", &question.verified));
    text.push_str(&wrap("  Otherwise: ", "             ", &question.otherwise));
    text.push_str(&checklist::open(&question.items));
    text.push_str("\n  Answers:\n");
    for choice in &gate.choices {
        text.push_str(&format!("    {:<14} {}\n", choice.word(), choice.meaning()));
    }
    text.push_str(&format!("\n  {} answer {} ANSWER [--note TEXT]\n", program(state), gate.id));
    if !question.items.is_empty() {
        text.push_str("    with done: --item ITEM=done, --item ITEM=given-up:WHY, --all-items done\n");
    }
    text
}
