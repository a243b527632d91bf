//! One operation taken back: whole, twice, cut in its undo, and after a cut in its middle.

use super::{
    bench::Bench,
    look::{Compare, Look},
    step::Inspection,
};
use crate::Check;
use mailsec_core::{failure::Remedy, upgrade::Event};
use mailsec_simulator::{explore::Crash, oracle};

fn turn_back(bench: &mut Bench<'_>) {
    bench.fold(&Event::RollbackBegun { why: "the kit asks for it".to_owned() });
}

impl Inspection<'_> {
    /// Applied, and taken back: at once, twice, and with a cut at each point of the undo.
    pub(super) fn undone(&mut self) -> bool {
        let found = self.look(&self.bench());
        let mut bench = self.bench();
        if let Err(failure) = bench.applied() {
            return self.check(Check::Apply, Err(format!("applying fails: {failure}")));
        }
        turn_back(&mut bench);
        let applied = bench.fork();
        let back = self.brought_back(&mut bench, &found);
        if !self.check(Check::Undo, back) {
            return false;
        }
        if !self.again(&mut bench, "taken back at once") {
            return false;
        }
        let mut calm = applied.fork();
        _ = calm.undo();
        let points = calm.points();
        Crash::BOTH.into_iter().all(|crash| {
            let mut nothing = self.bench();
            nothing.come_back(crash);
            let found = self.look(&nothing);
            (0..points.len()).all(|point| {
                let mut bench = applied.fork();
                bench.cut_at(point);
                _ = bench.undo();
                bench.come_back(crash);
                let at = format!("{crash} at point {point} of its undo ({})", points[point]);
                let back = self.brought_back(&mut bench, &found);
                self.check(Check::UndoTwice, back.map_err(|why| format!("{at}: {why}")))
                    && self.again(&mut bench, &at)
            })
        })
    }

    /// Cut at each point, and then taken back.
    pub(super) fn undone_half(&mut self, no_return: bool) -> bool {
        let Ok(points) = self.points() else { return false };
        Crash::BOTH.into_iter().all(|crash| {
            let mut nothing = self.bench();
            nothing.come_back(crash);
            let found = self.look(&nothing);
            (0..points.len()).all(|point| {
                let mut bench = self.after_cut(crash, point);
                if let Ok(observation) = bench.observe() {
                    // What is applied whole after all, beyond the point of no return, nobody takes back.
                    let applied = matches!(observation, mailsec_core::plan::Observation::Applied(_));
                    if no_return && applied {
                        return true;
                    }
                    bench.fold(&Event::StepObserved { step: self.moment.step.id.clone(), observation });
                }
                turn_back(&mut bench);
                let at = format!("{crash} at point {point} ({})", points[point]);
                let back = match bench.undone() {
                    Ok(_) => self.as_found(&bench, &found),
                    // The former version may be beyond what a program can bring back; a person must be asked then.
                    Err(failure) if no_return && failure.remedy == Remedy::Ask && failure.hint.is_some() => {
                        self.tally.not_shown(format!(
                            "undo of {}, cut half-way: where the server shows no way back, a person is asked",
                            self.moment.step.id
                        ));
                        return self.check(Check::UndoHalf, Ok(()));
                    }
                    Err(failure) => Err(format!("taking it back fails: {failure}")),
                };
                self.check(Check::UndoHalf, back.map_err(|why| format!("{at}: {why}")))
                    && self.again(&mut bench, &at)
            })
        })
    }

    fn brought_back(&self, bench: &mut Bench<'_>, found: &Look) -> Result<(), String> {
        match bench.undone() {
            Ok(_) => self.as_found(bench, found),
            Err(failure) => Err(format!("taking it back fails: {failure}")),
        }
    }

    /// As it was found, services that can log on included.
    fn as_found(&self, bench: &Bench<'_>, found: &Look) -> Result<(), String> {
        self.same(found, bench, Compare::WayBack)
            .map_err(|why| format!("taken back, there is left: {why}"))?;
        if oracle::accounts_work(&self.moment.world).is_ok() {
            bench.host.look(oracle::accounts_work)?;
        }
        Ok(())
    }

    fn again(&mut self, bench: &mut Bench<'_>, at: &str) -> bool {
        let once = self.look(bench);
        let twice = match bench.undo() {
            Ok(_) => self.same(&once, bench, Compare::All),
            Err(failure) => Err(format!("taking it back again fails: {failure}")),
        };
        self.check(Check::UndoTwice, twice.map_err(|why| format!("{at}: {why}")))
    }
}
