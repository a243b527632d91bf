//! What must be true after any trouble.

use super::run::Played;
use crate::{
    World,
    explore::{Calm, End, Subject, Trial, check, settled},
    faults::Fault,
    oracle,
};
use mailsec_core::{
    host::Rank,
    plan::{Choice, Operation},
    upgrade::{Event, Finish, Request},
    values::{AccountName, StepId},
};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeSet, fmt};

/// What trouble can take away; everything else holds always.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Promise {
    /// No mail is refused.
    Taken,
    /// With mail held, none is delivered unscanned.
    Scanned,
    /// Transport never starts without an assembly of an agent.
    Assemblies,
    /// Success leads to the very server that an undisturbed run leads to; rolled back is as it was.
    SameServer,
    /// The ledger says what the world counted.
    Ledger,
}

/// What a fault that is not ours to answer for takes away.
fn takes_away(fault: &Fault) -> &'static [Promise] {
    use Promise::{Assemblies, Ledger, SameServer, Scanned, Taken};
    match fault {
        Fault::MailRefused => &[Taken, SameServer, Ledger],
        // A look at mail that takes an hour is an hour late.
        Fault::ClockJumps(_) | Fault::CallTakes(_) | Fault::CallHangs(_) => &[Ledger],
        // What others do to transport is seen when the program looks next, and not before.
        Fault::ServiceStopped(_) | Fault::ServiceDies(..) => &[SameServer, Ledger],
        Fault::FileForgotten(_) => &[SameServer],
        Fault::AgentsFileCut(_) | Fault::AgentSet(..) => &[Assemblies, SameServer, Scanned, Ledger],
        Fault::PasswordChanged(_)
        | Fault::ServiceDoesNotStart(..)
        | Fault::InstallerExit(_)
        | Fault::FileHeldByShell(_)
        | Fault::FileHeldAndInstallerFails(_)
        | Fault::ImportLoses(_)
        | Fault::ExportSpoilt(_)
        // Services do not start at a boot without it; and what people save does not fit.
        | Fault::DirectoryUnreachable
        | Fault::DiskFull(_)
        | Fault::FileUnreadable(_) => &[SameServer],
        Fault::SpontaneousReboot(_)
        | Fault::RestartDoesNotHappen(_)
        | Fault::StubbornPrograms
        | Fault::ToolExit(_)
        | Fault::ChangeFails(_) => &[],
    }
}

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
    let Played { trial, end, struck, given_up } = played;
    let events = trial.events();
    let world = settled(trial);
    let kept = |promise| !struck.iter().any(|fault| takes_away(fault).contains(&promise));
    // A person may leave out what the plan asks for, and what is wrong then is theirs.
    let own_way = events.iter().any(|event| {
        matches!(
            event,
            Event::GateAnswered { choice: Choice::Skip | Choice::CountAsDone | Choice::Continue, .. }
        )
    });
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
    if !own_way && struck.is_empty() {
        let asked = asked_for_it(trial, &events);
        must(Rule::GetsThere, gets_there(trial, end, *given_up && !asked));
    }
    must(Rule::MailKept, mail_is_accounted_for(&world, kept(Promise::Taken)));
    if subject.holds() && kept(Promise::Scanned) && !own_way {
        must(Rule::MailScanned, oracle::none_unscanned(&world));
    }
    // While mail is not held, Windows itself starts transport at a boot, whatever is missing.
    let by_windows = !subject.holds() && struck.iter().any(|fault| matches!(fault, Fault::FileForgotten(_)));
    if kept(Promise::Assemblies) && !own_way && !by_windows {
        must(Rule::AssemblyThere, no_start_without_assembly(&world));
    }
    if kept(Promise::Ledger) && !came_up_unseen(trial) {
        must(Rule::LedgerTrue, check::ledger_agrees(trial));
    }
    must(Rule::AppliedOnce, check::nothing_twice(trial));
    must(Rule::JournalWhole, check::nothing_forgotten(trial));
    must(Rule::Fenced, trial.went_on.clone().map_or(Ok(()), Err));
    must(Rule::NoSecret, check::no_secret_journaled(trial, &world));
    match end {
        End::Finished(Finish::Succeeded) if !own_way => {
            must(Rule::PlainAccount, no_service_is_an_administrator(&world));
            must(
                Rule::GoodEnd,
                good_end(subject, calm, &world, kept(Promise::Assemblies), kept(Promise::SameServer)),
            );
        }
        End::Finished(Finish::RolledBack) if !own_way && kept(Promise::SameServer) => {
            let differs = check::unchanged(&trial.before, trial);
            must(Rule::BackAsItWas, if differs.is_empty() { Ok(()) } else { Err(differs.join("; ")) });
        }
        _ => {}
    }
    wrong
}

/// Whether a person asked for such an end: to stop; or to go back when they were asked about an installer that did not do
/// all of its work.
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
            Event::Requested { request: Request::Abandon, .. } => true,
            Event::GateAnswered { gate, choice: Choice::RollBack, .. } => about_installer.contains(gate),
            _ => false,
        }
    })
}

/// A service that was slow to start may come up while the program waits to try again; when the server goes down before
/// anybody looks, those seconds are nowhere.
fn came_up_unseen(trial: &Trial) -> bool {
    let slow = trial.host.decisions().iter().any(|d| d.label == "start service: outcome" && d.value == 2);
    slow && trial.host.look(|world| world.boots) > trial.before.boots
}

fn gets_there(trial: &Trial, end: &End, given_up: bool) -> Result<(), String> {
    if given_up {
        return Err("nothing was broken any more, and trying again did not help".to_owned());
    }
    let decisions = trial.host.decisions();
    let trouble = decisions.iter().any(|decision| decision.value != 0);
    match (trouble, end) {
        (false, End::Finished(Finish::Succeeded)) | (true, _) => Ok(()),
        (false, other) => Err(format!("nothing went wrong, and yet {other:?}")),
    }
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
    if !same {
        return Ok(());
    }
    oracle::accounts_work(world)?;
    if world.wants_restart() {
        return Err("an installer's wish for a restart was not fulfilled".to_owned());
    }
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
    match mail.adds_up() && mail.lost == 0 {
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
