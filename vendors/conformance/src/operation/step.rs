//! One operation: observed, applied, observed, applied again, with ports that do not answer.

use super::{
    bench::{Bench, Shop},
    look::{Compare, Logs, Look},
    moment::{Moment, Reached},
    nature::nature,
};
use crate::{Candidate, Check, tally::Tally};
use mailsec_core::{
    Failure,
    plan::{Observation, Operation, Outcome, Snapshot, Undo},
};
use mailsec_simulator::{World, oracle, people::Secrets};
use std::{cell::RefCell, time::Duration};

/// One step at its moment.
pub(super) struct Inspection<'a> {
    candidate: &'a Candidate,
    pub(super) shop: &'a Shop<'a>,
    pub(super) moment: &'a Moment,
    pub(super) logs: &'a Logs,
    name: String,
    pub(super) tally: &'a mut Tally,
}

/// Every check of every operation of a plan.
pub(crate) fn operations(
    candidate: &Candidate,
    name: &str,
    secrets: &Secrets,
    reached: &Reached,
    tally: &mut Tally,
) {
    let plan = &reached.trial.plan;
    let logs = Logs::of(plan);
    let no_return = plan.steps.iter().position(|step| step.no_return).unwrap_or(usize::MAX);
    let shop = Shop {
        product: candidate.product,
        upgrade: reached.trial.upgrade,
        secrets: secrets.clone(),
        said: RefCell::default(),
    };
    for moment in &reached.moments {
        let name = format!("{name}, step {}", moment.step.id);
        let at = plan.index(&moment.step.id).unwrap_or(usize::MAX);
        let mut one = Inspection { candidate, shop: &shop, moment, logs: &logs, name, tally };
        // What fails first is named; what follows from it is not.
        _ = one.observed() && one.repeated() && one.cut() && one.way_back(at, no_return);
    }
    for step in plan.steps.iter().filter(|step| matches!(step.operation, Operation::Restart { .. })) {
        tally.not_shown(format!("{}: the engine's own; it is cut in whole upgrades only", step.id));
    }
    let text = format!("{}\n{:?}", shop.said.borrow(), reached.trial.envelopes());
    secret(name, "what operations said", &text, reached.trial.host.look(World::clone), secrets, tally);
    let plan = String::from_utf8_lossy(&plan.canonical()).into_owned();
    secret(name, "the plan", &plan, reached.trial.host.look(World::clone), secrets, tally);
}

fn secret(name: &str, what: &str, text: &str, world: World, secrets: &Secrets, tally: &mut Tally) {
    let mut found = oracle::no_password_in(&world, text);
    if secrets.values().any(|secret| !secret.expose().is_empty() && text.contains(secret.expose())) {
        found = Err("a secret that was given is in the text".to_owned());
    }
    tally.check(Check::Secrets, found.map_err(|why| format!("{name}, {what}: {why}")));
}

impl<'a> Inspection<'a> {
    /// Counts a check; where it fails by the nature of the operation, that is said and not held against it.
    pub(super) fn check(&mut self, check: Check, result: Result<(), String>) -> bool {
        let Err(why) = result else { return self.tally.check(check, Ok(())) };
        let operation = &self.moment.step.operation;
        let own = match operation {
            Operation::Vendor { name, .. } => {
                let mut known = self.candidate.exceptions.iter();
                known
                    .find(|one| one.check == check && one.operation == *name)
                    .map(|one| (name.clone(), one.why.clone()))
            }
            _ => nature(check, operation, self.moment.state.before(&self.moment.step.id), &why)
                .map(|why| (operation.word().to_owned(), why.to_owned())),
        };
        match own {
            Some((operation, excuse)) => {
                *self.tally.excepted.entry((check, operation, excuse)).or_default() += 1;
                true
            }
            None => self.tally.check(check, Err(format!("{}: {why}", self.name))),
        }
    }

