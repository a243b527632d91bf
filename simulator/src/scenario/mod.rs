//! A run with trouble, written down: few lines that a person can read, and that any machine replays exactly.

mod shrink;
mod tape;
mod turn;

pub use shrink::shrink;
pub use tape::Turns;
pub use turn::{Turn, turns};

use crate::{
    explore::Medium,
    faults::Fault,
    swarm::{Arena, Played, Violation, judge, play, trace},
};
use mailsec_core::{Code, Failure, values::Digest};
use serde::{Deserialize, Serialize};

/// Format of scenario files that this version writes.
pub const FORMAT: u16 = 1;

/// What happened, and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// Format of this file.
    pub scenario: u16,
    /// Version of the program that wrote it.
    pub mailsec: String,
    /// The case that it is played on, by name.
    pub case: String,
    /// What its journal is kept in.
    #[serde(default)]
    pub medium: Medium,
    /// The seed that it came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// Faults that strike.
    pub faults: Vec<Fault>,
    /// Where something did not turn out as it should. Everywhere else all goes well.
    pub turns: Vec<Turn>,
    /// What was wrong at the end; nothing, for a scenario that must go well.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub wrong: Vec<Violation>,
    /// The run's trace; none, for one that is kept while the program changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace: Option<Digest>,
}

/// A scenario that was played.
pub struct Replayed {
    /// The run.
    pub played: Played,
    /// What was wrong with it.
    pub wrong: Vec<Violation>,
    /// Its trace.
    pub trace: Digest,
    /// Turns that the run did not come to, or that turned out another way.
    pub unmet: Vec<Turn>,
}

impl Replayed {
    /// Whether it took the course that was written down: every turn, and the same trace, where there is one.
    #[must_use]
    pub fn is_same(&self, scenario: &Scenario) -> bool {
        self.unmet.is_empty() && scenario.trace.is_none_or(|trace| trace == self.trace)
    }
}

impl Scenario {
    /// Of a run on an arena.
    #[must_use]
    pub fn of(arena: &Arena, seed: Option<u64>, faults: Vec<Fault>, turns: Vec<Turn>) -> Self {
        let mut scenario = Self {
            scenario: FORMAT,
            mailsec: env!("CARGO_PKG_VERSION").to_owned(),
            case: arena.subject.name.clone(),
            medium: arena.medium,
            seed,
            faults,
            turns,
            wrong: Vec::new(),
            trace: None,
        };
        let replayed = scenario.replay(arena);
        (scenario.wrong, scenario.trace) = (replayed.wrong, Some(replayed.trace));
        scenario
    }

    /// Reads a file.
    ///
    /// # Errors
    /// [`Code::World`] when it is no scenario, or one of a newer version.
    pub fn read(bytes: &[u8]) -> Result<Self, Failure> {
        #[derive(Deserialize)]
        struct Head {
            scenario: u16,
        }
        let damaged = |error: serde_json::Error| {
            Failure::new(Code::World, "this is neither a scenario nor an exported upgrade, or a damaged one")
                .expected("the JSON that `mailsec simulate swarm` or `mailsec journal export` writes")
                .found(format!("line {}, column {}", error.line(), error.column()))
                .cause(error)
                .hint("a plan is not a course of events: `mailsec rehearse` takes one")
        };
        let head: Head = serde_json::from_slice(bytes).map_err(damaged)?;
        if head.scenario > FORMAT {
            return Err(Failure::new(Code::World, "the scenario was written by a newer version")
                .expected(format!("scenario format {FORMAT}"))
                .found(format!("scenario format {}", head.scenario)));
        }
        serde_json::from_slice(bytes).map_err(damaged)
    }

    /// As a file.
    ///
    /// # Errors
    /// [`Code::System`] when it cannot be serialised.
    pub fn to_json(&self) -> Result<Vec<u8>, Failure> {
        serde_json::to_vec_pretty(self)
            .map_err(|error| Failure::new(Code::System, "the scenario cannot be serialised").cause(error))
    }

    /// Plays it.
    #[must_use]
    pub fn replay(&self, arena: &Arena) -> Replayed {
        let played = play(&arena.subject, Turns::new(&self.turns), &self.faults);
        let wrong = judge(&arena.subject, &arena.calm, &played);
        let trace = trace(&played);
        let met = turns(&played.trial.host.decisions(), &self.faults);
        let is_met = |turn: &&Turn| met.iter().any(|met| met.is(turn));
        let unmet = self.turns.iter().filter(|turn| !is_met(turn)).cloned().collect();
        Replayed { played, wrong, trace, unmet }
    }
}
