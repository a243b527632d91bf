//! People who answer while no process runs, who say what is refused, disks that fill up, and other versions.

use crate::{in_memory, lines, replays, run, takes};
use futures::executor::block_on;
use mailsec_core::{
    Code, Failure,
    engine::{Desk, Engine, Message, NoWatcher, Said, Stop},
    host::{Host, Power},
    journal::{Envelope, Journal, MemoryJournal, Stamp},
    plan::{Choice, ItemAnswers},
    upgrade::{Actor, Event, Gate, GateKind, Request, State},
    values::{GateId, StepId, UpgradeId},
};
use mailsec_crash_tests::{End, Person, Trial, subject};
use mailsec_simulator::CrashAt;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Journals what a person does while no process runs, as the command does.
fn between(trial: &mut Trial, event: Event) {
    let stamp = Stamp {
        at: trial.host.clock().now(),
        boot: block_on(Power::boot(&trial.host)).unwrap(),
        engine: trial.version.into(),
    };
    let count = trial.loaded().len;
    trial.journal.append(trial.upgrade, count, &stamp, &[event]).unwrap();
}

fn asks(request: Request) -> Event {
    Event::Requested { request, by: Actor("Bob".to_owned()), note: "from another terminal".to_owned() }
}

#[test]
fn answers_and_requests_between_two_processes() {
    let subject = subject("attended, unscanned, with a restart");
    let mut trial = subject.trial();
    let away = Person::away(&trial.host);
    // Before it starts, and again while it stands in the middle.
    between(&mut trial, asks(Request::Pause));
    assert_eq!(trial.run(&away), End::Paused);
    between(&mut trial, asks(Request::Resume));
    for _ in 0..20 {
        match trial.run(&away) {
            End::Waiting(gate) => {
                let state = trial.loaded().state;
                let open = state.gate.clone().unwrap();
                _ = mailsec_crash_tests::obliging(&trial.host, &open, &state);
                let answer = Event::GateAnswered {
                    gate: GateId::from_text(gate),
                    choice: Choice::Done,
                    by: Actor("Bob".to_owned()),
                    note: String::new(),
                    items: ItemAnswers::new(),
                };
                between(&mut trial, answer);
            }
            end => {
                assert!(matches!(end, End::Finished(_)), "{end:?}");
                break;
            }
        }
        assert_eq!(replays(&trial), None);
    }
    assert!(trial.processes > 2);
    assert_eq!(replays(&trial), None);
}

#[test]
fn a_request_after_a_crash_in_the_middle_of_a_step() {
    let subject = subject("silent, held");
    let points = run(&subject, mailsec_simulator::Calm, true).host.points();
    let at = points.iter().position(|label| label.starts_with("installer")).unwrap_or(points.len() / 2);
    for machine in [true, false] {
        let mut trial = subject.trial();
        trial.crash = takes(machine);
        trial.host.set_tape(CrashAt::new(at));
        let person = subject.person(&trial.host);
        while trial.process(&person).is_ok() {}
        trial.power_on();
        between(&mut trial, asks(Request::Cancel));
        assert!(matches!(trial.run(&person), End::Finished(_)));
        assert_eq!(replays(&trial), None, "machine {machine}");
    }
}

/// Somebody who talks all the time and is never taken seriously.
struct Noise(AtomicUsize);

#[async_trait::async_trait]
impl Desk for Noise {
    fn messages(&self) -> Result<Vec<Message>, Failure> {
        let turn = self.0.fetch_add(1, Ordering::Relaxed);
        let answer = Message {
            id: turn.to_string(),
            said: Said::Answer {
                gate: GateId::new(&StepId::new("no-such-step"), 1),
                choice: Choice::Done,
                items: ItemAnswers::new(),
            },
            by: "Eve".to_owned(),
            note: String::new(),
        };
        Ok(if turn.is_multiple_of(2) { vec![answer] } else { Vec::new() })
    }
    fn taken(&self, _: &Message, refused: Option<&Failure>) {
        assert_eq!(refused.unwrap().code, Code::GateNotOpen);
    }
    async fn ask(&self, _: &Gate, _: &State) -> Option<Message> {
        None
    }
}

