//! What must be true at the end, whatever happened on the way.

use super::{End, Subject, Trial};
use crate::{
    Fate, World, oracle,
    oracle::{Picture, accounts_work},
    worlds,
};
use mailsec_core::{
    plan::Observation,
    upgrade::{Event, Finish},
};
use std::collections::BTreeSet;

/// Each change of mail's state is read by a port, and a read takes a millisecond of the world's time.
const READS_MS: u64 = 20;
/// What the event log calls an installation that was completed.
const INSTALLED: u32 = 11_707;

/// A run in which nothing happened: what every other run must come to.
pub struct Calm {
    /// The server at the end.
    pub picture: Picture,
    /// Crash points on the way.
    pub points: Vec<&'static str>,
    /// Times that an installation was completed.
    pub(crate) installs: usize,
}

impl Calm {
    /// Runs a plan undisturbed.
    ///
    /// # Errors
    /// What was not as it must be.
    pub fn of(subject: &Subject) -> Result<Self, String> {
        let mut trial = subject.trial();
        let end = trial.run(&subject.person(&trial.host));
        let points = trial.host.points();
        let world = settled(&trial);
        let calm = Self { picture: picture(&world), points, installs: installs(&world) };
        match check(subject, &trial, &end, &calm).as_slice() {
            [] => Ok(calm),
            wrong => Err(format!("{}, undisturbed: {}", subject.name, wrong.join("; "))),
        }
    }
}

/// The world once everything that is under way has come to its end.
#[must_use]
pub fn settled(trial: &Trial) -> World {
    let mut world = trial.host.world();
    _ = world.settle(&mut Fate::calm());
    world
}

/// What matters of a world, the settings of its product included.
#[must_use]
pub fn picture(world: &World) -> Picture {
    oracle::picture(world, &worlds::settings_folder(world))
}

pub(crate) fn installs(world: &World) -> usize {
    world.events.iter().filter(|event| event.id == INSTALLED).count()
}

/// Everything that is wrong with the end of an upgrade that must have succeeded.
#[must_use]
pub fn check(subject: &Subject, trial: &Trial, end: &End, calm: &Calm) -> Vec<String> {
    let mut wrong = Vec::new();
    if *end != End::Finished(Finish::Succeeded) {
        wrong.push(format!("it ended as {end:?}"));
        let last = trial.events().into_iter().rev().take(3);
        wrong.extend(last.map(|event| format!("{event:?}").chars().take(700).collect()));
    }
    let world = settled(trial);
    wrong.extend(oracle::differences(&calm.picture, &picture(&world)).iter().map(ToString::to_string));
    let scanned = if subject.holds() { oracle::none_unscanned(&world) } else { Ok(()) };
    let checks = [
        oracle::no_mail_lost(&world),
        scanned,
        oracle::transport_in_effect(&world),
        accounts_work(&world),
        ledger_agrees(trial),
        nothing_twice(trial),
        nothing_forgotten(trial),
        no_secret_journaled(trial, &world),
    ];
    wrong.extend(checks.into_iter().filter_map(Result::err));
    let installs = installs(&world);
    // A program that a crash ended, with its registration made, counts as in place; whether its last lines ran is for
    // the later steps to see. Windows Installer tells, and runs again.
    if installs > calm.installs || (installs < calm.installs && !subject.is_program()) {
        wrong.push(format!("{installs} installations were completed, of {}", calm.installs));
    }
    wrong
}

/// The ledger says what the world counted: the same when nothing was assumed, else no less.
///
/// # Errors
/// Says what is not so.
pub fn ledger_agrees(trial: &Trial) -> Result<(), String> {
    ledger_agrees_but_for(trial, 0)
}

