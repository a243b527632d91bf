//! Whether a process drives an upgrade at the moment, as the journal's lock tells.

use super::{gate::program, text::day_clock};
use mailsec_core::{
    journal::{Holder, WitnessReader},
    upgrade::{Standing, State},
};

/// Who has the journal open, or had it last.
#[derive(Clone, Debug)]
pub(crate) struct Driver {
    /// Whether somebody has it open now; unknown where its lock cannot be looked at.
    held: Option<bool>,
    holder: Option<Holder>,
}

impl Driver {
    /// Of a journal, now.
    pub(crate) fn of(journal: &WitnessReader) -> Self {
        // The name last: whoever takes the lock writes it then.
        let held = journal.is_held();
        Self { held, holder: journal.holder() }
    }

    /// The process that drives whatever is not over in this journal.
    pub(crate) fn process(&self) -> Option<u32> {
        self.holder.as_ref().filter(|_| self.held == Some(true)).map(|holder| holder.pid)
    }

    /// Whether one does, as far as that can be told.
    pub(crate) fn is_driven(&self) -> Option<bool> {
        self.held
    }

    /// Who drives an upgrade, to be put behind the word *driven*; nothing when it is over.
    pub(crate) fn told(&self, state: &State) -> Option<String> {
        if matches!(state.standing, Standing::Finished(_)) {
            return None;
        }
        match (self.held, &self.holder) {
            (Some(false), _) => Some(format!("by no process: {}", goes_on(state))),
            (Some(true), Some(holder)) => {
                Some(format!("by process {} since {}", holder.pid, day_clock(holder.since)))
            }
            (Some(true), None) => Some("by a process that left no name".to_owned()),
            (None, Some(holder)) => Some(format!(
                "last by process {}, from {}; whether it still runs cannot be told",
                holder.pid,
                day_clock(holder.since)
            )),
            (None, None) => None,
        }
    }
}

/// What makes an upgrade go on that no process drives.
pub(crate) fn goes_on(state: &State) -> String {
    let resume = format!("`{} resume`", program(state));
    // A management server's upgrade has no service of ours that would take it up.
    let elsewhere = state.plan.as_ref().is_some_and(|plan| plan.is_elsewhere() && !plan.drives_nodes());
    let who = if elsewhere { resume } else { format!("{resume}, or the service,") };
    match (state.standing, &state.gate) {
        (Standing::Paused, _) => format!("it is paused; `{} resume` goes on", program(state)),
        (_, Some(_)) => format!("once the question is answered, {who} goes on"),
        _ => format!("{who} goes on"),
    }
}
