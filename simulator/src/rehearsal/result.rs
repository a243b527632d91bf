//! What a rehearsal came to: plain data, the same for the same plan, facts and program.

use super::run::{Ran, ran};
use crate::explore::Subject;
use mailsec_core::{
    plan::{Plan, Undo},
    upgrade::{GateKind, MailTotals, Rehearsed, Verdict},
    values::{Digest, StepId},
};
use serde::{Deserialize, Serialize};

/// Format of a serialised rehearsal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RehearsalFormat(u16);

impl RehearsalFormat {
    /// The format that this version writes.
    pub const CURRENT: Self = Self(1);
}

/// The result of a rehearsal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rehearsal {
    /// Format.
    pub format: RehearsalFormat,
    /// Hash of the plan.
    pub plan: Digest,
    /// Digest of the facts.
    pub facts: Digest,
    /// Whether the plan was made from others.
    pub other_facts: bool,
    /// Version of the program that rehearsed.
    pub mailsec: String,
    /// The server.
    pub server: String,
    /// Crash points of an undisturbed run.
    pub points: usize,
    /// Runs in all.
    pub runs: usize,
    /// Runs that did not come to an allowed end.
    pub wrong: Vec<Wrong>,
    /// Mail in the undisturbed run.
    pub calm: MailTotals,
    /// The longest that mail stood still, and the longest that it passed unscanned.
    pub stopped: Option<WorstMail>,
    /// As `stopped`.
    pub unscanned: Option<WorstMail>,
    /// The run that took longest.
    pub slowest: Option<Slowest>,
    /// Questions that the plan itself asks.
    pub planned_questions: Vec<Asks>,
    /// What a person is asked where a crash leaves something in doubt, and in how many runs.
    pub in_doubt: Vec<(Asks, usize)>,
    /// How each fault of the catalogue ends.
    pub faults: Vec<Struck>,
    /// What the way back restores.
    pub rollback: Rollback,
    /// What is assumed because no fact tells.
    pub assumptions: Vec<String>,
}

/// A run that did not come to an allowed end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wrong {
    /// What happened to it.
    pub run: String,
    /// What was wrong at its end.
    pub what: Vec<String>,
}

/// The run in which mail fared worst.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorstMail {
    /// Mail, by the ledger.
    pub mail: MailTotals,
    /// Whether that is within the plan's budget.
    pub within_budget: bool,
    /// What happened to that run.
    pub run: String,
}

/// The run that took longest, on the server's own clock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slowest {
    /// Milliseconds.
    pub ms: u64,
    /// Processes that it took.
    pub processes: usize,
    /// What happened to that run.
    pub run: String,
}

/// A question to a person.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Asks {
    /// The step that it belongs to.
    pub step: StepId,
    /// Why it is asked.
    pub why: GateKind,
    /// In one line.
    pub title: String,
    /// What the person is to do.
    pub todo: Vec<String>,
}

/// A fault, and how the upgrade ends with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Struck {
    /// Its name.
    pub fault: String,
    /// How it ends, with nobody there but the one who answers the plan's own questions.
    pub end: StruckEnd,
}

/// How an upgrade ends that a fault struck.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StruckEnd {
    /// It succeeds all the same.
    Succeeds,
    /// It is rolled back, and the server is as it was.
    RolledBack,
    /// A person is asked, and once they have put it right it comes to its end.
    Asks(Asks),
    /// None of these.
    Wrong,
}

/// What the way back restores.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rollback {
    /// What happens when a step fails, by step, in the plan's order.
    pub steps: Vec<AtStep>,
    /// Requests to roll back, one at each moment at which the program listens: taken back.
    pub requests_taken_back: usize,
    /// Those that came after the point of no return, and went on to the end.
    pub requests_too_late: usize,
    /// What stays on purpose: the step, and why.
    pub kept: Vec<(StepId, String)>,
}

/// What happens when one step fails.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AtStep {
    /// The step.
    pub step: StepId,
    /// Ways in which it was made to fail: each change that it makes, not done, and done but reported as failed.
    pub failures: usize,
    /// The step did it all the same, or did not need it.
    pub went_on: usize,
    /// Rolled back, and nothing differed from before.
    pub restored: usize,
    /// A person was asked, and once they had answered it came to its end.
    pub asked: usize,
    /// What differed from before, or went wrong.
    pub differs: Vec<String>,
}