/// As [`ledger_agrees`], but for so many milliseconds in which nobody could look.
pub(crate) fn ledger_agrees_but_for(trial: &Trial, unseen_ms: u64) -> Result<(), String> {
    let envelopes = trial.envelopes();
    // What happened before it started, or after it was over, is not its to count.
    let first = envelopes.iter().find(|e| matches!(e.event.known(), Some(Event::Started { .. })));
    let last_boot = trial.host.look(World::boot_identity);
    if first.is_none_or(|e| e.boot != trial.before.boot_identity())
        || envelopes.last().is_none_or(|e| e.boot != last_boot)
    {
        return Ok(());
    }
    let state = trial.loaded().state;
    let (now, mail) = trial.host.look(|world| (world.now, world.mail.clone()));
    let totals = state.ledger.totals_at(now);
    let slack = READS_MS * u64::try_from(state.ledger.changes().len()).unwrap_or(u64::MAX) + unseen_ms;
    let stopped = totals.held_ms + totals.down_ms;
    let told = format!(
        "the ledger says {totals:?}, the world {} ms closed and {} ms unscanned",
        mail.closed_ms, mail.unscanned_ms
    );
    let near = |one: u64, other: u64| one.abs_diff(other) <= slack;
    if totals.assumed_ms == 0 {
        let same = near(stopped, mail.closed_ms) && near(totals.unscanned_ms, mail.unscanned_ms);
        return if same { Ok(()) } else { Err(told) };
    }
    let enough = stopped + totals.unscanned_ms + slack >= mail.closed_ms + mail.unscanned_ms
        && totals.unscanned_ms + totals.assumed_ms + slack >= mail.unscanned_ms;
    if enough { Ok(()) } else { Err(format!("too little: {told}")) }
}

/// No step's effect is journaled twice. On the way back a step may be seen as still applied, after it was.
pub(crate) fn nothing_twice(trial: &Trial) -> Result<(), String> {
    let mut applied = BTreeSet::new();
    for event in trial.events() {
        let step = match event {
            Event::StepApplied { step, .. }
            | Event::StepObserved { step, observation: Observation::Applied(_) } => step,
            Event::RollbackBegun { .. } => return Ok(()),
            _ => continue,
        };
        if applied.contains(&step) {
            return Err(format!("{step} was applied twice"));
        }
        applied.insert(step);
    }
    Ok(())
}

/// Every event that was acknowledged is there, and the journal folds to the engine's own state.
pub(crate) fn nothing_forgotten(trial: &Trial) -> Result<(), String> {
    let envelopes = trial.envelopes();
    for (index, envelope) in (0_u64..).zip(&envelopes) {
        if envelope.seq != index {
            return Err(format!("event {index} has the number {}", envelope.seq));
        }
    }
    let count = u64::try_from(envelopes.len()).unwrap_or(u64::MAX);
    if let Some(twice) = trial.acknowledged.windows(2).find(|pair| pair[1] <= pair[0]) {
        return Err(format!("event {} was acknowledged, and again later", twice[1]));
    }
    if let Some(lost) = trial.acknowledged.iter().find(|seq| **seq >= count) {
        return Err(format!("event {lost} was acknowledged and is not there"));
    }
    let read = trial.loaded().state;
    match &trial.last {
        Some(own) if *own != read => Err("the journal folds to another state than the engine's".to_owned()),
        _ => Ok(()),
    }
}

pub(crate) fn no_secret_journaled(trial: &Trial, world: &World) -> Result<(), String> {
    let text: String = trial.envelopes().iter().map(|envelope| format!("{envelope:?}")).collect();
    oracle::no_password_in(world, &text)
}

/// What differs from how the server was, in what matters: nothing, when an upgrade was refused or taken back.
#[must_use]
pub fn unchanged(before: &World, trial: &Trial) -> Vec<String> {
    let world = settled(trial);
    let mut wrong: Vec<String> =
        oracle::differences(&picture(before), &picture(&world)).iter().map(ToString::to_string).collect();
    wrong.extend(oracle::no_mail_lost(&world).err().filter(|_| !before.faults.refuse_mail));
    for works in [oracle::transport_in_effect, accounts_work] {
        if works(before).is_ok() {
            wrong.extend(works(&world).err());
        }
    }
    wrong
}
