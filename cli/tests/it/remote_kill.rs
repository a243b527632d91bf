//! The real process is killed with `kill -9` while the management server holds each of its requests - come and not yet
//! done, done and not yet answered - and as soon as each envelope is in its journal. The next process meets the same
//! tasks, creates none a second time, and brings the upgrade to its end.

use crate::harness::{Ran, Tenant};
use mailsec_core::{journal::WitnessState, plan::Observation, upgrade::Event};
use mailsec_eset_connect_standin::Moment;
use std::{
    collections::BTreeMap,
    process::{Child, Stdio},
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    time::{Duration, Instant},
};

const THREE: [&str; 3] = ["EX1", "EX2", "EX3"];
/// After this a process hangs.
const HANGS: Duration = Duration::from_secs(60);

fn planned() -> Tenant {
    let tenant = Tenant::new(&THREE);
    // Runs end at the second look, so that there is a wait to be killed in.
    tenant.server.tenant().device("EX3").looks = Some(1);
    tenant.plans(&THREE, &["--settle", "2"]).exits(0);
    tenant
}

fn begin(tenant: &Tenant) -> Child {
    tenant.runs().stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

fn applied(tenant: &Tenant) -> BTreeMap<String, u32> {
    let mut counts = BTreeMap::new();
    for envelope in tenant.witnessed().map(|found| found.envelopes).unwrap_or_default() {
        if let Some(
            Event::StepApplied { step, .. }
            | Event::StepObserved { step, observation: Observation::Applied(_) },
        ) = envelope.event.known()
        {
            *counts.entry(step.to_string()).or_default() += 1;
        }
    }
    counts
}

/// What is wrong after the next process.
fn after(tenant: &Tenant, killed: Child, calm: &BTreeMap<String, u32>) -> Vec<String> {
    let mut wrong = Vec::new();
    let ran = killed.wait_with_output().map(Ran::from).unwrap();
    // Killed at its very end it may be gone before.
    if ran.signal != Some(9) && ran.code != Some(0) {
        wrong.push(format!("it was not killed:\n{ran}"));
    }
    let began = tenant.witnessed().is_some_and(|found| !found.envelopes.is_empty());
    let ran = if began { tenant.run(["resume"]) } else { tenant.runs().output().map(Ran::from).unwrap() };
    let over = ran.code == Some(30) && ran.stderr.contains("this upgrade is over");
    if ran.code != Some(0) && !over {
        wrong.push(format!("it did not succeed:\n{ran}"));
    }
    let server = tenant.server.tenant();
    if server.created != 1 || server.tasks.len() != 1 || server.tasks[0].begun.len() != 3 {
        wrong.push(format!("{} tasks were created: {:?}", server.created, server.tasks));
    }
    let steps = applied(tenant);
    if steps != *calm {
        wrong.push(format!("the steps were applied {steps:?}"));
    }
    let state = tenant.witnessed().map(|found| found.state);
    if state != Some(WitnessState::Whole) {
        wrong.push(format!("the journal is {state:?}"));
    }
    wrong
}

/// A run in which nothing goes wrong: its requests, its envelopes, and how often each step came to its effect.
fn calm() -> (usize, usize, BTreeMap<String, u32>) {
    let tenant = planned();
    let before = tenant.server.tenant().seen.len();
    begin(&tenant).wait_with_output().map(Ran::from).unwrap().exits(0);
    let requests = tenant.server.tenant().seen.len() - before;
    let steps = applied(&tenant);
    assert!(steps.len() == 4 && steps.values().all(|count| *count == 1), "{steps:?}");
    (requests, tenant.witnessed().unwrap().envelopes.len(), steps)
}

/// Each row on one of as many threads as there are cores; what was wrong in any.
fn rows<R: Sync>(rows: &[R], row: impl Fn(&R) -> Vec<String> + Sync) {
    let (next, wrong) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let workers = std::thread::available_parallelism().map_or(2, |count| count.get());
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                while let Some(one) = rows.get(next.fetch_add(1, Ordering::Relaxed)) {
                    wrong.lock().unwrap().extend(row(one));
                }
            });
        }
    });
    let wrong = wrong.into_inner().unwrap();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn killed_at_every_request_it_creates_one_task_and_ends_the_same() {
    let (requests, _, steps) = calm();
    assert!(requests >= 8, "{requests}");
    let all: Vec<_> = (0..requests).flat_map(|at| [(at, Moment::Come), (at, Moment::Done)]).collect();
    rows(&all, |&(at, moment)| {
        let tenant = planned();
        let (reached, waits) = mpsc::channel();
        let (release, held) = mpsc::channel::<()>();
        let mut passed = 0;
        tenant.server.tenant().hook = Some(Box::new(move |_, now| {
            if now != moment {
                return;
            }
            if passed == at {
                reached.send(()).unwrap();
                _ = held.recv();
            }
            passed += 1;
        }));
        let mut child = begin(&tenant);
        waits.recv_timeout(HANGS).unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        drop(release);
        after(&tenant, child, &steps)
            .into_iter()
            .map(|what| format!("request {at}, {moment:?}: {what}"))
            .collect()
    });
}

#[test]
fn killed_after_every_envelope_it_creates_one_task_and_ends_the_same() {
    let (_, envelopes, steps) = calm();
    let all: Vec<usize> = (1..=envelopes).collect();
    rows(&all, |&count| {
        let tenant = planned();
        let mut child = begin(&tenant);
        let began = Instant::now();
        while tenant.witnessed().map_or(0, |found| found.envelopes.len()) < count {
            assert!(began.elapsed() < HANGS, "it does not come to envelope {count}");
            std::thread::sleep(Duration::from_millis(1));
        }
        _ = child.kill();
        child.wait().unwrap();
        after(&tenant, child, &steps).into_iter().map(|what| format!("envelope {count}: {what}")).collect()
    });
}
