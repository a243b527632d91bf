//! One crash at every point of a run.

use crate::{Calm, Case, check};
use mailsec_simulator::CrashAt;

/// What a crash takes down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Crash {
    /// The machine: a power cut.
    Machine,
    /// The process: a kill.
    Process,
}

impl Crash {
    /// Both.
    pub const BOTH: [Self; 2] = [Self::Machine, Self::Process];
}

/// Crashes once at each point of each of these plans, both ways; says what went wrong.
#[must_use]
pub fn every_point(cases: &[Case]) -> Vec<String> {
    cases.iter().flat_map(every_point_of).collect()
}

/// As [`every_point`], of one plan.
#[must_use]
pub fn every_point_of(case: &Case) -> Vec<String> {
    let planned = match case.rig() {
        Ok(rig) => rig,
        Err(findings) => return vec![format!("{}: no plan: {findings:?}", case.name)],
    };
    let calm = match Calm::of(case, &planned) {
        Ok(calm) => calm,
        Err(wrong) => return vec![wrong],
    };
    let mut all = Vec::new();
    for crash in Crash::BOTH {
        for (point, label) in calm.points.iter().enumerate() {
            let mut rig = planned.again();
            rig.machine_crash = crash == Crash::Machine;
            rig.host.set_tape(CrashAt::new(point));
            let end = rig.run(&case.person(&rig.host));
            let wrong = check(case, &rig, &end, &calm);
            if !wrong.is_empty() {
                all.push(format!("{}, {crash:?}, point {point} ({label}): {}", case.name, wrong.join("; ")));
            }
        }
    }
    println_points(case, &calm);
    all
}

#[allow(clippy::print_stdout, reason = "seen with --nocapture only")]
fn println_points(case: &Case, calm: &Calm) {
    println!("{}: {} points, {} runs", case.name, calm.points.len(), calm.points.len() * 2);
}

/// Fails with everything that went wrong, one line each.
///
/// # Panics
/// When something did.
pub fn report(wrong: &[String]) {
    let shown: Vec<&str> = wrong.iter().take(12).map(String::as_str).collect();
    assert!(wrong.is_empty(), "{} went wrong:\n{}", wrong.len(), shown.join("\n"));
}
