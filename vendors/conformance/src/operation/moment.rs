//! The moments when an undisturbed upgrade reaches its steps: the intent is durable, the effect is to come.

use futures::executor::block_on;
use mailsec_core::{
    engine::{Engine, Stop, Watcher},
    journal::Envelope,
    plan::{Operation, Step},
    upgrade::{Finish, State},
};
use mailsec_simulator::{
    SimHost, World,
    explore::{Subject, Trial, VERSION},
};

/// A step about to run.
#[derive(Clone)]
pub(crate) struct Moment {
    pub(crate) step: Step,
    pub(crate) world: World,
    pub(crate) state: State,
}

/// An undisturbed upgrade, with the moments on its way.
pub(crate) struct Reached {
    pub(crate) moments: Vec<Moment>,
    /// How it ended, where that was not success.
    pub(crate) trouble: Option<String>,
    pub(crate) trial: Trial,
}

struct Scribe<'a> {
    host: &'a SimHost,
    state: Option<State>,
    moments: &'a mut Vec<Moment>,
}

impl Watcher for Scribe<'_> {
    fn recorded(&mut self, _envelope: &Envelope, state: &State) {
        self.state = Some(state.clone());
    }

    fn running(&mut self, step: &Step, undo: bool) {
        let known = self.moments.iter().any(|moment| moment.step.id == step.id);
        let restart = matches!(step.operation, Operation::Restart { .. });
        if let Some(state) = self.state.clone().filter(|_| !undo && !known && !restart) {
            self.moments.push(Moment { step: step.clone(), world: self.host.world(), state });
        }
    }
}

/// Processes after which it will not come to an end.
const PROCESSES: usize = 20;

/// Runs a plan undisturbed.
pub(crate) fn reach(subject: &Subject) -> Reached {
    let mut trial = subject.trial();
    let (host, mut moments) = (trial.host.clone(), Vec::new());
    let person = subject.person(&host);
    let mut trouble = Some("it does not come to an end".to_owned());
    for _ in 0..PROCESSES {
        let mut scribe = Scribe { host: &host, state: None, moments: &mut moments };
        let (journal, upgrade, vendor) = (&mut trial.journal, trial.upgrade, trial.product.vendor());
        let stopped = block_on(async {
            let by = (VERSION, "Ada");
            Engine::open(&host, journal, upgrade, vendor, &person, &mut scribe, by).await?.run().await
        });
        trouble = match stopped {
            Ok(Stop::Finished(Finish::Succeeded)) => None,
            Ok(Stop::RestartPending) => continue,
            Err(_) if host.is_off() => {
                trial.power_on();
                continue;
            }
            Ok(other) => Some(format!("it ends as {other:?}: {}", last_failure(&trial))),
            Err(failure) => Some(format!("it ends with {failure}")),
        };
        break;
    }
    if trouble.is_some() {
        // Where it came to its end, nothing worked that could be looked at more closely.
        moments.pop();
    }
    Reached { moments, trouble, trial }
}

/// What went wrong last, for people.
fn last_failure(trial: &Trial) -> String {
    use mailsec_core::upgrade::Event;
    let failed = |event: &Event| match event {
        Event::StepFailed { step, failure, .. } => Some(format!("{step}: {failure}")),
        _ => None,
    };
    trial.events().iter().rev().find_map(failed).unwrap_or_else(|| "no step failed".to_owned())
}
