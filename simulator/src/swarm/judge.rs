//! What must be true after any trouble.

use super::{
    effects::applied_once,
    promise::{Promise, taken_away},
    run::Played,
    whim::LIES,
};
use crate::{
    World,
    explore::{Calm, End, Subject, Trial, check, settled},
    faults::Fault,
    oracle,
    world::{directory::MEMBER_ADDED, services::HUNG_ON_STARTING},
};
use mailsec_core::{
    host::Rank,
    plan::{Choice, Operation},
    upgrade::{Event, Finish, Request},
    values::{AccountName, StepId},
};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeSet, fmt, time::Duration};

const TRANSPORT: &str = "MSExchangeTransport";
/// What is looked at after the end: longer than a sender keeps its mail.
const AFTERWARDS: Duration = Duration::from_secs(3 * 24 * 60 * 60);

/// A rule that was broken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Violation {
    /// Which rule.
    pub rule: Rule,
    /// How.
    pub how: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.rule, self.how)
    }
}

macro_rules! rules {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)*) => {
        /// What must be true of every run.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum Rule {
            $($(#[$doc])* $name,)*
        }

        impl Rule {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];
        }

        impl fmt::Display for Rule {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(match self {
                    $(Self::$name => $text,)*
                })
            }
        }
    };
}

rules! {
    /// It ends once the trouble is over, or a person ends it.
    Ends = "every run ends",
    /// Once the trouble is over, trying again leads on or back; and without any it succeeds.
    GetsThere = "every run gets there",
    /// Mail is taken, kept or delivered; none is lost or refused.
    MailKept = "no mail is lost",
    /// With mail held, none passes unscanned.
    MailScanned = "no mail passes unscanned",
    /// Transport never starts while an agent's assembly is missing.
    AssemblyThere = "transport never starts without an agent's assembly",
    /// The ledger says what the world counted.
    LedgerTrue = "the ledger is true",
    /// No step's effect is applied twice.
    AppliedOnce = "nothing is applied twice",
    /// Every acknowledged event is there, and folds to the state that the engine had.
    JournalWhole = "the journal is whole",
    /// A process that is late writes nothing and does nothing.
    Fenced = "a late process is fenced out",
    /// No password is in the journal.
    NoSecret = "no secret is in the journal",
    /// No service logs on as an administrator.
    PlainAccount = "no service is an administrator",
    /// Rolled back means as it was.
    BackAsItWas = "rolled back is as it was",
    /// Success leads to where an undisturbed run leads to.
    GoodEnd = "success is a good end",
}

