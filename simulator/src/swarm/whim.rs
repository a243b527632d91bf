//! A person who mostly does what they are asked, and now and then something else that they are free to do.

use crate::{
    SimHost, World, oracle,
    people::{Deed, Person},
};
use mailsec_core::{
    host::{ServiceName, StartMode},
    plan::Choice,
    upgrade::{Gate, GateKind, Request},
};
use std::{
    collections::BTreeMap,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

/// What a person may ask for at any moment.
const REQUESTS: [Request; 5] =
    [Request::Pause, Request::Resume, Request::Cancel, Request::RollBack, Request::Abandon];
/// The label under which the tape is asked whether a person says that something is done when it is not.
pub(super) const LIES: &str = "person: lies";
/// How often somebody tries the same again before they give up.
const PATIENCE: u32 = 3;

/// What leads on.
const ONWARDS: [Choice; 3] = [Choice::Retry, Choice::Done, Choice::Continue];

/// While there is trouble: the tape says when they do otherwise than asked. Whoever comes back to an open gate answers
/// it, so many times, where they had left it.
#[must_use]
pub fn whimsical(host: &SimHost, deed: Deed, comes_back: usize) -> Person {
    let left = AtomicUsize::new(comes_back);
    let person = Person::new(host, move |host, gate, state| {
        match host.choose("person: answers", gate.choices.len() + 2) {
            0 if lies(host, gate) => Some(Choice::Done),
            0 => deed(host, gate, state).or_else(|| {
                let once =
                    left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
                once.ok().and_then(|_| first(gate, &[Choice::Retry, Choice::Done]))
            }),
            pick if pick <= gate.choices.len() => {
                let choice = gate.choices[pick - 1];
                // It is said after it was done, with what the installer's last page asked for.
                match choice {
                    Choice::Done | Choice::DoneRestart => deed(host, gate, state).or(Some(choice)),
                    _ => Some(choice),
                }
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
        // Somebody may have stopped transport before it was held, and so it is left: whoever tries again looks at it.
        if gate.why == GateKind::Failed {
            _ = host.change(|world| see_that_it_runs(world, ServiceName::transport().as_str()));
        }
        let onwards = if *times <= PATIENCE { first(gate, &ONWARDS) } else { None };
        onwards
            .or_else(|| first(gate, &[Choice::RollBack, Choice::Abandon]))
            .or_else(|| gate.choices.first().copied())
    })
}

/// Starts a service of Exchange that does not run, where it is meant to run and can.
pub(super) fn see_that_it_runs(world: &mut World, name: &str) {
    let meant = world.service(name).is_ok_and(|service| service.start != StartMode::Disabled);
    if meant && oracle::transport_can_start(world).is_ok() {
        // Where it cannot be started after all, the program finds that out.
        _ = world.person_starts(name);
    }
}

/// Some say that it is done when it is not.
fn lies(host: &SimHost, gate: &Gate) -> bool {
    gate.why == GateKind::Planned && gate.choices.contains(&Choice::Done) && host.choose(LIES, 2) == 1
}

fn first(gate: &Gate, wanted: &[Choice]) -> Option<Choice> {
    wanted.iter().copied().find(|choice| gate.choices.contains(choice))
}
