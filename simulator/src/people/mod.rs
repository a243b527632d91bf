//! A person who does what gates ask, as far as the script goes.

pub mod eset;
mod stand_in;

pub use stand_in::stand_in;

use crate::{SimHost, worlds::vipre};
use async_trait::async_trait;
use mailsec_core::{
    Code, Failure,
    engine::{Desk, Message, Said},
    host::Host,
    plan::{Choice, ItemAnswer, ItemAnswers, Operation},
    upgrade::{Gate, GateKind, Request, State},
    values::{Secret, SecretRef, ServerPath, Timestamp},
};
use std::{
    collections::BTreeMap,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

/// Passwords by name.
pub type Secrets = BTreeMap<SecretRef, Secret>;

/// The name under which plans for VIPRE ask for the service account's password.
pub const SERVICE_PASSWORD: &str = "service-account-password";

/// The service account's present password.
#[must_use]
pub fn given() -> Secrets {
    [(SecretRef::new(SERVICE_PASSWORD), Secret::new(vipre::PASSWORD))].into()
}

/// What takes an upgrade up again that somebody paused.
pub const RESUME: Request = Request::Resume;

/// What a person does at a gate, and answers; `None` leaves it open.
pub type Deed = fn(&SimHost, &Gate, &State) -> Option<Choice>;
type Wishes = Box<dyn Fn() -> Option<Request> + Send + Sync>;
type AnyDeed = Box<dyn Fn(&SimHost, &Gate, &State) -> Option<Choice> + Send + Sync>;

/// Answers gates by a rule, and makes requests once so many events are journaled.
pub struct Person {
    host: SimHost,
    deed: AnyDeed,
    requests: Mutex<Vec<(usize, Request)>>,
    wishes: Option<Wishes>,
    turns: AtomicUsize,
    ends: Option<usize>,
    waits: AtomicUsize,
    told: Mutex<Option<Timestamp>>,
    asked: Mutex<Vec<(GateKind, String)>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Person {
    /// A person at this server. The rule returns what they answer; `None` leaves the gate open.
    pub fn new(
        host: &SimHost,
        deed: impl Fn(&SimHost, &Gate, &State) -> Option<Choice> + Send + Sync + 'static,
    ) -> Self {
        Self {
            host: host.clone(),
            deed: Box::new(deed),
            requests: Mutex::default(),
            wishes: None,
            turns: AtomicUsize::new(0),
            ends: None,
            waits: AtomicUsize::new(0),
            told: Mutex::default(),
            asked: Mutex::default(),
        }
    }

    /// Nobody is there.
    #[must_use]
    pub fn away(host: &SimHost) -> Self {
        Self::new(host, |_, _, _| None)
    }

    /// Also asks for something, the so-and-so-many-th time that somebody could ask (from 0).
    #[must_use]
    pub fn asking(self, turn: usize, request: Request) -> Self {
        lock(&self.requests).push((turn, request));
        self
    }

    /// Also asks for whatever comes to their mind, whenever somebody could ask.
    #[must_use]
    pub fn wishing(mut self, wishes: impl Fn() -> Option<Request> + Send + Sync + 'static) -> Self {
        self.wishes = Some(Box::new(wishes));
        self
    }

    /// Also has Windows tell the process to end, the so-and-so-many-th time that it waits or looks (from 0).
    #[must_use]
    pub fn ending(mut self, wait: usize) -> Self {
        self.ends = Some(wait);
        self
    }

    /// Since when the process is told to end.
    pub fn told(&self) -> Option<Timestamp> {
        *lock(&self.told)
    }

    /// How often the program has listened.
    pub fn turns(&self) -> usize {
        self.turns.load(Ordering::Relaxed)
    }

    /// The gates that were answered or left open, in order: why, and the gate's name.
    pub fn asked(&self) -> Vec<(GateKind, String)> {
        lock(&self.asked).clone()
    }
}

#[async_trait]
impl Desk for Person {
    fn messages(&self) -> Result<Vec<Message>, Failure> {
        if self.told().is_some() {
            return Err(to_end());
        }
        let now = self.turns.fetch_add(1, Ordering::Relaxed);
        let mut requests = lock(&self.requests);
        requests.extend(self.wishes.as_ref().and_then(|wish| wish()).map(|request| (now, request)));
        let due = requests.iter().filter(|(turn, _)| *turn <= now).map(|(_, request)| Message {
            id: request.to_string(),
            said: Said::Request(*request),
            by: "Ada".to_owned(),
            note: String::new(),
        });
        Ok(due.collect())
    }

    fn taken(&self, message: &Message, _refused: Option<&Failure>) {
        // Until then it lies there, and a process that begins anew finds it again.
        lock(&self.requests).retain(|(_, request)| request.to_string() != message.id);
    }

    async fn told_to_end(&self) -> Failure {
        if self.ends == Some(self.waits.fetch_add(1, Ordering::Relaxed)) {
            *lock(&self.told) = Some(self.host.clock().now());
        }
        match self.told() {
            Some(_) => to_end(),
            None => std::future::pending().await,
        }
    }

    async fn ask(&self, gate: &Gate, state: &State) -> Option<Message> {
        lock(&self.asked).push((gate.why, gate.id.to_string()));
        let choice = (self.deed)(&self.host, gate, state)?;
        Some(Message {
            id: gate.id.to_string(),
            said: Said::Answer { gate: gate.id.clone(), choice, items: items(gate, choice) },
            by: "Ada".to_owned(),
            note: "as the script says".to_owned(),
        })
    }
}

fn to_end() -> Failure {
    Failure::new(Code::RequestRefused, "this process was told to end")
}

/// Every other item of a checklist was seen to; the rest is given up.
#[must_use]
pub fn items(gate: &Gate, choice: Choice) -> ItemAnswers {
    let answers = [ItemAnswer::Done, ItemAnswer::GivenUp { why: "nobody needs it any more".to_owned() }];
    let items = gate.question.items.iter().filter(|_| choice == Choice::Done);
    items.map(|item| item.id.clone()).zip(answers.into_iter().cycle()).collect()
}

/// Does what the plan asks, and says "again" where the program is in doubt; leaves everything else open.
#[must_use]
pub fn obliging(host: &SimHost, gate: &Gate, state: &State) -> Option<Choice> {
    match gate.why {
        GateKind::Planned => {
            installs(host, gate, state);
            saves_rules(host, gate, state);
            Some(done(host, gate))
        }
        GateKind::InDoubt => Some(Choice::Retry),
        _ => None,
    }
}

/// That it is done. At every other moment they overlook that the installer's last page asks for a restart.
#[must_use]
pub fn done(host: &SimHost, gate: &Gate) -> Choice {
    let asks = gate.choices.contains(&Choice::DoneRestart);
    let saw = host.look(|world| world.wants_restart() && world.now.millis() / 1000 % 2 == 0);
    if asks && saw { Choice::DoneRestart } else { Choice::Done }
}

/// Where the gate asks for it, runs the installer and gives it the account; not once more when it is in place.
pub fn installs(host: &SimHost, gate: &Gate, state: &State) {
    let Some(Operation::RunInstaller { package, .. }) = operation(gate, state) else { return };
    let password = given().into_values().next();
    let account = vipre::account();
    _ = host.change(|world| {
        if world.installed_version(vipre::NEW_NAME).is_none() {
            _ = world.person_installs(&package.path, account.as_ref().zip(password.as_ref()));
        }
    });
}

/// Where the gate asks for it, saves the exported rules.
pub fn saves_rules(host: &SimHost, gate: &Gate, state: &State) {
    let Some(Operation::CollectExport { file, .. }) = operation(gate, state) else { return };
    let file: &ServerPath = file;
    _ = host.change(|world| world.person_saves(file, b"<Rules><Rule name=\"a\" /></Rules>"));
}

pub(crate) fn operation<'s>(gate: &Gate, state: &'s State) -> Option<&'s Operation> {
    state.plan_steps().get(gate.step).map(|step| &step.operation)
}