    pub(super) fn bench(&self) -> Bench<'a> {
        Bench::at(self.shop, self.moment)
    }

    pub(super) fn look(&self, bench: &Bench<'_>) -> Look {
        bench.host.look(|world| Look::of(world, self.logs))
    }

    pub(super) fn same(&self, expected: &Look, bench: &Bench<'_>, compare: Compare) -> Result<(), String> {
        match expected.differences(&self.look(bench), compare).as_slice() {
            [] => Ok(()),
            differences => Err(differences.join("; ")),
        }
    }

    pub(super) fn only_looks(&self) -> bool {
        self.moment.step.operation.only_looks()
    }

    /// Before and after an undisturbed run.
    fn observed(&mut self) -> bool {
        let found = self.bench();
        let before = self.look(&found);
        let first = found.fork();
        let seen = first.observe();
        if !self.check(Check::ObserveLooks, alone(&found, &first)) {
            return false;
        }
        let mut after = self.bench();
        let done = after.apply();
        let worked = match &done {
            Err(failure) => Err(format!("applying fails: {failure}")),
            Ok(_) if self.only_looks() => {
                self.same(&before, &after, Compare::All).map_err(|why| format!("it only looks, and: {why}"))
            }
            Ok(_) => Ok(()),
        };
        if !self.check(Check::Apply, worked) {
            return false;
        }
        let changed = self.same(&before, &after, Compare::All);
        if !self.only_looks() && !self.check(Check::ObserveBefore, first_answer(seen, changed)) {
            return false;
        }
        let second = after.fork();
        let seen = second.observe();
        if !self.check(Check::ObserveLooks, alone(&after, &second)) {
            return false;
        }
        if let (Ok(outcome), false) = (&done, self.only_looks()) {
            let told = last_answer(seen, outcome);
            if !self.check(Check::ObserveAfter, told) {
                return false;
            }
        }
        self.blind(&found) && self.blind(&after)
    }

    /// Each question of an observation in turn is not answered.
    fn blind(&mut self, bench: &Bench<'_>) -> bool {
        let calm = bench.fork();
        calm.host.leave_unanswered(None);
        _ = calm.observe();
        (0..calm.host.reads()).all(|nth| {
            let blind = bench.fork();
            blind.host.leave_unanswered(Some(nth));
            let result = match blind.observe() {
                Err(_) | Ok(Observation::Unknown { .. }) => Ok(()),
                Ok(other) => {
                    Err(format!("its question {nth} was not answered, and it says {:?}", other.word()))
                }
            };
            self.check(Check::ObserveBlind, result)
        })
    }

    fn repeated(&mut self) -> bool {
        let mut bench = self.bench();
        if let Err(failure) = bench.apply() {
            return self.check(Check::Apply, Err(format!("applying fails: {failure}")));
        }
        let once = self.look(&bench);
        let again = match bench.apply() {
            Ok(_) => self.same(&once, &bench, Compare::All),
            Err(failure) => Err(format!("applying again fails: {failure}")),
        };
        self.check(Check::ApplyTwice, again)
    }

    fn way_back(&mut self, at: usize, no_return: usize) -> bool {
        let id = &self.moment.step.id;
        match &self.moment.step.undo {
            Undo::Nothing => true,
            Undo::Keep(why) => {
                self.tally.not_shown(format!("undo of {id}: what it makes stays: {why}"));
                true
            }
            Undo::Reverse if at > no_return => {
                self.tally.not_shown(format!("undo of {id}: it comes after the point of no return"));
                true
            }
            Undo::Reverse if at == no_return => {
                self.tally
                    .not_shown(format!("undo of {id} once it is applied: it is the point of no return"));
                self.undone_half(true)
            }
            Undo::Reverse => self.undone() && self.undone_half(false),
        }
    }
}

/// The server that was looked at is the very server that was left alone for as long.
fn alone(before: &Bench<'_>, looked: &Bench<'_>) -> Result<(), String> {
    let (mut alone, after) = (before.host.world(), looked.host.world());
    let ms = u64::try_from(after.now.millis() - alone.now.millis()).unwrap_or(0);
    _ = alone.pass(Duration::from_millis(ms));
    if alone == after { Ok(()) } else { Err("observing changes the server".to_owned()) }
}

/// Not applied; or applied, when applying changes nothing.
fn first_answer(seen: Result<Observation, Failure>, unchanged: Result<(), String>) -> Result<(), String> {
    match (seen, unchanged) {
        (Ok(Observation::NotApplied { .. }), _) | (Ok(Observation::Applied(_)), Ok(())) => Ok(()),
        (Ok(Observation::Applied(_)), Err(changes)) => {
            Err(format!("before it ran it is called applied, and then it changes {changes}"))
        }
        (Ok(other), _) => Err(format!("before it ran it is called {}", other.word())),
        (Err(failure), _) => Err(format!("before it ran it cannot be observed: {failure}")),
    }
}

/// Applied, with what later steps need.
fn last_answer(seen: Result<Observation, Failure>, outcome: &Outcome) -> Result<(), String> {
    match seen {
        Ok(Observation::Applied(told)) => left(&told, outcome),
        Ok(other) => Err(format!("after it ran it is called {}", other.word())),
        Err(failure) => Err(format!("after it ran it cannot be observed: {failure}")),
    }
}

/// Later steps get of an observation what they get of the outcome.
pub(super) fn left(told: &Outcome, outcome: &Outcome) -> Result<(), String> {
    let kind = |snapshot: &Snapshot| std::mem::discriminant(snapshot);
    if told.output.as_ref().map(kind) == outcome.output.as_ref().map(kind) {
        return Ok(());
    }
    Err("what it leaves to later steps is lost when it is observed instead of recorded".to_owned())
}