/// Every rule that a run broke.
#[must_use]
pub fn judge(subject: &Subject, calm: &Calm, played: &Played) -> Vec<Violation> {
    let Played { trial, end, struck, .. } = played;
    let events = trial.events();
    let world = settled(trial);
    let decisions = trial.host.decisions();
    let lied = decisions.iter().any(|decision| decision.label == LIES && decision.value != 0);
    let taken = taken_away(struck, lied, &trial.plan, &events);
    let kept = |promise| !taken.contains(&promise);
    let mut wrong = Vec::new();
    let mut must = |rule, check: Result<(), String>| {
        wrong.extend(check.err().map(|how| Violation { rule, how }));
    };
    must(Rule::Ends, trial.hung.map_or(Ok(()), |count| Err(format!("process {count} hung for ever"))));
    must(
        Rule::Ends,
        match end {
            End::Finished(_) => Ok(()),
            other => Err(format!("all trouble was over, and yet {other:?}")),
        },
    );
    if kept(Promise::GetsThere) {
        must(Rule::GetsThere, gets_there(played, &events));
    }
    must(Rule::MailKept, mail_is_accounted_for(&world, kept(Promise::Taken)));
    if matches!(end, End::Finished(Finish::Succeeded | Finish::RolledBack)) && kept(Promise::Assemblies) {
        must(Rule::MailKept, none_goes_back_later(trial, &world));
    }
    if subject.holds() && kept(Promise::Scanned) {
        must(Rule::MailScanned, oracle::none_unscanned(&world));
    }
    // While mail is not held, Windows itself starts transport at a boot, whatever is missing.
    let by_windows = !subject.holds() && struck.iter().any(|fault| matches!(fault, Fault::FileForgotten(_)));
    if kept(Promise::Assemblies) && !by_windows {
        must(Rule::AssemblyThere, no_start_without_assembly(&world));
    }
    if kept(Promise::Ledger) {
        must(Rule::LedgerTrue, check::ledger_agrees_but_for(trial, came_up_unseen(trial, &world)));
    }
    must(Rule::Fenced, trial.went_on.clone().map_or(Ok(()), Err));
    must(Rule::AppliedOnce, check::nothing_twice(trial).and_then(|()| applied_once(trial, &world, &events)));
    must(Rule::JournalWhole, check::nothing_forgotten(trial));
    must(Rule::NoSecret, check::no_secret_journaled(trial, &world));
    match end {
        End::Finished(Finish::Succeeded) => {
            if !made_admin_later(trial, struck, &world) {
                must(Rule::PlainAccount, no_service_is_an_administrator(&world));
            }
            must(
                Rule::GoodEnd,
                good_end(subject, calm, &world, kept(Promise::Assemblies), kept(Promise::SameServer)),
            );
        }
        End::Finished(Finish::RolledBack) if kept(Promise::SameServer) => {
            let differs = check::unchanged(&trial.before, trial);
            must(Rule::BackAsItWas, if differs.is_empty() { Ok(()) } else { Err(differs.join("; ")) });
        }
        _ => {}
    }
    wrong
}

/// Once the trouble is over, trying again leads on or back, unless a person had asked for another end before that: to
/// stop, or to go back when they were asked about an installer that did not do all of its work. Without any trouble it
/// succeeds.
fn gets_there(played: &Played, events: &[Event]) -> Result<(), String> {
    let Played { trial, end, calm_from, given_up, .. } = played;
    let troubled = events.get(..*calm_from).unwrap_or(events);
    if *given_up && !asked_for_it(trial, troubled) {
        return Err("nothing was broken any more, and trying again did not help".to_owned());
    }
    let trouble = trial.host.decisions().iter().any(|decision| decision.value != 0);
    match (trouble, end) {
        (false, End::Finished(Finish::Succeeded)) | (true, _) => Ok(()),
        (false, other) => Err(format!("nothing went wrong, and yet {other:?}")),
    }
}

fn asked_for_it(trial: &Trial, events: &[Event]) -> bool {
    let no_return = |id: &StepId| trial.plan.step(id).is_some_and(|step| step.no_return);
    let mut about_installer = BTreeSet::new();
    events.iter().any(|event| {
        if let Event::GateOpened { gate, step, .. } = event
            && no_return(step)
        {
            about_installer.insert(gate.clone());
        }
        match event {
            Event::Requested { request: Request::Abandon, .. }
            | Event::GateAnswered { choice: Choice::Abandon, .. } => true,
            Event::GateAnswered { gate, choice: Choice::RollBack, .. } => about_installer.contains(gate),
            _ => false,
        }
    })
}

/// How long transport may have been up without anybody to see it, in milliseconds: it was slow to start and came up
/// while the program waited to try again, and the server went down before that wait was over.
fn came_up_unseen(trial: &Trial, world: &World) -> u64 {
    let name = world.service(TRANSPORT).map_or(TRANSPORT, |service| &*service.display);
    let slow =
        world.events.iter().position(|event| event.id == HUNG_ON_STARTING && event.text.contains(name));
    let Some(since) = slow.and_then(|place| world.events.get(place)) else { return 0 };
    let downs = trial.envelopes().into_iter().filter(|envelope| {
        envelope.at >= since.at && matches!(envelope.event.known(), Some(Event::UnplannedRestart { .. }))
    });
    let waits = trial.plan.steps.iter().map(|step| step.retry.wait_after(step.retry.attempts.max(2)));
    let longest = waits.max().map_or(0, |wait| u64::try_from(wait.as_millis()).unwrap_or(u64::MAX));
    longest.saturating_mul(u64::try_from(downs.count()).unwrap_or(u64::MAX))
}

