//! What happens when the power fails: the recovery table row by row, and the steps of every plan that is simulated.

use super::{MADE, cell, golden};
use crate::products::REHEARSABLE;
use mailsec_core::{
    plan::{Observation, OnPartial, Outcome, Phase, explain},
    upgrade::{Found, recover},
};
use mailsec_simulator::cases;
use std::{collections::BTreeMap, fmt::Write as _};

const HEAD: &str = "\
When the server loses its power, or the program is killed, nothing has to be done at once, and nothing has to be remembered.
The server boots; the `mailsec` service takes the upgrade up by itself. Without the service, or where it waits for a password:

```console
mailsec status
mailsec resume
```

Before a step changes anything, that it is going to is on the device. So the next process knows which step was in flight, asks
the server what is there of it, and goes on by this table. Nothing is done twice, and nothing is guessed: what the server does
not show, a person is asked.

**Mail.** While it is held, transport is not only stopped but set not to start: after a power cut it stays stopped, senders keep
their mail, and none passes unscanned. It flows again when the agents are back, or when the way back is gone to its end. With
`--unscanned allow` it flows, unscanned, from the moment on at which Windows starts transport, and the report shows the seconds.
";

#[test]
fn the_page_on_power_is_what_the_recovery_table_and_the_operations_say() {
    let mut page =
        format!("# What if the power fails\n\n{MADE}\n{HEAD}\n## What is found, and what is done then\n\n");
    page.push_str("| found in the journal, or on the server | then |\n|---|---|\n");
    let applied = Observation::Applied(Outcome::same("x"));
    let not_applied = Observation::NotApplied { evidence: Vec::new() };
    let partial = Observation::Partial { evidence: Vec::new() };
    let unknown = Observation::Unknown { evidence: Vec::new() };
    let all = [
        Found::Intent { only_looks: true },
        Found::Intent { only_looks: false },
        Found::RestartSameBoot,
        Found::RestartNewBoot,
        Found::GateOpen,
        Found::GateAnswered,
        Found::Unasked,
        Found::Undo,
        Found::Observed(&applied, OnPartial::Ask),
        Found::Observed(&not_applied, OnPartial::Ask),
        Found::Observed(&partial, OnPartial::Finish),
        Found::Observed(&partial, OnPartial::Ask),
        Found::Observed(&unknown, OnPartial::Ask),
    ];
    assert_eq!(all.map(|found| found.row()), Found::ROWS, "every row of the table is told");
    for found in all {
        _ = writeln!(page, "| {} | {} |", found.row(), recover(found).words());
    }
    page.push_str(
        "\n## Step by step\n\nA step that had not begun runs when the upgrade is taken up again. One that was over is over: its outcome is \
         in the journal,\nor its effect is found on the server. In between:\n\n\
         | phase | step | power fails while it runs | how it is taken back |\n|---|---|---|---|\n",
    );
    for ((phase, title), (during, undo)) in steps() {
        _ = writeln!(page, "| {phase} | {} | {} | {} |", cell(&title), cell(&during), cell(&undo));
    }
    page.push_str(
        "\n`mailsec plan --explain` says the same of each step of your own plan, and `mailsec rehearse` tries every one of these\n\
         moments on a copy of your server ([rehearsal](rehearsal.md)). How it is shown to be so: [simulation](simulation.md).\n",
    );
    golden("power.md", &page);
}

/// The steps of all plans, in the order of their phases, by their titles.
fn steps() -> BTreeMap<(Phase, String), (String, String)> {
    let mut all = BTreeMap::new();
    for case in cases::all() {
        let subject = case.subject(&REHEARSABLE).expect("a plan");
        for step in &subject.trial().plan.steps {
            let told = explain(step);
            all.entry((step.phase, step.title.clone())).or_insert((told.power_during, told.undo));
        }
    }
    all
}
