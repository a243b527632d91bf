//! Killed before, in and after every append and every call, alone and in pairs: each task is created once, no device
//! runs it twice, and the end is the same.

use crate::{
    rig::{Person, Rig},
    sim::{Mishap, NEW, Sim},
};
use mailsec_core::{
    engine::Stop,
    plan::Observation,
    upgrade::{Event, Finish},
    values::Version,
};
use mailsec_eset::remote::COMPONENT;
use std::collections::BTreeMap;

/// What must be the same after every run.
#[derive(Debug, PartialEq, Eq)]
struct End {
    stop: Stop,
    /// What each task did, and on which devices.
    tasks: Vec<(String, Vec<String>)>,
    versions: Vec<Option<Version>>,
    /// How often each step came to its effect.
    steps: BTreeMap<String, u32>,
}

fn end(rig: &mut Rig) -> End {
    let stop = rig.run(&Person::default());
    let mut steps = BTreeMap::new();
    for event in rig.events() {
        if let Event::StepApplied { step, .. }
        | Event::StepObserved { step, observation: Observation::Applied(_) } = event
        {
            *steps.entry(step.to_string()).or_default() += 1;
        }
    }
    let tenant = rig.sim.tenant();
    End {
        stop,
        tasks: tenant
            .tasks
            .iter()
            .map(|task| (task.action.clone(), task.began.iter().map(ToString::to_string).collect()))
            .collect(),
        versions: tenant
            .devices
            .iter()
            .map(|device| device.components(COMPONENT).next().and_then(|part| part.version()))
            .collect(),
        steps,
    }
}

fn calm(restart: bool) -> (End, Vec<&'static str>) {
    let mut rig = Rig::new(Sim::new(3), restart);
    let from = rig.sim.points().len();
    let end = end(&mut rig);
    let points = rig.sim.points()[from..].to_vec();
    (end, points)
}

#[test]
fn the_calm_run_upgrades_three_devices_with_one_task_each_step() {
    let (end, points) = calm(true);
    assert_eq!(end.stop, Stop::Finished(Finish::Succeeded));
    let all = ["device-1", "device-2", "device-3"].map(str::to_owned).to_vec();
    assert_eq!(end.tasks, [("RunCommand".to_owned(), all.clone()), ("ShutdownComputer".to_owned(), all)]);
    let new = Some(Version::parse(NEW).unwrap());
    assert_eq!(end.versions, [new.clone(), new.clone(), new]);
    assert_eq!(end.steps.len(), 6);
    assert!(end.steps.values().all(|count| *count == 1), "{:?}", end.steps);
    assert!(points.len() > 40, "{points:?}");
}

#[test]
fn killed_at_every_point_it_creates_each_task_once_and_ends_the_same() {
    let (expected, points) = calm(true);
    for (at, label) in points.iter().enumerate() {
        let mut rig = Rig::new(Sim::new(3), true);
        rig.sim.die_at(rig.sim.points().len() + at);
        assert_eq!(end(&mut rig), expected, "killed at point {at}, {label}");
    }
}

#[test]
fn killed_twice_anywhere_it_creates_each_task_once_and_ends_the_same() {
    let (expected, points) = calm(false);
    for first in 0..points.len() {
        for second in 1..12 {
            let mut rig = Rig::new(Sim::new(3), false);
            rig.sim.die_at(rig.sim.points().len() + first);
            assert!(rig.process(&Person::default()).is_err());
            rig.sim.power_on();
            rig.sim.die_at(rig.sim.points().len() + second);
            assert_eq!(end(&mut rig), expected, "killed at {first} and {second} later");
        }
    }
}

#[test]
fn whatever_becomes_of_the_request_and_wherever_it_is_killed_there_is_one_task() {
    let (expected, points) = calm(false);
    for mishap in [Mishap::LostBefore, Mishap::LostAfter, Mishap::Late(40), Mishap::Late(179)] {
        for at in 0..points.len() {
            let mut rig = Rig::new(Sim::new(3), false);
            rig.sim.tenant().mishaps.push_back(mishap);
            rig.sim.die_at(rig.sim.points().len() + at);
            assert_eq!(end(&mut rig), expected, "{mishap:?}, killed at point {at}");
        }
    }
}
