//! What goes wrong on servers, by name: it strikes after the plan was made, and nobody is there. Each row says how
//! the upgrade ends with mail held, and with mail let through. Wherever it ends as rolled back, or a gate waits
//! before anything was detached, the server is as it was.

use mailsec_core::{
    plan::{Choice, UnscannedPolicy},
    upgrade::Finish,
};
use mailsec_crash_tests::{End, Person, Trial, plan, request, unchanged};
use mailsec_simulator::{
    Fault, catalogue, oracle,
    worlds::{named_faults, vipre_45},
};

/// How an upgrade ended, in short.
fn run(fault: &Fault, unscanned: UnscannedPolicy) -> (String, Trial) {
    let mut wanted = request();
    wanted.unscanned = unscanned;
    let mut trial = plan(vipre_45(), &wanted).unwrap().struck_by(|world| fault.apply(world));
    let end = match trial.run(&Person::away(&trial.host)) {
        End::Finished(how) => format!("{how:?}"),
        End::Waiting(gate) => format!("asks: {gate}"),
        other => format!("{other:?}"),
    };
    (end, trial)
}

const TABLE: &[(&str, &str, &str)] = &[
    ("installer wants a restart", "Succeeded", "Succeeded"),
    ("installer has begun a restart", "Succeeded", "Succeeded"),
    ("another installation runs", "Succeeded", "Succeeded"),
    ("installer fails", "RolledBack", "RolledBack"),
    ("installer is cancelled", "asks: run-installer#1", "asks: run-installer#1"),
    ("wrong password", "asks: prove-credentials#1", "asks: prove-credentials#1"),
    ("locked agent assembly", "Succeeded", "Succeeded"),
    ("locked agent assembly fails the installer", "RolledBack", "RolledBack"),
    ("missing assembly after the installation", "asks: register-agents#1", "asks: register-agents#1"),
    ("spontaneous reboot", "Succeeded", "Succeeded"),
    ("disk full", "RolledBack", "RolledBack"),
    ("unreadable settings file", "RolledBack", "RolledBack"),
    ("restart does not happen", "Succeeded", "Succeeded"),
    ("service does not start", "Succeeded", "Succeeded"),
    ("transport does not start", "asks: release-mail#1", "RolledBack"),
    ("mail is refused", "asks: probe-mail#1", "asks: probe-mail#1"),
    ("agents.config is damaged", "RolledBack", "RolledBack"),
    ("directory unreachable", "RolledBack", "RolledBack"),
    ("console does not close", "Succeeded", "Succeeded"),
];

#[test]
fn every_named_fault_ends_in_a_safe_state() {
    let mut found = Vec::new();
    for (name, fault) in named_faults() {
        let ends = [UnscannedPolicy::Hold, UnscannedPolicy::Allow].map(|unscanned| {
            let (end, trial) = run(&fault, unscanned);
            if end == "RolledBack" {
                assert_eq!(unchanged(&trial.before, &trial), [""; 0], "{name}, {unscanned:?}");
            }
            // Only the first run had the fault's worst; a person who puts it right gets to the end.
            if end.starts_with("asks") {
                put_right_and_retry(trial, name);
            }
            end
        });
        found.push((name, ends));
    }
    let table: Vec<_> =
        TABLE.iter().map(|(name, held, allowed)| (*name, [held.to_string(), allowed.to_string()])).collect();
    assert_eq!(found, table);
}

fn put_right_and_retry(mut trial: Trial, name: &str) {
    trial.change(|world| catalogue::put_right(world, &vipre_45()));
    let person =
        Person::new(&trial.host, |_, gate, _| gate.choices.contains(&Choice::Retry).then_some(Choice::Retry));
    assert_eq!(trial.run(&person), End::Finished(Finish::Succeeded), "{name}");
    assert_eq!(oracle::transport_in_effect(&trial.host.world()), Ok(()), "{name}");
}
