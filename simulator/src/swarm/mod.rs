//! Random trouble, by seed: many runs, each with its own few kinds of it, and one judge for all of them.

mod catalogue;
mod coverage;
mod effects;
mod judge;
mod profile;
mod promise;
mod run;
mod search;
mod seeds;
mod trace;
mod whim;

pub use catalogue::catalogue;
pub use coverage::Coverage;
pub use judge::{Rule, Violation, judge};
pub use profile::{Profile, SwarmTape};
pub use run::{Played, play};
pub use search::{Found, Manner, arena_of, search};
pub use seeds::{Arena, Seed};
pub use trace::trace;
pub use whim::{patient, whimsical};
