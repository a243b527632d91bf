//! Every case, wherever it is interrupted and whatever goes wrong.

use crate::{lines, replays, run, takes};
use mailsec_core::{engine::replay::replay, plan::Choice, upgrade::Request};
use mailsec_crash_tests::{
    End, Person, Subject, Trial, cases, installs, parallel, planned, report, saves_rules,
};
use mailsec_simulator::{Calm, CrashAt, Swarm};
use std::sync::{
    LazyLock,
    atomic::{AtomicUsize, Ordering},
};

static SUBJECTS: LazyLock<Vec<Subject>> = LazyLock::new(|| cases::all().map(planned).collect());

/// So many, or as many as the variable says: `MAILSEC_REPLAY_EVERY=1` crashes at every point.
fn wanted(variable: &str, usual: usize) -> usize {
    std::env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
}

#[test]
fn a_run_that_nobody_disturbs_and_every_beginning_of_its_record() {
    let each = |index: usize| {
        let subject = &SUBJECTS[index];
        let trial = run(subject, Calm, true);
        let lines = lines(&trial);
        // Every tenth beginning of a long record; all of them for one.
        let step = if index == 0 { 1 } else { 10 };
        let ends = (1..lines.len()).step_by(step).chain([lines.len()]);
        ends.filter_map(|end| crate::complaint(&lines[..end]).map(|why| (subject.name.clone(), end, why)))
            .collect::<Vec<_>>()
    };
    let wrong = parallel::each(SUBJECTS.len(), parallel::cores(), each, |_| ());
    assert_eq!(wrong.concat(), []);
}

#[test]
fn a_crash_at_any_point_both_ways() {
    let every = wanted("MAILSEC_REPLAY_EVERY", 41);
    let each = |index: usize| {
        let subject = &SUBJECTS[index / 2];
        let machine = index.is_multiple_of(2);
        let points = run(subject, Calm, machine).host.points().len();
        let mut wrong = Vec::new();
        let mut runs = 0;
        for point in (index % every..points).step_by(every) {
            let trial = run(subject, CrashAt::new(point), machine);
            runs += 1;
            let what = |why| format!("{}, point {point}, machine {machine}: {why}", subject.name);
            wrong.extend(replays(&trial).map(what));
        }
        (runs, wrong)
    };
    let all = parallel::each(SUBJECTS.len() * 2, parallel::cores(), each, |_| ());
    println!("{} runs", all.iter().map(|(runs, _)| runs).sum::<usize>());
    report(&all.into_iter().flat_map(|(_, wrong)| wrong).collect::<Vec<_>>());
}

/// Answers gates by a list of numbers; beyond the list, with what leads on.
fn whimsical(trial: &Trial, picks: Vec<usize>) -> Person {
    let asked = AtomicUsize::new(0);
    Person::new(&trial.host, move |host, gate, state| {
        let turn = asked.fetch_add(1, Ordering::Relaxed);
        let pick = picks.get(turn).map_or(gate.choices[0], |pick| gate.choices[pick % gate.choices.len()]);
        if pick == Choice::Done {
            installs(host, gate, state);
            saves_rules(host, gate, state);
        }
        Some(if turn > 40 { Choice::Abandon } else { pick })
    })
}

/// Numbers that look random, the same each time.
fn numbers(seed: usize) -> impl FnMut(usize) -> usize {
    let mut state = seed as u64;
    move |below| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap_or(0) % below
    }
}

#[test]
fn random_trouble_and_people_of_every_mind() {
    let each = |seed: usize| {
        let mut draw = numbers(seed);
        let subject = &SUBJECTS[draw(SUBJECTS.len())];
        let mut trial = subject.trial();
        trial.crash = takes(draw(2) == 0);
        trial.host.set_tape(Swarm::new(seed as u64, draw(60) as u64));
        let picks = (0..draw(7)).map(|_| draw(4)).collect();
        let mut person = whimsical(&trial, picks);
        for _ in 0..draw(3) {
            let wishes =
                [Request::Pause, Request::Cancel, Request::RollBack, Request::Abandon, Request::Resume];
            person = person.asking(draw(40), wishes[draw(wishes.len())]);
        }
        let mut end = trial.run(&person);
        for _ in 0..4 {
            if end != End::Paused {
                break;
            }
            end = trial.run(&whimsical(&trial, Vec::new()).asking(0, Request::Resume));
        }
        let replayed = replay(&lines(&trial)).unwrap();
        assert!(replayed.processes <= trial.processes, "seed {seed}");
        replays(&trial).map(|why| format!("seed {seed}, {}: {why}", subject.name))
    };
    let runs = wanted("MAILSEC_REPLAY_SEEDS", 100);
    let wrong = parallel::each(runs, parallel::cores(), each, |_| ());
    report(&wrong.into_iter().flatten().collect::<Vec<_>>());
}
