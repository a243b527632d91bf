//! What holds whatever happens: random trouble, random people, random histories.

use mailsec_core::{
    plan::Choice,
    upgrade::{Event, Finish, Position, Request, State, next},
    values::Timestamp,
};
use mailsec_crash_tests::{
    ALL, Crash, End, Person, Subject, Takes, Trial, installs, planned, saves_rules, subject, unchanged,
};
use mailsec_simulator::{Swarm, oracle};
use proptest::prelude::*;
use std::sync::{
    LazyLock,
    atomic::{AtomicUsize, Ordering},
};

static PLANNED: LazyLock<Vec<Subject>> = LazyLock::new(|| ALL.iter().map(planned).collect());

/// Every event of a few runs that went different ways.
static HISTORY: LazyLock<Vec<Event>> = LazyLock::new(|| {
    let mut events = Vec::new();
    for (name, request) in [
        ("silent, held, with a restart", None),
        ("silent, unscanned", Some(Request::Cancel)),
        ("attended, unscanned, with a restart", Some(Request::Pause)),
        ("account created, password generated", Some(Request::RollBack)),
    ] {
        let mut trial = subject(name).trial();
        trial.host.set_tape(Swarm::new(7, 40));
        let mut person = subject(name).person(&trial.host);
        if let Some(request) = request {
            person = person.asking(11, request);
        }
        trial.run(&person);
        events.extend(trial.events());
    }
    events
});

fn requests() -> impl Strategy<Value = Option<(usize, Request)>> {
    let any = prop_oneof![
        Just(Request::Pause),
        Just(Request::Cancel),
        Just(Request::RollBack),
        Just(Request::Abandon),
        Just(Request::Resume)
    ];
    prop::option::weighted(0.3, (0_usize..40, any))
}

/// Answers gates by a list of numbers; beyond the list, with what leads on.
fn whimsical(trial: &Trial, picks: Vec<usize>) -> Person {
    let asked = AtomicUsize::new(0);
    Person::new(&trial.host, move |host, gate, state| {
        let turn = asked.fetch_add(1, Ordering::Relaxed);
        assert!(!gate.choices.is_empty(), "a gate without a way out: {gate:?}");
        let pick = picks.get(turn).map_or(gate.choices[0], |pick| gate.choices[pick % gate.choices.len()]);
        if pick == Choice::Done {
            installs(host, gate, state);
            saves_rules(host, gate, state);
        }
        // Not for ever: whoever is asked that often gives up.
        Some(if turn > 60 { Choice::Abandon } else { pick })
    })
}

/// So many cases, or as many as `PROPTEST_CASES` says.
fn config(cases: u32) -> ProptestConfig {
    let wanted = std::env::var("PROPTEST_CASES").ok().and_then(|text| text.parse().ok());
    ProptestConfig { cases: wanted.unwrap_or(cases), failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config(700))]

    /// Faults of every kind, crashes, requests and whimsical answers: each run comes to an end that is allowed, loses
    /// no mail, and where mail is held, lets none through unscanned.
    #[test]
    fn whatever_happens_it_ends_well_or_asks(
        which in 0..ALL.len(),
        seed in any::<u64>(),
        per_mille in 0_u64..60,
        machine in any::<bool>(),
        picks in prop::collection::vec(0_usize..4, 0..6),
        wish in requests(),
    ) {
        let subject = &PLANNED[which];
        let mut trial = subject.trial();
        trial.crash = Takes::Down(if machine { Crash::Machine } else { Crash::Process });
        trial.host.set_tape(Swarm::new(seed, per_mille));
        let mut person = whimsical(&trial, picks);
        if let Some((turn, request)) = wish {
            person = person.asking(turn, request);
        }
        let mut end = trial.run(&person);
        if end == End::Paused {
            end = trial.run(&whimsical(&trial, Vec::new()).asking(0, Request::Resume));
        }
        prop_assert!(matches!(end, End::Finished(_)), "{}: {:?}", subject.name, end);
        let world = trial.host.world();
        prop_assert_eq!(oracle::no_mail_lost(&world), Ok(()), "{}", subject.name);
        if subject.holds() {
            prop_assert_eq!(oracle::none_unscanned(&world), Ok(()), "{}", subject.name);
        }
        let left_out = trial.events().iter().any(|event| matches!(
            event, Event::GateAnswered { choice: Choice::Skip | Choice::CountAsDone, .. }
        ));
        match end {
            End::Finished(Finish::RolledBack) if !left_out => {
                prop_assert_eq!(unchanged(&trial.before, &trial), [""; 0], "{}", subject.name);
            }
            End::Finished(Finish::Succeeded) if !left_out => {
                let mut world = world;
                _ = world.settle(&mut mailsec_simulator::Fate::calm());
                prop_assert_eq!(oracle::transport_in_effect(&world), Ok(()), "{}", subject.name);
            }
            _ => {}
        }
    }
}

proptest! {
    #![proptest_config(config(400))]

    /// Any events in any order: the fold and what is next never panic, and a state is the same when folded again.
    #[test]
    fn any_history_can_be_folded_and_has_a_next(
        picks in prop::collection::vec((any::<prop::sample::Index>(), -50_000_i64..50_000), 0..120),
        planned_first in any::<bool>(),
        old in any::<bool>(),
    ) {
        let engine = if old { "0.0.1" } else { "0.1.0" };
        let fold = || {
            let mut state = State::default();
            let mut now = 1_000_000;
            let first = planned_first.then(|| HISTORY[0].clone());
            let rest = picks.iter().map(|(pick, _)| pick.get(&HISTORY).clone());
            for (event, step) in first.into_iter().chain(rest).zip(picks.iter().map(|(_, step)| *step).chain([0])) {
                now += step;
                state.apply(Position { at: Timestamp::from_millis(now), engine }, &event);
                _ = next(&state);
            }
            state
        };
        prop_assert_eq!(fold(), fold());
    }
}
