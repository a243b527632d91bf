//! What simulated upgrades write, and what they do not meet.

use crate::products::REHEARSABLE;
use mailsec_core::{
    host::{BootIdentity, ServiceName},
    plan::{
        Choice, ClusterNode, ItemAnswer, ItemId, KeptFile, Operation, Outcome, Phase, Plan, Snapshot, Step,
        cluster_plan,
    },
    upgrade::{Actor, Event},
    values::{Digest, GateId, NodeName, ServerPath, StepId, Timestamp, UpgradeId},
};
use mailsec_simulator::{cases, explore::Medium, people::Person, swarm::Arena};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Upgrades of every case, with random trouble.
pub(super) fn played() -> Vec<Vec<Event>> {
    let mut all = Vec::new();
    for (case, first) in cases::all().zip((0..).step_by(3)) {
        let arena = Arena::of(&REHEARSABLE, case, Medium::Typed).expect("an arena");
        all.extend((first..first + 3).map(|seed| arena.play(seed).played.trial.events()));
    }
    all
}

/// Upgrades of every case, without trouble and with a person who does what is asked.
pub(super) fn calm() -> Vec<Vec<Event>> {
    let run = |case: &cases::Case| {
        let mut trial = case.subject(&REHEARSABLE).expect("a plan").trial();
        let person = Person::new(&trial.host, case.deed);
        trial.run(&person);
        trial.events()
    };
    cases::all().map(run).collect()
}

/// What tells one event from others of its kind: the words in it that say which variant of something stands there.
pub(super) fn shape(event: &Event) -> BTreeSet<String> {
    fn collect(value: &Value, words: &mut BTreeSet<String>) {
        match value {
            Value::Array(list) => list.iter().for_each(|it| collect(it, words)),
            Value::Object(fields) => {
                let tags =
                    ["kind", "is", "of"].map(|tag| fields.get(tag).map(|word| format!("{tag} {word}")));
                // Evidence too is *of* something, in words of its own.
                words.extend(tags.into_iter().flatten().filter(|_| !fields.contains_key("seen")));
                fields.values().for_each(|it| collect(it, words));
            }
            _ => {}
        }
    }
    let mut words = BTreeSet::new();
    collect(&serde_json::to_value(event).expect("plain data"), &mut words);
    words
}

/// What these upgrades do not write.
pub(super) fn unmet() -> Vec<Event> {
    let boot = Snapshot::Boot { boot: BootIdentity("boot-1".into()) };
    let file = || KeptFile {
        path: ServerPath::new(r"C:\Backup\settings.xml"),
        size: 1,
        digest: Digest::of(b"settings"),
    };
    let vendor = Snapshot::Vendor {
        values: [("build".to_owned(), "1".to_owned())].into(),
        files: [("settings".to_owned(), file())].into(),
    };
    let step = StepId::new("restart");
    let applied = [boot, vendor].map(|output| Event::StepApplied {
        step: step.clone(),
        outcome: Outcome::changed("done").output(output),
    });
    let answer = |text: &str| ItemAnswer::parse(text).expect("an answer");
    let items = [("a", answer("done")), ("b", answer("given-up: not used"))];
    let answered = Event::GateAnswered {
        gate: GateId::new(&step, 1),
        choice: Choice::Done,
        by: Actor("ada".to_owned()),
        note: "seen to".to_owned(),
        items: items.map(|(id, answer)| (ItemId::parse(id).expect("a name"), answer)).into(),
    };
    [applied.as_slice(), &[answered]].concat()
}

/// Plans of all that can be simulated, and a cluster's.
pub(super) fn plans() -> Vec<Plan> {
    let plan = |case: &cases::Case| (*case.subject(&REHEARSABLE).expect("a plan").planned().plan).clone();
    let mut all: Vec<Plan> = cases::all().map(plan).collect();
    let nodes: Vec<ClusterNode> = ["node-1", "node-2"]
        .map(|name| {
            let plan = Plan { server: name.to_owned(), ..all[0].clone() };
            ClusterNode {
                node: NodeName::parse(name).expect("a name"),
                plan,
                upgrade: UpgradeId::from_u128(7),
            }
        })
        .into();
    // What no product's plan has by itself.
    let service = ServiceName::transport();
    let steps = [Operation::StopService { service }, Operation::ProveScanning]
        .map(|operation| Step::new("by-hand", Phase::Verify, "by hand", "", operation));
    all.push(Plan { steps: steps.into(), ..all[0].clone() });
    let made = Timestamp::from_millis(0);
    all.push(cluster_plan(&nodes, true, "ADMIN", made, "0.1.0").expect("a cluster's plan"));
    all
}

/// One step of each operation, by its word.
pub(super) fn steps(plans: &[Plan]) -> BTreeMap<String, Step> {
    let word = |step: &Step| serde_json::to_value(&step.operation).expect("plain data")["do"].to_string();
    plans.iter().flat_map(|plan| &plan.steps).map(|step| (word(step), step.clone())).collect()
}
