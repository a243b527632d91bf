//! A plan, to be read before it runs.

use super::{
    findings,
    text::{span, wrap},
};
use mailsec_core::{
    plan::{Operation, Plan, Step, UnscannedPolicy, explain},
    product::Proposal,
};

/// Below a step's title.
const INDENT: &str = "        ";
/// Below what is said of one thing about it.
const DEEP: &str = "                 ";

/// What a step does, by a mark that stands at its line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Looks,
    Changes,
    Asks,
    Restarts,
}

impl Kind {
    const ALL: [Self; 4] = [Self::Looks, Self::Changes, Self::Asks, Self::Restarts];

    fn of(step: &Step) -> Self {
        match &step.operation {
            Operation::Restart { .. } => Self::Restarts,
            operation if operation.asks() => Self::Asks,
            operation if operation.only_looks() => Self::Looks,
            _ => Self::Changes,
        }
    }

    fn mark(self) -> char {
        match self {
            Self::Looks => '.',
            Self::Changes => '~',
            Self::Asks => '?',
            Self::Restarts => '@',
        }
    }

    fn meaning(self) -> &'static str {
        match self {
            Self::Looks => "looks",
            Self::Changes => "changes",
            Self::Asks => "asks a person",
            Self::Restarts => "restarts the server",
        }
    }
}

pub(crate) fn plan(proposal: &Proposal, explained: bool) -> String {
    let plan = &proposal.plan;
    let mut text = format!("{}\n", plan.server);
    let is = format!("{} {}", plan.naming.before, plan.from);
    let will_be = format!("{} {}", plan.naming.after, plan.to);
    text.push_str(&wrap("  is       ", "           ", &is));
    text.push_str(&wrap("  will be  ", "           ", &will_be));
    text.push('\n');
    text.push_str(&findings(&proposal.findings));
    if !proposal.findings.is_empty() {
        text.push('\n');
    }
    text.push_str(&marks(plan));
    let mut phase = None;
    for (index, step) in plan.steps.iter().enumerate() {
        if phase != Some(step.phase) {
            text.push_str(&format!("\n{}\n", step.phase));
            phase = Some(step.phase);
        }
        text.push_str(&line(index, step));
        text.push_str(&if explained { explanation(step) } else { short(step) });
    }
    text.push_str("\nIn all\n");
    text.push_str(&in_all(plan));
    if !plan.drives_nodes() {
        text.push_str(&totals(plan));
    }
    text.push_str(&format!("\nplan {}\n", plan.hash()));
    text
}

/// What the marks mean, of those that occur.
fn marks(plan: &Plan) -> String {
    let meanings: Vec<String> = Kind::ALL
        .into_iter()
        .filter(|kind| plan.steps.iter().any(|step| Kind::of(step) == *kind))
        .map(|kind| format!("{} {}", kind.mark(), kind.meaning()))
        .collect();
    let cut_off = "What becomes of a step that a crash or a power cut cuts off stands below it; one that looks, looks again.";
    format!("{}{}", wrap("", "", &format!("Marks: {}.", meanings.join(", "))), wrap("", "", cut_off))
}

fn line(index: usize, step: &Step) -> String {
    let mut text = wrap(&format!("  {} {:>2}. ", Kind::of(step).mark(), index + 1), INDENT, &step.title);
    if step.no_return {
        text.push_str(&format!("{INDENT}point of no return: from here on it only goes forward\n"));
    }
    text
}

/// Why, what mail suffers, and what becomes of the step when it is cut off.
fn short(step: &Step) -> String {
    let mut text = wrap(INDENT, INDENT, &step.reason);
    let (typical, limit) = (span(step.typical_secs() * 1000), span(step.limit_secs * 1000));
    if step.mail.is_none() && Kind::of(step) != Kind::Looks {
        text.push_str(&wrap(
            &format!("{INDENT}time     "),
            DEEP,
            &format!("about {typical} (limit {limit})"),
        ));
    }
    if let Some(impact) = step.mail {
        let note = format!("{} for about {typical} (limit {limit}), then {}", impact.during, impact.after);
        text.push_str(&wrap(&format!("{INDENT}mail     "), DEEP, &note));
    }
    if Kind::of(step) != Kind::Looks {
        text.push_str(&wrap(&format!("{INDENT}cut off  "), DEEP, &explain(step).power_during));
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
        text.push_str(&wrap(&format!("{INDENT}{label:<19} "), &" ".repeat(28), value));
    }
    text
}

/// How many steps of each kind, and how far the way back reaches.
fn in_all(plan: &Plan) -> String {
    let counts: Vec<String> = Kind::ALL
        .into_iter()
        .map(|kind| (kind, plan.steps.iter().filter(|step| Kind::of(step) == kind).count()))
        .filter(|(_, count)| *count > 0)
        .map(|(kind, count)| format!("{} {count}", kind.mark()))
        .collect();
    let mut text =
        wrap("  Steps     ", "            ", &format!("{}: {}", plan.steps.len(), counts.join(", ")));
    let typical: u64 = plan.steps.iter().map(Step::typical_secs).sum();
    text.push_str(&format!("  Time      about {}, people included\n", span(typical * 1000)));
    let back = match plan.steps.iter().position(|step| step.no_return) {
        Some(index) => {
            format!("all of it, until step {} is applied; after that it only goes forward", index + 1)
        }
        None => "all of it, at any step".to_owned(),
    };
    if !plan.is_elsewhere() && !plan.drives_nodes() {
        text.push_str(&wrap("  Way back  ", "            ", &back));
    }
    text
}

fn totals(plan: &Plan) -> String {
    if plan.is_elsewhere() {
        return "  Mail      not watched: what the task does to it on the servers is not seen from here\n"
            .to_owned();
    }
    let (stopped, unscanned) = plan.typical_mail();
    let policy = match plan.choices.unscanned {
        UnscannedPolicy::Hold => "held while the agents are detached; senders keep it, none goes unscanned",
        UnscannedPolicy::Allow => "let through UNSCANNED while the agents are detached",
    };
    let mut text = wrap("  Mail      ", "            ", policy);
    text.push_str(&format!(
        "            held or down about {} of at most {}\n            unscanned about {} of at most {}\n",
        span(stopped * 1000),
        span(plan.budget.stopped_secs.saturating_mul(1000)),
        span(unscanned * 1000),
        span(plan.budget.unscanned_secs.saturating_mul(1000)),
    ));
    for (what, why) in &plan.choices.left_out {
        text.push_str(&wrap("  Left out  ", "            ", &format!("{what}: {why}")));
    }
    text
}
