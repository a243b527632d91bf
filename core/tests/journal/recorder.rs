//! The recorder: permits only for durable intents, and none after a failure.

use crate::common::{id, options};
use mailsec_core::{
    Code,
    journal::{
        DiskJournal, Journal, MemoryJournal, Recorder,
        contract::{event, stamp},
        faulty::{Fault, FaultyDisk},
    },
    plan::{Choice, ItemAnswers, Observation, Outcome, Question},
    upgrade::{Actor, Event, GateKind},
    values::{GateId, StepId},
};
use std::{fs, sync::Arc};
use tempfile::TempDir;

fn step() -> StepId {
    StepId::new("unregister-agents")
}

fn intended(attempt: u32) -> Event {
    Event::StepIntended { step: step(), attempt, before: None }
}

fn applied() -> Event {
    Event::StepApplied { step: step(), outcome: Outcome::default() }
}

#[test]
fn the_outcome_and_the_next_intent_travel_in_one_append() {
    let mut recorder = Recorder::begin(MemoryJournal::new(), id(1));
    recorder.push(event("begin"));
    recorder.push(intended(1));
    let (permit, envelopes) = recorder.commit_intent(&step(), &stamp(0)).unwrap();
    assert_eq!((permit.seq(), permit.step(), envelopes.len()), (1, &step(), 2));
    recorder.push(applied());
    let next = StepId::new("next");
    recorder.push(Event::UndoIntended { step: next.clone(), attempt: 1 });
    let (permit, envelopes) = recorder.commit_intent(&next, &stamp(1)).unwrap();
    assert_eq!((permit.seq(), permit.upgrade(), envelopes.len(), recorder.count()), (3, id(1), 2, 4));
}

#[test]
fn only_an_intent_gives_a_permit() {
    let mut recorder = Recorder::begin(MemoryJournal::new(), id(1));
    let mut refused = |events: Vec<Event>, wanted: bool, what: &str| {
        for event in events {
            recorder.push(event);
        }
        let result = recorder.commit_intent(&step(), &stamp(0));
        assert_eq!(result.is_ok(), wanted, "{what}");
        if let Err(failure) = result {
            assert_eq!(failure.code, Code::RequestRefused);
        }
    };
    refused(vec![event("x")], false, "nothing was said of the step");
    refused(
        vec![Event::StepIntended { step: StepId::new("other"), attempt: 1, before: None }],
        false,
        "other",
    );
    refused(vec![intended(1)], true, "an intent");
    refused(vec![event("x")], true, "what does not concern the step changes nothing");
    let observation = Observation::NotApplied { evidence: Vec::new() };
    refused(vec![Event::StepObserved { step: step(), observation }], false, "observed, not intended again");
    refused(vec![intended(2)], true, "intended again");
    refused(vec![applied()], false, "done");
}

fn gate(number: u32) -> Vec<Event> {
    let gate = GateId::new(&step(), number);
    let text = || "x".to_owned();
    let question = Question {
        title: text(),
        todo: Vec::new(),
        why: text(),
        verified: text(),
        otherwise: text(),
        items: Vec::new(),
    };
    let choice = Choice::Done;
    vec![
        Event::GateOpened {
            gate: gate.clone(),
            step: step(),
            why: GateKind::Planned,
            question,
            choices: vec![choice],
        },
        Event::GateEntered { gate: gate.clone() },
        Event::GateAnswered {
            gate,
            choice,
            by: Actor("ada".into()),
            note: String::new(),
            items: ItemAnswers::new(),
        },
    ]
}

#[test]
fn an_answered_gate_lets_a_step_in_flight_go_on_and_no_other() {
    let mut recorder = Recorder::begin(MemoryJournal::new(), id(1));
    for event in gate(1) {
        recorder.push(event);
    }
    assert!(recorder.commit_intent(&step(), &stamp(0)).is_err(), "the step was never begun");
    recorder.push(intended(1));
    let mut events = gate(2).into_iter();
    recorder.push(events.next().unwrap());
    recorder.push(events.next().unwrap());
    assert!(recorder.commit_intent(&step(), &stamp(0)).is_err(), "nobody has answered");
    // After a crash the history is read again.
    let journal = recorder.into_journal();
    let (mut recorder, history) = Recorder::resume(journal, id(1)).unwrap();
    assert_eq!(history.len(), 6);
    recorder.push(events.next().unwrap());
    assert_eq!(recorder.commit_intent(&step(), &stamp(0)).unwrap().0.seq(), 3);
}

#[test]
fn after_a_failed_append_nothing_begins() {
    let root = TempDir::new().unwrap();
    let disk = Arc::new(FaultyDisk::new());
    let (mut journal, _) = DiskJournal::open(root.path(), options().disk(disk.clone())).unwrap();
    let mut recorder = Recorder::begin(&mut journal, id(1));
    recorder.push(event("begin"));
    recorder.commit(&stamp(0)).unwrap();
    disk.order(".jsonl", Fault::FlushFails { flush: 1 });
    recorder.push(intended(1));
    for _ in 0..2 {
        let failure = recorder.commit_intent(&step(), &stamp(1)).unwrap_err();
        assert_eq!(failure.code, Code::JournalUnwritable);
    }
    assert!(recorder.broken().is_some());
}

#[test]
fn with_the_reserve_in_use_what_ends_is_written_and_what_begins_waits() {
    let root = TempDir::new().unwrap();
    let disk = Arc::new(FaultyDisk::new());
    let (mut journal, _) = DiskJournal::open(root.path(), options().disk(disk.clone())).unwrap();
    journal.append(id(1), 0, &stamp(0), &[intended(1)]).unwrap();
    // The reserve is given up, and cannot be had again.
    fs::remove_file(root.path().join("ballast")).unwrap();
    drop(journal);
    disk.order("ballast", Fault::Full { write: 1, after: 10 });
    let (mut journal, _) = DiskJournal::open(root.path(), options().disk(disk.clone())).unwrap();
    let (mut recorder, _) = Recorder::resume(&mut journal, id(1)).unwrap();
    recorder.push(applied());
    let next = StepId::new("next");
    recorder.push(Event::StepIntended { step: next.clone(), attempt: 1, before: None });
    assert_eq!(recorder.commit_intent(&next, &stamp(1)).unwrap_err().code, Code::DiskFull);
    assert_eq!(recorder.buffered().len(), 2);
    assert!(recorder.broken().is_none());
    assert!(recorder.withdraw(&next));
    disk.make_room();
    assert_eq!(recorder.commit(&stamp(1)).unwrap().len(), 1);
}
