//! A plan, to be read before it runs.

use super::{
    findings,
    text::{span, wrap},
};
use mailsec_core::{
    plan::{Plan, Step, UnscannedPolicy, explain},
    product::Proposal,
};

pub(crate) fn plan(proposal: &Proposal, explained: bool) -> String {
    let plan = &proposal.plan;
    let mut text = format!(
        "{} {}\n  becomes {} {}\n  on {}\n\n",
        plan.naming.before, plan.from, plan.naming.after, plan.to, plan.server
    );
    text.push_str(&findings(&proposal.findings));
    if !proposal.findings.is_empty() {
        text.push('\n');
    }
    let mut phase = None;
    for (index, step) in plan.steps.iter().enumerate() {
        if phase != Some(step.phase) {
            text.push_str(&format!("{}\n", step.phase));
            phase = Some(step.phase);
        }
        text.push_str(&line(index, step));
        if explained {
            text.push_str(&explanation(step));
        }
    }
    text.push('\n');
    if !plan.drives_nodes() {
        text.push_str(&totals(plan));
    }
    text.push_str(&format!("\nplan {}\n", plan.hash()));
    text
}

fn line(index: usize, step: &Step) -> String {
    let mut text = wrap(&format!("  {:>2}. ", index + 1), "      ", &step.title);
    if let Some(impact) = step.mail {
        let note = format!(
            "mail: {} for about {}, then {}",
            impact.during,
            span(impact.typical_secs * 1000),
            impact.after
        );
        text.push_str(&wrap("      ", "      ", &note));
    }
    if step.operation.asks() {
        text.push_str("      a person is asked\n");
    }
    if step.no_return {
        text.push_str("      point of no return: from here on it only goes forward\n");
    }
    text
}

fn explanation(step: &Step) -> String {
    let explained = explain(step);
    let mut text = String::new();
    for (label, value) in [
        ("what", &explained.what),
        ("why", &explained.why),
        ("mail", &explained.mail),
        ("power fails before", &explained.power_before),
        ("power fails during", &explained.power_during),
        ("power fails after", &explained.power_after),
        ("undo", &explained.undo),
    ] {
        text.push_str(&wrap(&format!("      {label:<19} "), &" ".repeat(26), value));
    }
    text.push('\n');
    text
}

fn totals(plan: &Plan) -> String {
    if plan.is_elsewhere() {
        return "Mail   not watched: what the task does to it on the servers is not seen from here\n"
            .to_owned();
    }
    let (stopped, unscanned) = plan.typical_mail();
    let policy = match plan.choices.unscanned {
        UnscannedPolicy::Hold => "held while the agents are detached; senders keep it, none goes unscanned",
        UnscannedPolicy::Allow => "let through UNSCANNED while the agents are detached",
    };
    let mut text = wrap("Mail   ", "       ", policy);
    text.push_str(&format!(
        "       held or down about {} of at most {}\n       unscanned about {} of at most {}\n",
        span(stopped * 1000),
        span(plan.budget.stopped_secs.saturating_mul(1000)),
        span(unscanned * 1000),
        span(plan.budget.unscanned_secs.saturating_mul(1000)),
    ));
    for (what, why) in &plan.choices.left_out {
        text.push_str(&wrap("Left out   ", "           ", &format!("{what}: {why}")));
    }
    text
}
