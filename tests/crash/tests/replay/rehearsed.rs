//! A plan that had been rehearsed: the event stands between the plan and the start, and replays too.

use crate::replays;
use mailsec_core::{
    journal::{Journal, Stamp},
    upgrade::{Event, Finish, Rehearsed, Verdict},
    values::Digest,
};
use mailsec_crash_tests::{Crash, End, subject};
use mailsec_simulator::{CrashAt, explore::Takes};

#[test]
fn a_run_whose_plan_was_rehearsed_replays_to_its_own_head() {
    let subject = subject("silent, held");
    for point in [3, 40, 80] {
        let mut trial = subject.trial();
        let planned = trial.envelopes().remove(0);
        let stamp = Stamp { at: planned.at, boot: planned.boot, engine: planned.engine };
        let event = Event::Rehearsed(Rehearsed {
            plan: trial.plan.hash(),
            result: Digest::of(b"result"),
            runs: 334,
            verdict: Verdict::Converged,
            mailsec: "0.1.0".to_owned(),
            other_facts: false,
        });
        trial.journal.append(trial.upgrade, 1, &stamp, &[event]).expect("a journal in memory");
        trial.crash = Takes::Down(Crash::Machine);
        trial.host.set_tape(CrashAt::new(point));
        assert_eq!(trial.run(&subject.person(&trial.host)), End::Finished(Finish::Succeeded));
        assert_eq!(replays(&trial), None);
    }
}