#[test]
fn messages_that_were_refused_left_nothing_but_another_time() {
    let mut trial = subject("silent, held, with a restart").trial();
    loop {
        let (vendor, desk) = (trial.product.vendor(), Noise(AtomicUsize::new(0)));
        let stop = block_on(async {
            let (host, mut watcher) = (&trial.host, NoWatcher);
            Engine::open(
                host,
                &mut trial.journal,
                trial.upgrade,
                vendor,
                &desk,
                &mut watcher,
                ("0.1.0", "Ada"),
            )
            .await?
            .run()
            .await
        });
        match stop {
            Ok(Stop::RestartPending) => {}
            Err(_) if trial.host.is_off() => trial.power_on(),
            stop => {
                assert!(matches!(stop, Ok(Stop::Finished(_))), "{stop:?}");
                break;
            }
        }
    }
    assert_eq!(replays(&trial), None);
}

/// A disk that is full when the so-many-th step begins.
struct Filling<'a>(&'a mut MemoryJournal, usize);

impl Journal for Filling<'_> {
    fn append(
        &mut self,
        upgrade: UpgradeId,
        expected: u64,
        stamp: &Stamp,
        events: &[Event],
    ) -> Result<Vec<Envelope>, Failure> {
        self.0.append(upgrade, expected, stamp, events)
    }
    fn read(&self, upgrade: UpgradeId) -> Result<Vec<Envelope>, Failure> {
        self.0.read(upgrade)
    }
    fn upgrades(&self) -> Result<Vec<UpgradeId>, Failure> {
        self.0.upgrades()
    }
    fn settle(&mut self) -> Result<(), Failure> {
        Ok(())
    }
    fn ready(&mut self) -> Result<(), Failure> {
        match self.1.checked_sub(1) {
            Some(left) => self.1 = left,
            None => return Err(Failure::new(Code::DiskFull, "the disk is full")),
        }
        Ok(())
    }
}

#[test]
fn a_disk_that_fills_up_before_any_step() {
    let subject = subject("silent, unscanned");
    for steps in 0..12 {
        let mut trial = subject.trial();
        let person = subject.person(&trial.host);
        let mut own = std::mem::take(in_memory(&mut trial));
        let ended = trial.process_with(&person, &mut Filling(&mut own, steps));
        *in_memory(&mut trial) = own;
        assert_eq!(ended.unwrap_err().code, Code::DiskFull);
        assert_eq!(replays(&trial), None, "full before step {steps}");
        trial.run(&person);
        assert_eq!(replays(&trial), None, "full before step {steps}, and then went on");
    }
}

#[test]
fn another_version_takes_it_up_and_the_first_one_again() {
    let subject = subject("silent, held");
    for accepts in [true, false] {
        let mut trial = subject.trial();
        trial.host.set_tape(CrashAt::each([40]));
        let person = subject.person(&trial.host);
        while trial.process(&person).is_ok() {}
        trial.power_on();
        trial.version = "0.2.0";
        let end = trial.run(&Person::new(&trial.host, move |_, gate, _| {
            (accepts && gate.why == GateKind::Changed).then_some(Choice::Continue)
        }));
        if !accepts {
            assert!(matches!(end, End::Waiting(_)), "{end:?}");
            trial.version = "0.1.0";
            trial.run(&person);
        }
        let events = trial.events();
        assert!(events.iter().any(|event| matches!(event, Event::GateOpened { why: GateKind::Changed, .. })));
        assert!(matches!(events.last(), Some(Event::Finished { .. })));
        assert_eq!(replays(&trial), None, "accepts {accepts}");
        assert!(lines(&trial).len() > 40);
    }
}