/// When it is over nobody looks after the server any more: it restarts one day, and three days pass. Its mail flows.
fn none_goes_back_later(trial: &Trial, world: &World) -> Result<(), String> {
    let mut later = world.clone();
    later.mend(&trial.before);
    later.boot();
    let lost = later.mail.lost;
    _ = later.pass(AFTERWARDS);
    match later.mail.lost - lost {
        0 => Ok(()),
        count => Err(format!("{count} messages go back to their senders in the days after it was over")),
    }
}

/// Whether somebody made a service's account an administrator after the program had last looked at what it is a member
/// of. The clock tells, where nobody sets it.
fn made_admin_later(trial: &Trial, struck: &[Fault], world: &World) -> bool {
    let Some(made) = world.events.iter().find(|event| event.id == MEMBER_ADDED) else { return false };
    let looks = |id: &StepId| {
        trial.plan.step(id).is_some_and(|step| matches!(step.operation, Operation::CheckAccount { .. }))
    };
    let looked = trial.envelopes().into_iter().rev().find(
        |envelope| matches!(envelope.event.known(), Some(Event::StepApplied { step, .. }) if looks(step)),
    );
    let set = struck.iter().any(|fault| matches!(fault, Fault::ClockJumps(_)));
    set || looked.is_none_or(|envelope| made.at >= envelope.at)
}

/// Success: transport can start; and where nobody else changed the server, it is the one that an undisturbed run makes.
fn good_end(
    subject: &Subject,
    calm: &Calm,
    world: &World,
    assemblies: bool,
    same: bool,
) -> Result<(), String> {
    if assemblies {
        oracle::transport_can_start(world)?;
    }
    // Whoever made an installer want one: the restart is the program's to see to.
    if world.wants_restart() {
        return Err("an installer's wish for a restart was not fulfilled".to_owned());
    }
    if !same {
        return Ok(());
    }
    oracle::accounts_work(world)?;
    for step in &subject.planned().plan.steps {
        if let Operation::CollectExport { file, .. } = &step.operation
            && !world.disk.has_file(file)
        {
            return Err(format!("{file} was to be saved, and is not there"));
        }
    }
    let installs = check::installs(world);
    if installs > calm.installs {
        return Err(format!("{installs} installations were completed, of {}", calm.installs));
    }
    let differs = oracle::differences(&calm.picture, &check::picture(world));
    match differs.first() {
        None => Ok(()),
        Some(first) => Err(format!("{first} ({} differences)", differs.len())),
    }
}

fn mail_is_accounted_for(world: &World, none_refused: bool) -> Result<(), String> {
    if none_refused {
        return oracle::no_mail_lost(world);
    }
    let mail = &world.mail;
    match mail.adds_up() {
        true => Ok(()),
        false => Err(format!("the mail account does not add up: {mail:?}")),
    }
}

/// What Exchange's log says when transport was started although an agent's assembly is not there.
fn no_start_without_assembly(world: &World) -> Result<(), String> {
    match world.events.iter().find(|event| event.id == 7001) {
        Some(event) => Err(format!("transport was started and could not: {}", event.text)),
        None => Ok(()),
    }
}

/// No service of a product logs on as an administrator of the domain or of Exchange.
fn no_service_is_an_administrator(world: &World) -> Result<(), String> {
    for service in world.services.values() {
        let Ok(account) = AccountName::parse(&service.account) else { continue };
        let user = world.directory.users.get(&account.user().to_ascii_lowercase());
        let ranks = user.map(|user| world.directory.memberships(user)).unwrap_or_default();
        if let Some(admin) = ranks.iter().find(|membership| membership.rank != Rank::Plain) {
            return Err(format!(
                "{} logs on as {}, a member of {}",
                service.name, service.account, admin.group
            ));
        }
    }
    Ok(())
}
