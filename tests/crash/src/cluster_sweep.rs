//! A cluster that is interrupted everywhere: at every journal boundary and every effect of its own run, and of each node's
//! upgrade.

use crate::{Cluster, Crash, End};
use mailsec_core::upgrade::Finish;
use mailsec_simulator::{CrashAt, oracle::Picture};
use std::{
    collections::BTreeMap,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

type Make = fn() -> Cluster;

/// Runs that were interrupted, and what was wrong after them.
pub struct Swept {
    /// How many.
    pub runs: usize,
    /// What was wrong.
    pub wrong: Vec<String>,
}

/// A run that nobody interrupts, and what it comes to.
fn calm(make: Make) -> (Cluster, BTreeMap<String, Picture>) {
    let mut calm = make();
    let end = calm.run();
    assert_eq!(
        end,
        End::Finished(Finish::Succeeded),
        "without a crash: {:?}",
        calm.wrong(&end, &BTreeMap::new())
    );
    let names: Vec<String> = calm.order.iter().map(|node| node.node.to_string()).collect();
    let pictures = names.into_iter().map(|name| (name.clone(), calm.picture(&name))).collect();
    (calm, pictures)
}

/// One crash at every point of the cluster's own run.
#[must_use]
pub fn every_point_of_the_run(make: Make) -> Swept {
    let (calm, pictures) = calm(make);
    let mut swept = Swept { runs: 0, wrong: Vec::new() };
    for crash in Crash::BOTH {
        for (point, label) in calm.host.points().iter().enumerate() {
            let mut cluster = make();
            cluster.machine_crash = crash == Crash::Machine;
            cluster.host.set_tape(CrashAt::new(point));
            let end = cluster.run();
            let found = cluster.wrong(&end, &pictures);
            if !found.is_empty() {
                swept.wrong.push(format!("{crash:?}, point {point} ({label}): {}", found.join("; ")));
            }
            swept.runs += 1;
        }
    }
    swept
}

/// One crash at every point of every node's upgrade.
#[must_use]
pub fn every_point_of_the_nodes(make: Make) -> Swept {
    let (calm, pictures) = calm(make);
    let mut rows = Vec::new();
    for crash in Crash::BOTH {
        for node in &calm.order {
            let points = calm.nodes.with(node.node.as_str(), |member| member.host.points());
            let row = |(point, label)| (crash, node.node.to_string(), point, label);
            rows.extend(points.into_iter().enumerate().map(row));
        }
    }
    let (next, wrong) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let run = |crash: Crash, name: &str, point: usize, label: &str| {
        let mut cluster = make();
        cluster.nodes.with(name, |member| {
            member.machine_crash = crash == Crash::Machine;
            member.host.set_tape(CrashAt::new(point));
        });
        let end = cluster.run();
        let found = cluster.wrong(&end, &pictures);
        if !found.is_empty() {
            let text = format!("{crash:?}, {name}, point {point} ({label}): {}", found.join("; "));
            wrong.lock().unwrap_or_else(PoisonError::into_inner).push(text);
        }
    };
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(2, usize::from) {
            scope.spawn(|| {
                while let Some((crash, name, point, label)) = rows.get(next.fetch_add(1, Ordering::Relaxed)) {
                    run(*crash, name, *point, label);
                }
            });
        }
    });
    Swept { runs: rows.len(), wrong: wrong.into_inner().unwrap_or_else(PoisonError::into_inner) }
}