impl Rehearsal {
    pub(super) fn of(plan: &Plan, facts: Digest, mailsec: &str, assumptions: Vec<String>) -> Self {
        // Behind the point of no return nothing is rolled back.
        let taken_back = plan.steps.iter().take_while(|step| !step.no_return);
        let kept = taken_back.filter_map(|step| match &step.undo {
            Undo::Keep(why) => Some((step.id.clone(), why.clone())),
            _ => None,
        });
        Self {
            format: RehearsalFormat::CURRENT,
            plan: plan.hash(),
            facts,
            other_facts: facts != plan.facts,
            mailsec: mailsec.to_owned(),
            server: plan.server.clone(),
            points: 0,
            runs: 0,
            wrong: Vec::new(),
            calm: MailTotals::default(),
            stopped: None,
            unscanned: None,
            slowest: None,
            planned_questions: Vec::new(),
            in_doubt: Vec::new(),
            faults: Vec::new(),
            rollback: Rollback { kept: kept.collect(), ..Rollback::default() },
            assumptions,
        }
    }

    /// Whether every run came to an allowed end.
    #[must_use]
    pub fn converges(&self) -> bool {
        self.wrong.is_empty()
    }

    /// Hash of the whole result, for the journal.
    #[must_use]
    pub fn hash(&self) -> Digest {
        // Plain data with text for keys; serialising it cannot fail.
        Digest::of(&serde_json::to_vec(self).unwrap_or_default())
    }

    /// What the journal keeps of it.
    #[must_use]
    pub fn noted(&self) -> Rehearsed {
        Rehearsed {
            plan: self.plan,
            result: self.hash(),
            runs: u64::try_from(self.runs).unwrap_or(u64::MAX),
            verdict: if self.converges() { Verdict::Converged } else { Verdict::Diverged },
            mailsec: self.mailsec.clone(),
            other_facts: self.other_facts,
        }
    }

    /// As a file: with its hash, so that a change shows.
    #[must_use]
    pub fn sealed(&self) -> Vec<u8> {
        serde_json::to_vec_pretty(&Sealed { hash: self.hash(), rehearsal: self.clone() }).unwrap_or_default()
    }

    /// Reads one from its file; `None` when it is none, or not as it was written. It can be made again at any time.
    #[must_use]
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let Sealed { hash, rehearsal } = serde_json::from_slice(bytes).ok()?;
        (rehearsal.format == RehearsalFormat::CURRENT && rehearsal.hash() == hash).then_some(rehearsal)
    }

    pub(super) fn fails_undisturbed(&mut self, why: String) {
        self.runs = 1;
        self.wrong.push(Wrong { run: "undisturbed".to_owned(), what: vec![why] });
    }

    /// The undisturbed run, with the plan's own questions.
    pub(super) fn calm(&mut self, subject: &Subject) {
        let mut trial = subject.trial();
        let end = trial.run(&subject.person(&trial.host));
        let run = ran("undisturbed".to_owned(), &trial, &end);
        self.calm = run.mail;
        self.planned_questions.clone_from(&run.asked);
        self.add(run);
    }

    /// Takes a run into the counts and the extremes.
    pub(super) fn add(&mut self, run: Ran) {
        self.runs += 1;
        let stopped = |mail: &MailTotals| mail.held_ms + mail.down_ms;
        let unscanned = |mail: &MailTotals| mail.unscanned_ms;
        worst(&mut self.stopped, &run, stopped);
        worst(&mut self.unscanned, &run, unscanned);
        if self.slowest.as_ref().is_none_or(|slowest| run.ms > slowest.ms) {
            self.slowest = Some(Slowest { ms: run.ms, processes: run.processes, run: run.name.clone() });
        }
        if !run.wrong.is_empty() {
            self.wrong.push(Wrong { run: run.name, what: run.wrong });
        }
    }
}

fn worst(worst: &mut Option<WorstMail>, run: &Ran, of: impl Fn(&MailTotals) -> u64) {
    if of(&run.mail) > worst.as_ref().map_or(0, |worst| of(&worst.mail)) {
        *worst = Some(WorstMail { mail: run.mail, within_budget: run.within_budget, run: run.name.clone() });
    }
}

#[derive(Serialize, Deserialize)]
struct Sealed {
    hash: Digest,
    rehearsal: Rehearsal,
}
