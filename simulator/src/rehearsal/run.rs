//! One run of a rehearsal, and what is kept of it.

use super::Asks;
use crate::{
    SimHost, World,
    explore::{End, Subject, Trial, check, settled},
    oracle,
    people::{Person, stand_in},
};
use mailsec_core::{
    engine::load,
    journal::Envelope,
    plan::Choice,
    upgrade::{Event, Finish, Gate, GateKind, MailTotals, State},
};
use std::sync::atomic::{AtomicUsize, Ordering};

/// Nobody answers the same questions for ever.
const PATIENCE: usize = 40;

/// What is kept of a run.
pub(super) struct Ran {
    pub(super) name: String,
    pub(super) mail: MailTotals,
    pub(super) within_budget: bool,
    pub(super) ms: u64,
    pub(super) processes: usize,
    /// Every gate that opened.
    pub(super) asked: Vec<Asks>,
    pub(super) finish: Option<Finish>,
    pub(super) wrong: Vec<String>,
}

/// What came of a trial that ran.
pub(super) fn ran(name: String, trial: &Trial, end: &End) -> Ran {
    let envelopes = trial.envelopes();
    let report = load(&envelopes).report;
    let ms = trial.host.look(|world| world.now.millis() - trial.before.now.millis());
    Ran {
        name,
        mail: report.mail,
        within_budget: report.mail_within_budget,
        ms: u64::try_from(ms).unwrap_or(0),
        processes: trial.processes,
        asked: asked(&envelopes),
        finish: match end {
            End::Finished(how) => Some(*how),
            _ => None,
        },
        wrong: Vec::new(),
    }
}

/// The questions of a run, in order.
fn asked(envelopes: &[Envelope]) -> Vec<Asks> {
    let opened = |envelope: &Envelope| match envelope.event.known() {
        Some(Event::GateOpened { step, why, question, .. }) => Some(Asks {
            step: step.clone(),
            why: *why,
            title: question.title.clone(),
            todo: question.todo.clone(),
        }),
        _ => None,
    };
    envelopes.iter().filter_map(opened).collect()
}

/// Who does what the plan asks, and gives up when that leads nowhere.
pub(super) fn helper(host: &SimHost) -> Person {
    patient(host, stand_in)
}

/// As [`helper`]; what was put right is tried again.
pub(super) fn mender(host: &SimHost) -> Person {
    patient(host, |host, gate, state| match gate.why {
        GateKind::Planned | GateKind::InDoubt => stand_in(host, gate, state),
        _ => gate.choices.contains(&Choice::Retry).then_some(Choice::Retry),
    })
}

fn patient(host: &SimHost, deed: fn(&SimHost, &Gate, &State) -> Option<Choice>) -> Person {
    let asked = AtomicUsize::new(0);
    Person::new(host, move |host, gate, state| {
        (asked.fetch_add(1, Ordering::Relaxed) < PATIENCE).then(|| deed(host, gate, state)).flatten()
    })
}

/// What must be true whenever an upgrade has come to the new version.
pub(super) fn succeeded(subject: &Subject, trial: &Trial) -> Vec<String> {
    let world = settled(trial);
    let restarted = match world.wants_restart() {
        true => Err("an installer's wish for a restart was not fulfilled".to_owned()),
        false => Ok(()),
    };
    let scanned = if subject.holds() { oracle::none_unscanned(&world) } else { Ok(()) };
    // What transport refuses is neither held nor down.
    let (mail, ledger) = match refuses(&trial.before) {
        true => (Ok(()), Ok(())),
        false => (oracle::no_mail_lost(&world), check::ledger_agrees(trial)),
    };
    let checks = [
        oracle::transport_in_effect(&world),
        oracle::accounts_work(&world),
        scanned,
        mail,
        restarted,
        check::nothing_twice(trial),
        check::nothing_forgotten(trial),
        ledger,
    ];
    checks.into_iter().filter_map(Result::err).collect()
}

fn refuses(world: &World) -> bool {
    world.faults.refuse_mail
}
