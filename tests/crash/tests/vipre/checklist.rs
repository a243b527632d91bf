//! A gate with a checklist: what a person said of each item survives everything, and is asked for once.

use mailsec_core::{
    plan::{ChecklistItem, Choice, ItemAnswer, ItemAnswers, ItemId, Operation},
    upgrade::{Event, Position, Report, State},
    values::Timestamp,
};
use mailsec_crash_tests::{Calm, Crash, Subject, Takes, Trial, check, items, obliging, report, subject};
use mailsec_simulator::CrashAt;
use proptest::prelude::*;

const ITEMS: [&str; 3] = ["rule-1", "rule-2", "rule-3"];

fn planned() -> Trial {
    let trial = subject("rules exported by a person").trial();
    trial
        .with_plan(|plan| {
            for step in &mut plan.steps {
                if let Operation::CollectExport { question, .. } = &mut step.operation {
                    question.items = ITEMS
                        .map(|id| ChecklistItem {
                            id: ItemId::parse(id).unwrap(),
                            text: format!("the rule {id}"),
                        })
                        .into();
                }
            }
        })
        .unwrap()
}

/// The gates' items in the report, each with what was said of it, by whom.
fn answered(trial: &Trial) -> Vec<(String, Option<ItemAnswer>, String)> {
    let gates = trial.loaded().report.gates;
    let with_items = gates.into_iter().flat_map(|gate| {
        let by = gate.answer.map(|answer| answer.by).unwrap_or_default();
        gate.items.into_iter().map(move |line| (line.item.id.to_string(), line.answer, by.clone()))
    });
    with_items.collect()
}

#[test]
fn an_answered_checklist_survives_a_crash_at_every_point() {
    let subject = Subject::of("rules, with a checklist", planned(), obliging);
    let calm = Calm::of(&subject).unwrap();
    let mut wrong = Vec::new();
    for crash in Crash::BOTH {
        for (point, label) in calm.points.iter().enumerate() {
            let mut trial = subject.trial();
            trial.crash = Takes::Down(crash);
            trial.host.set_tape(CrashAt::new(point));
            let end = trial.run(&subject.person(&trial.host));
            let mut found = check(&subject, &trial, &end, &calm);
            let given_up = ItemAnswer::GivenUp { why: "nobody needs it any more".to_owned() };
            let expected = ITEMS.iter().zip([ItemAnswer::Done, given_up, ItemAnswer::Done]);
            let expected: Vec<_> =
                expected.map(|(id, said)| ((*id).to_owned(), Some(said), "Ada".to_owned())).collect();
            if answered(&trial) != expected {
                found.push(format!("the report has {:?}", answered(&trial)));
            }
            let times = trial.events().iter().filter(|e| matches!(e, Event::GateAnswered { .. })).count();
            if times != 1 {
                found.push(format!("it was answered {times} times"));
            }
            if !found.is_empty() {
                wrong.push(format!("{crash:?}, point {point} ({label}): {}", found.join("; ")));
            }
        }
    }
    println!("{} points, {} runs", calm.points.len(), calm.points.len() * 2);
    report(&wrong);
}

/// The events up to the open gate, and the gate.
fn at_the_gate() -> (Vec<Event>, State) {
    let mut trial = planned();
    let person = mailsec_crash_tests::Person::away(&trial.host);
    trial.run(&person);
    let state = trial.loaded().state;
    assert!(state.gate.is_some(), "no gate is open");
    (trial.events(), state)
}

fn any_answer() -> impl Strategy<Value = ItemAnswer> {
    prop_oneof![Just(ItemAnswer::Done), "\\PC{0,30}".prop_map(|why| ItemAnswer::GivenUp { why })]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever an event says of the items: it reads back as it was written, and the gate counts as answered, in the
    /// state and in the report, exactly when every item has its answer.
    #[test]
    fn an_answer_folds_only_when_it_is_whole(
        said in prop::collection::btree_map(0_usize..4, any_answer(), 0..5),
        choice in prop::sample::select(vec![Choice::Done, Choice::RollBack, Choice::Skip]),
    ) {
        static GATE: std::sync::LazyLock<(Vec<Event>, State)> = std::sync::LazyLock::new(at_the_gate);
        let (events, state) = &*GATE;
        let gate = state.gate.clone().unwrap();
        let items: ItemAnswers =
            said.into_iter().map(|(n, answer)| (ItemId::parse(&format!("rule-{}", n + 1)).unwrap(), answer)).collect();
        let by = mailsec_core::upgrade::Actor("Ada".to_owned());
        let event = Event::GateAnswered { gate: gate.id.clone(), choice, by, note: String::new(), items: items.clone() };
        let read: Event = serde_json::from_slice(&serde_json::to_vec(&event).unwrap()).unwrap();
        prop_assert_eq!(&read, &event);
        let whole = match choice {
            Choice::Done => items.len() == 3
                && !items.keys().any(|id| id.as_str() == "rule-4")
                && items.values().all(|said| !matches!(said, ItemAnswer::GivenUp { why } if why.trim().is_empty())),
            Choice::RollBack => items.is_empty(),
            _ => false,
        };
        let mut after = state.clone();
        let mut told = Report::default();
        let position = Position { at: Timestamp::from_millis(0), engine: "" };
        after.apply(position, &read);
        for event in events.iter().chain([&read]) {
            told.apply(position, event);
        }
        prop_assert_eq!(after.gate.is_none(), whole);
        let line = told.gates.last().unwrap();
        prop_assert_eq!(line.answer.is_some(), whole);
        let kept: ItemAnswers =
            line.items.iter().filter_map(|line| Some((line.item.id.clone(), line.answer.clone()?))).collect();
        prop_assert_eq!(kept, if whole { items } else { ItemAnswers::new() });
    }
}

#[test]
fn a_person_answers_every_item_and_only_with_done() {
    let (_, state) = at_the_gate();
    let gate = state.gate.unwrap();
    gate.admit(Choice::Done, &items(&gate, Choice::Done)).unwrap();
    gate.admit(Choice::RollBack, &items(&gate, Choice::RollBack)).unwrap();
}
