//! A person who mostly does what they are asked, and now and then something else that they are free to do.

use crate::{
    SimHost,
    people::{Deed, Person},
};
use mailsec_core::{
    plan::Choice,
    upgrade::{Gate, GateKind, Request, State},
};
use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

/// What a person may ask for at any moment.
const REQUESTS: [Request; 5] =
    [Request::Pause, Request::Resume, Request::Cancel, Request::RollBack, Request::Abandon];
/// How often somebody tries the same again before they give up.
const PATIENCE: u32 = 3;

/// While there is trouble: the tape says when they do otherwise than asked.
#[must_use]
pub fn whimsical(host: &SimHost, deed: Deed) -> Person {
    let person = Person::new(host, move |host, gate, state| {
        match host.choose("person: answers", gate.choices.len() + 2) {
            0 => deed(host, gate, state),
            pick if pick <= gate.choices.len() => {
                Some(answer(host, gate, state, deed, gate.choices[pick - 1]))
            }
            _ => None,
        }
    });
    let host = host.clone();
    person.wishing(move || match host.choose("person: asks for", REQUESTS.len() + 1) {
        0 => None,
        pick => REQUESTS.get(pick - 1).copied(),
    })
}

/// When the trouble is over: does what is asked, tries again a few times, and then goes back, or leaves it.
#[must_use]
pub fn patient(host: &SimHost, deed: Deed) -> Person {
    let tried: Mutex<BTreeMap<usize, u32>> = Mutex::default();
    Person::new(host, move |host, gate, state| {
        let mut tried = tried.lock().unwrap_or_else(PoisonError::into_inner);
        let times = tried.entry(gate.step).or_default();
        *times += 1;
        if *times <= PATIENCE
            && let Some(choice) = deed(host, gate, state)
        {
            return Some(choice);
        }
        let first = |wanted: &[Choice]| wanted.iter().copied().find(|choice| gate.choices.contains(choice));
        if *times <= PATIENCE {
            return first(&[Choice::Retry, Choice::Done, Choice::RollBack, Choice::Abandon]);
        }
        first(&[Choice::RollBack, Choice::Abandon]).or_else(|| gate.choices.first().copied())
    })
}

/// An answer; "done" comes after it was done.
fn answer(host: &SimHost, gate: &Gate, state: &State, deed: Deed, choice: Choice) -> Choice {
    // Some say that it is done when it is not.
    let lies = || host.choose("person: lies", 2) == 1;
    if choice == Choice::Done && gate.why == GateKind::Planned && !lies() {
        _ = deed(host, gate, state);
    }
    choice
}
