//! What does not go well, and what a person is told of it.

use crate::{
    rig::{Person, Rig, request},
    sim::{Mishap, Sim, id},
};
use futures::executor::block_on;
use mailsec_core::{
    Code,
    engine::Stop,
    plan::{Choice, MailState, Operation, lint},
    upgrade::{Event, Finish},
    values::Version,
};
use mailsec_eset::remote::{COMPONENT, Device, Management, assess, plan, targets};

/// Runs it to a gate.
fn gate(rig: &mut Rig) {
    let stop = rig.run(&Person::default());
    assert!(matches!(stop, Stop::GateOpen(_)), "{stop:?}");
}

fn failures(rig: &Rig) -> Vec<(Code, String)> {
    let events = rig.events().into_iter();
    events
        .filter_map(|event| match event {
            Event::StepFailed { failure, .. } => Some((failure.code, failure.found.unwrap_or_default())),
            _ => None,
        })
        .collect()
}

#[test]
fn devices_that_fail_are_named_and_the_others_are_not_touched_again() {
    let mut rig = Rig::new(Sim::new(3), false);
    rig.sim.tenant().fails = vec![id(2)];
    gate(&mut rig);
    let (code, found) = failures(&rig).pop().unwrap();
    assert_eq!((code, found.as_str()), (Code::DeviceTask, r#"EX2: failed, {"exit":1603}"#));
    // Put right on the device, and run there again from the console.
    rig.sim.tenant().fails.clear();
    assert_eq!(rig.run(&Person::who_says(&[Choice::Retry])), Stop::Finished(Finish::Succeeded));
    assert_eq!(rig.sim.tenant().tasks.len(), 1);
}

#[test]
fn a_device_that_is_switched_off_is_waited_for_and_then_named() {
    let mut rig = Rig::new(Sim::new(3), false);
    rig.sim.tenant().needs.insert(id(3), None);
    gate(&mut rig);
    let (code, found) = failures(&rig).pop().unwrap();
    assert_eq!(code, Code::TimeLimit);
    assert!(found.starts_with("EX3: not begun, last seen 2026-01-10T"), "{found}");
    rig.sim.tenant().needs.insert(id(3), Some(0));
    assert_eq!(rig.run(&Person::who_says(&[Choice::Retry])), Stop::Finished(Finish::Succeeded));
    assert_eq!(rig.sim.tenant().tasks.len(), 1, "it is the same task that the device then begins");
}

#[test]
fn two_tasks_with_the_same_mark_are_a_persons_to_judge() {
    let mut rig = Rig::new(Sim::new(3), false);
    rig.sim.tenant().mishaps.push_back(Mishap::Two);
    gate(&mut rig);
    assert_eq!(failures(&rig), [(Code::DeviceTaskUnclear, "task-1, task-2".to_owned())]);
    assert_eq!(rig.sim.tenant().tasks.len(), 2, "no third");
}

#[test]
fn a_task_of_another_origin_is_not_taken_for_ones_own() {
    let mut rig = Rig::new(Sim::new(3), false);
    rig.sim.tenant().mishaps.push_back(Mishap::Another);
    gate(&mut rig);
    assert_eq!(failures(&rig), [(Code::DeviceTaskUnclear, "task older, \"by hand\"".to_owned())]);
    assert_eq!(rig.run(&Person::who_says(&[Choice::Retry])), Stop::Finished(Finish::Succeeded));
    assert_eq!(rig.sim.tenant().tasks.len(), 1);
}

#[test]
fn a_refused_task_leaves_nothing_and_is_tried_again_when_a_person_says_so() {
    let mut rig = Rig::new(Sim::new(3), false);
    rig.sim.tenant().mishaps.push_back(Mishap::Refused);
    gate(&mut rig);
    assert_eq!(rig.sim.tenant().tasks.len(), 0);
    assert_eq!(rig.run(&Person::who_says(&[Choice::Retry])), Stop::Finished(Finish::Succeeded));
}

#[test]
fn a_server_that_is_away_while_the_devices_work_is_waited_for() {
    let mut rig = Rig::new(Sim::new(3), false);
    rig.sim.tenant().away = 25;
    assert_eq!(rig.run(&Person::default()), Stop::Finished(Finish::Succeeded));
    assert_eq!((rig.sim.tenant().away, failures(&rig).len()), (0, 0));
    assert_eq!(rig.sim.tenant().tasks.len(), 1);
}

#[test]
fn a_device_that_changed_since_the_plan_was_made_stops_it_before_anything_is_done() {
    for change in [
        |devices: &mut Vec<Device>| drop(devices.remove(0)),
        |devices: &mut Vec<Device>| devices.push(devices[0].clone()),
        |devices: &mut Vec<Device>| devices[0].uuid = id(9),
        |devices: &mut Vec<Device>| devices[0].deployed_components.truncate(1),
        |devices: &mut Vec<Device>| {
            let twice = devices[0].deployed_components[1].clone();
            devices[0].deployed_components.push(twice);
        },
    ] {
        let mut rig = Rig::new(Sim::new(2), false);
        change(&mut rig.sim.tenant().devices);
        assert_eq!(rig.run(&Person::default()), Stop::Finished(Finish::RolledBack));
        let (code, _) = failures(&rig).pop().unwrap();
        assert!(matches!(code, Code::DeviceUnfit | Code::PlanStale), "{code}");
        assert!(rig.sim.tenant().tasks.is_empty());
    }
}

#[test]
fn nothing_is_said_of_mail_that_nobody_sees() {
    let mut rig = Rig::new(Sim::new(1), false);
    rig.run(&Person::default());
    let loaded = rig.loaded();
    assert_eq!(loaded.state.ledger.now(), None);
    assert!(loaded.report.elsewhere && loaded.report.mail_changes.is_empty());
}

#[test]
fn a_plan_that_acts_elsewhere_does_nothing_here() {
    let mut plan = Rig::new(Sim::new(1), false).plan;
    plan.steps[0].operation = Operation::ProbeMail;
    plan.steps[1].mail = Some(mailsec_core::plan::MailImpact {
        during: MailState::GOOD,
        after: MailState::GOOD,
        typical_secs: 1,
        limit_secs: 1,
    });
    let rules: Vec<String> = lint(&plan).into_iter().map(|failure| failure.message).collect();
    assert!(rules.iter().any(|rule| rule.contains("here or elsewhere")), "{rules:?}");
    assert!(rules.iter().any(|rule| rule.contains("says nothing of mail")), "{rules:?}");
}

#[test]
fn a_plan_is_made_only_for_devices_that_need_it() {
    let sim = Sim::new(2);
    let devices = block_on(sim.devices()).unwrap();
    let named = |names: &[&str]| {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        targets(&devices, &names, COMPONENT)
    };
    for wrong in [&["EX9"][..], &["EX1", "ex1"]] {
        assert_eq!(named(wrong).unwrap_err().code, Code::DeviceUnfit, "{wrong:?}");
    }
    let both = named(&["ex1", "EX2"]).unwrap();
    let mut request = request(false);
    assert!(plan(&request, &both, mailsec_core::host::Clock::now(&sim), "0").is_ok());
    request.version = Version::parse("10.0").unwrap();
    let failure = plan(&request, &both, mailsec_core::host::Clock::now(&sim), "0").unwrap_err();
    assert_eq!(failure.code, Code::VersionNotNewer);
    assert_eq!(
        plan(&request, &[], mailsec_core::host::Clock::now(&sim), "0").unwrap_err().code,
        Code::BadArgument
    );
}

#[test]
fn a_device_that_is_not_well_or_not_seen_is_warned_of() {
    let sim = Sim::new(2);
    let mut devices = block_on(sim.devices()).unwrap();
    devices[0].functionality_status = "DEVICE_FUNCTIONALITY_STATUS_ODD".to_owned();
    devices[1].last_sync_time = None;
    let names = ["EX1".to_owned(), "EX2".to_owned()];
    let targets = targets(&devices, &names, COMPONENT).unwrap();
    let said: Vec<String> = assess(&devices, &targets, mailsec_core::host::Clock::now(&sim))
        .into_iter()
        .map(|finding| finding.message)
        .collect();
    assert_eq!(said.len(), 3, "{said:?}");
}
