//! `status --watch`: follows an upgrade that another process runs, to its end.

use super::status;
use crate::{
    args::{Common, StatusArgs},
    exit::Exit,
    output::{self, Reply},
    place::{self, State},
    show,
};
use mailsec_core::{
    Failure,
    engine::{Loaded, Stop, Watcher, load},
    journal::{WitnessState, Witnessed},
    upgrade::Standing,
    values::{GateId, UpgradeId},
};
use serde_json::json;
use std::time::Duration;

/// How often the journal is looked at.
const LOOK: Duration = Duration::from_millis(300);

pub(super) async fn watch(common: &Common, args: &StatusArgs) -> Result<Reply, Failure> {
    let state = &State::only(common)?;
    let (upgrade, witnessed, loaded) = state.choose(args.which.upgrade.as_deref())?;
    let mut read = true;
    if common.json {
        read = output::say_json(&status::standing(state, upgrade, &witnessed, &loaded))?;
    } else {
        output::say(&status::text(common, state, upgrade, &witnessed, &loaded));
    }
    let mut watched = Watched::new(common, state, upgrade, &loaded);
    let mut seen = witnessed;
    while read {
        if let WitnessState::Damaged(damage) = &seen.state {
            return Err(place::unread(damage));
        }
        let loaded = load(&seen.envelopes);
        read = watched.show(&seen, &loaded)?;
        if let Standing::Finished(how) = loaded.state.standing {
            drop(watched);
            let stop = Stop::Finished(how);
            let text = format!("{}\nupgrade {upgrade}\n", show::stopped(&stop, &loaded));
            let json = status::standing(state, upgrade, &seen, &loaded);
            return Ok(Reply::new(text, json).exit(Exit::of_stop(&stop, None)));
        }
        tokio::time::sleep(LOOK).await;
        // By its id from now on: another upgrade may begin when this one is over.
        (_, seen, _) = state.choose(Some(&upgrade.to_string()))?;
    }
    Ok(Reply::new("", json!({ "upgrade": upgrade })))
}

/// What was shown so far.
struct Watched<'a> {
    common: &'a Common,
    state: &'a State,
    upgrade: UpgradeId,
    progress: show::Progress,
    /// Envelopes that were shown.
    shown: usize,
    gate: Option<GateId>,
    /// No process drives it, which is told already.
    idle: bool,
}

impl<'a> Watched<'a> {
    fn new(common: &'a Common, state: &'a State, upgrade: UpgradeId, loaded: &Loaded) -> Self {
        Self {
            common,
            state,
            upgrade,
            progress: show::Progress::new(&loaded.state, 1),
            shown: usize::try_from(loaded.len).unwrap_or(usize::MAX),
            gate: loaded.state.gate.as_ref().map(|gate| gate.id.clone()),
            // The status that was shown first says so.
            idle: show::Driver::of(&state.reader()).is_driven() == Some(false),
        }
    }

    /// What is new; whether somebody still reads it.
    fn show(&mut self, seen: &Witnessed, loaded: &Loaded) -> Result<bool, Failure> {
        let fresh = seen.envelopes.len() > self.shown;
        if self.common.json {
            self.shown = seen.envelopes.len();
            let standing = || status::standing(self.state, self.upgrade, seen, loaded);
            return if fresh { output::say_json(&standing()) } else { Ok(true) };
        }
        while let Some(envelope) = seen.envelopes.get(self.shown) {
            self.shown += 1;
            let then = load(&seen.envelopes[..self.shown]);
            self.progress.recorded(envelope, &then.state);
        }
        let gate = loaded.state.gate.as_ref();
        if let Some(open) = gate.filter(|open| self.gate.as_ref() != Some(&open.id)) {
            output::say(&show::gate(open, &loaded.state));
        }
        self.gate = gate.map(|open| open.id.clone());
        let since = loaded.state.flight.as_ref().map(|flight| flight.since);
        let already = status::now(self.common).zip(since).map(|(now, since)| now.since(since));
        let driver = show::Driver::of(&self.state.reader());
        let idle = driver.is_driven() == Some(false);
        if idle && !self.idle {
            // A process that is replaced by the next one is away for a moment, too; this says what is true now.
            self.progress.rests();
            if let Some(told) = driver.told(&loaded.state) {
                output::say(&show::wrap("Driven   ", "         ", &told));
            }
        }
        self.idle = idle;
        if gate.is_none() && loaded.state.standing == Standing::Running && !idle {
            self.progress.runs(already.unwrap_or_default());
        }
        Ok(true)
    }
}
