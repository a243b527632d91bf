//! One operation, cut at each crash point within it.

use super::{
    bench::Bench,
    look::{Compare, Look},
    step::{Inspection, left},
};
use crate::Check;
use mailsec_core::{
    host::Answer,
    plan::{Observation, Outcome},
    upgrade::Event,
};
use mailsec_simulator::explore::Crash;

/// Servers that a cut one is compared with.
struct References {
    /// The step had not begun.
    nothing: Look,
    /// The step had ended.
    whole: Look,
    /// It ran after all, once the server was up again.
    later: Look,
    outcome: Outcome,
}

impl<'a> Inspection<'a> {
    /// Cut at each point: what is observed, and that applying completes it.
    pub(super) fn cut(&mut self) -> bool {
        let points = match self.points() {
            Ok(points) => points,
            Err(_) => return false,
        };
        if points.is_empty() {
            return true;
        }
        Crash::BOTH.into_iter().all(|crash| {
            let Ok(references) = self.references(crash) else { return false };
            (0..points.len()).all(|point| {
                let at = format!("{crash} at point {point} ({})", points[point]);
                self.cut_once(crash, point, &at, &references)
            })
        })
    }

    /// The crash points of an undisturbed run of the step.
    pub(super) fn points(&self) -> Answer<Vec<&'static str>> {
        let mut calm = self.bench();
        calm.apply()?;
        Ok(calm.points())
    }

    /// The server after a cut, up again.
    pub(super) fn after_cut(&self, crash: Crash, point: usize) -> Bench<'a> {
        let mut bench = self.bench();
        bench.cut_at(point);
        _ = bench.apply();
        bench.come_back(crash);
        bench
    }

    fn references(&self, crash: Crash) -> Answer<References> {
        let mut nothing = self.bench();
        nothing.come_back(crash);
        let mut whole = self.bench();
        let outcome = whole.apply()?;
        whole.come_back(crash);
        let mut later = nothing.fork();
        let after = later.apply();
        let whole = self.look(&whole);
        // A step that cannot begin on a server that has just come up has no such reference.
        let later = if after.is_ok() { self.look(&later) } else { whole.clone() };
        Ok(References { nothing: self.look(&nothing), whole, later, outcome })
    }

    fn cut_once(&mut self, crash: Crash, point: usize, at: &str, references: &References) -> bool {
        let mut bench = self.after_cut(crash, point);
        let seen = bench.observe();
        if !self.only_looks() {
            let honest = match &seen {
                Ok(Observation::Applied(told)) => self
                    .same(&references.whole, &bench, Compare::TwoRuns)
                    .map_err(|why| format!("it is called applied, and is not: {why}"))
                    .and_then(|()| left(told, &references.outcome)),
                Ok(Observation::NotApplied { .. }) => self
                    .same(&references.nothing, &bench, Compare::TwoRuns)
                    .map_err(|why| format!("it is called not applied, and something is there: {why}")),
                // Partial and unknown claim nothing; so does a failure.
                _ => Ok(()),
            };
            if !self.check(Check::ObserveHalf, honest.map_err(|why| format!("{at}: {why}"))) {
                return false;
            }
        }
        if let Ok(observation) = seen {
            let applied = matches!(observation, Observation::Applied(_));
            bench.fold(&Event::StepObserved { step: self.moment.step.id.clone(), observation });
            if applied && !self.only_looks() {
                return true;
            }
        }
        let completed = match bench.apply() {
            Err(failure) => Err(format!("applying again fails: {failure}")),
            Ok(_) => self
                .same(&references.later, &bench, Compare::TwoRuns)
                .or_else(|why| self.same(&references.whole, &bench, Compare::TwoRuns).map_err(|_| why))
                .map_err(|why| format!("applied again, it is not complete: {why}")),
        };
        self.check(Check::ApplyHalf, completed.map_err(|why| format!("{at}: {why}")))
    }
}
