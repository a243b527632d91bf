//! A rehearsal: the very plan, on the server that is built from its facts, interrupted everywhere, struck by every
//! fault of the catalogue, and taken back from wherever it can fail.

mod crashes;
mod result;
mod rollback;
mod run;
mod troubles;

pub use result::{
    Asks, AtStep, Rehearsal, RehearsalFormat, Rollback, Slowest, Struck, StruckEnd, WorstMail, Wrong,
};

use crate::{
    captured::{Rebuilt, rebuild},
    explore::{Calm, Subject, Trial},
    people::stand_in,
};
use mailsec_core::{
    Failure,
    plan::Plan,
    product::{Captured, MailSecurityProduct},
    upgrade::Event,
};

/// Rehearses a plan; `mailsec` is the version of the program, `threads` how many may work.
///
/// # Errors
/// As [`rebuild`], or when the plan breaks a rule.
pub fn rehearse(
    product: &'static dyn MailSecurityProduct,
    captured: &Captured,
    plan: &Plan,
    mailsec: &str,
    threads: usize,
) -> Result<Rehearsal, Failure> {
    let Rebuilt { world, secrets, assumptions } = rebuild(product, captured, plan)?;
    let trial = Trial::of_plan(product, world, secrets, plan.clone())?;
    let subject = Subject::of("the plan", trial, stand_in);
    let mut result = Rehearsal::of(plan, captured.digest(), mailsec, assumptions);
    match Calm::of(&subject) {
        Ok(calm) => {
            result.calm(&subject);
            crashes::rehearse(&mut result, &subject, &calm, threads);
            troubles::rehearse(&mut result, &subject, threads);
            rollback::rehearse(&mut result, &subject, &calm, threads);
        }
        // What does not even work undisturbed need not be interrupted.
        Err(why) => result.fails_undisturbed(first_failure(&subject).unwrap_or(why)),
    }
    Ok(result)
}

/// The step at which the undisturbed run fails, and why, for whoever made the plan.
fn first_failure(subject: &Subject) -> Option<String> {
    let mut trial = subject.trial();
    trial.run(&run::helper(&trial.host));
    trial.events().into_iter().find_map(|event| match event {
        Event::StepFailed { step, failure, .. } => Some(format!("{step} fails: {failure}")),
        _ => None,
    })
}
