//! The VIPRE upgrade on the simulated server.

use mailsec_core::plan::Observation;
use mailsec_core::upgrade::{Event, Finish};
use mailsec_core::values::ServerPath;
use mailsec_crash_tests::{End, Person, Rig, request};
use mailsec_simulator::{
    CrashAt, oracle,
    worlds::{installers, vipre, vipre_45},
};
use std::collections::BTreeMap;

#[test]
fn a_calm_upgrade_succeeds() {
    let mut rig = Rig::plan(vipre_45(), &request()).unwrap();
    let person = Person::new(&rig.host, |_, _| None);
    let end = rig.run(&person);
    for e in rig.events() {
        println!("{}", serde_json::to_string(&e).unwrap().chars().take(260).collect::<String>());
    }
    assert_eq!(end, End::Finished(Finish::Succeeded));
}

#[test]
fn every_crash_point() {
    for machine in [true, false] {
        let mut req = request();
        req.installer = ServerPath::new(installers::WANTS_RESTART);
        let base = Rig::plan(vipre_45(), &req).unwrap();
        let mut rig = Rig { host: base.host.clone(), ..Rig::plan(vipre_45(), &req).unwrap() };
        let person = Person::new(&rig.host, |_, _| None);
        assert_eq!(rig.run(&person), End::Finished(Finish::Succeeded));
        let n = rig.host.points().len();
        println!("{n} points, {} events {} processes", rig.events().len(), rig.processes);
        let good = oracle::picture(&rig.host.world(), &vipre::path("Settings"));
        let mut bad = 0;
        for k in 0..n {
            let mut rig = Rig::plan(vipre_45(), &req).unwrap();
            rig.machine_crash = machine;
            rig.host.set_tape(CrashAt::new(k));
            let label = base.host.points()[k];
            let person = Person::new(&rig.host, |_, _| None);
            let end = rig.run(&person);
            let mut why = vec![];
            if end != End::Finished(Finish::Succeeded) {
                why.push(format!("{end:?}"));
                for e in rig.events().iter().rev().take(3) {
                    why.push(serde_json::to_string(&e).unwrap().chars().take(900).collect::<String>());
                }
            }
            let mut world = rig.host.world();
            world.settle(&mut mailsec_simulator::Fate::calm()).unwrap();
            let d = oracle::differences(&good, &oracle::picture(&world, &vipre::path("Settings")));
            if !d.is_empty() {
                why.push(format!("{}", d.iter().map(|d| d.to_string()).collect::<Vec<_>>().join("; ")));
            }
            for c in [
                oracle::no_mail_lost(&world),
                oracle::none_unscanned(&world),
                oracle::transport_in_effect(&world),
            ] {
                if let Err(e) = c {
                    why.push(e);
                }
            }
            let mut applied: BTreeMap<String, u32> = BTreeMap::new();
            for e in rig.events() {
                match e {
                    Event::StepApplied { step, .. }
                    | Event::StepObserved { step, observation: Observation::Applied(_) } => {
                        *applied.entry(step.to_string()).or_default() += 1
                    }
                    _ => {}
                }
            }
            for (s, c) in applied {
                if c > 1 {
                    why.push(format!("{s} applied {c} times"));
                }
            }
            if !why.is_empty() {
                bad += 1;
                println!("machine={machine} k={k} {label}: {}", why.join("\n     "));
            }
        }
        assert_eq!(bad, 0);
    }
}
