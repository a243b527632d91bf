//! Seeds, and the subjects that they are played on.

use super::{Played, Profile, Violation, catalogue, judge, play};
use crate::{
    cases::Case,
    explore::{Calm, Medium, Products, Subject},
    faults::Fault,
};
use mailsec_core::{Code, Failure};

/// A subject, with all that a seed needs of it.
pub struct Arena {
    /// The subject.
    pub subject: Subject,
    /// Its undisturbed run.
    pub calm: Calm,
    /// What its journals are kept in.
    pub medium: Medium,
    /// What may go wrong by itself.
    pub catalogue: Vec<(&'static str, Fault)>,
}

impl Arena {
    /// Of a case, with its journals kept on this medium.
    ///
    /// # Errors
    /// [`Code::World`] when there is no plan for it, or its undisturbed run ends otherwise than it must.
    pub fn of(products: &Products, case: &Case, medium: Medium) -> Result<Self, Failure> {
        let subject = case.subject(products).map_err(|findings| {
            let why: Vec<String> = findings.iter().map(|finding| finding.message.clone()).collect();
            Failure::new(Code::World, format!("there is no plan for {:?}", case.name)).cause(why.join("; "))
        })?;
        Self::new(subject, medium)
    }

    /// Of a subject.
    ///
    /// # Errors
    /// As [`Arena::of`].
    pub fn new(subject: Subject, medium: Medium) -> Result<Self, Failure> {
        let subject = subject.kept_on(medium)?;
        let calm = Calm::of(&subject).map_err(|why| Failure::new(Code::World, why))?;
        let catalogue = catalogue(&subject);
        Ok(Self { subject, calm, medium, catalogue })
    }

    /// Plays a seed.
    #[must_use]
    pub fn play(&self, seed: u64) -> Seed {
        let profile = Profile::of(seed, &self.catalogue);
        let played = play(&self.subject, profile.tape(), &profile.troubles);
        let wrong = judge(&self.subject, &self.calm, &played);
        Seed { seed, troubles: profile.troubles, played, wrong }
    }
}

/// A seed that was played.
pub struct Seed {
    /// Its number.
    pub seed: u64,
    /// The faults that it had at hand.
    pub troubles: Vec<Fault>,
    /// The run.
    pub played: Played,
    /// What was wrong with it.
    pub wrong: Vec<Violation>,
}
