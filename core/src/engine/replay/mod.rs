//! The same course of events again, without the server.
//!
//! The real engine runs from the recorded plan. What operations did, what was seen of mail, what people said, the times
//! and the boots are taken from the record; every decision is taken anew: which step is next, what is observed, undone
//! or asked, when it turns back, what is written in which words. The journal that comes of it must be the recorded one
//! to the byte. Where it is not, this version of the engine decides otherwise, or the record was changed.
//!
//! Where a process ended is not recorded. One that has come to a point where the record does not show what it did next
//! has ended, if another one, begun there, goes on as recorded. It writes first what it found, so no other decision can
//! hide behind that.

mod course;
mod departure;
mod pen;
mod place;
mod recorded;

pub use departure::{Departure, Instead};

use super::{Engine, NoWatcher, Stop, begin_rehearsed, load};
use crate::{
    failure::{Code, Failure},
    journal::{Journal, Line, Stamp, Tip},
    upgrade::{Actor, Event, Standing},
    values::{Digest, UpgradeId},
};
use course::{Course, message};
use std::{
    future::Future,
    pin::pin,
    sync::Arc,
    task::{Context, Poll, Waker},
};

/// What came of a replay.
#[derive(Clone, Debug)]
pub struct Replayed {
    /// Which upgrade.
    pub upgrade: UpgradeId,
    /// Envelopes of the record.
    pub envelopes: u64,
    /// How many of them were written again, the same, from the first on.
    pub same: u64,
    /// Hash of the last of these.
    pub head: Digest,
    /// Processes that wrote them.
    pub processes: usize,
    /// Where the engine took another course.
    pub departed: Option<Departure>,
}

/// Replays the lines of one upgrade, whose chain was verified.
///
/// # Errors
/// [`Code::JournalNewer`] when this version does not know an event of it, [`Code::JournalDamaged`] when they are not the
/// whole beginning of one chain.
pub fn replay(lines: &[Line]) -> Result<Replayed, Failure> {
    let Some(upgrade) = lines.first().map(Line::upgrade) else {
        return Err(Failure::new(Code::JournalDamaged, "there is nothing to replay"));
    };
    let mut record = Vec::with_capacity(lines.len());
    for (index, line) in lines.iter().enumerate() {
        if !Tip::of(&lines[..index]).takes(upgrade, line) {
            return Err(Failure::new(Code::JournalDamaged, "the lines are not one chain")
                .found(format!("envelope {index} of upgrade {upgrade}")));
        }
        let envelope = line.envelope()?;
        if envelope.event.known().is_none() {
            return Err(Failure::new(Code::JournalNewer, "an event was written by a newer version")
                .found(format!("envelope {index} of upgrade {upgrade}, by mailsec {}", envelope.engine))
                .hint("replay it with the version that wrote it"));
        }
        record.push(envelope);
    }
    let mut replay = Replay { course: Arc::new(Course::new(record, lines.to_vec())), upgrade, processes: 0 };
    let departed = replay.run();
    let tip = Tip::of(&lines[..replay.course.written()]);
    Ok(Replayed {
        upgrade,
        envelopes: lines.len() as u64,
        same: tip.count,
        head: tip.hash,
        processes: replay.processes,
        departed,
    })
}

struct Replay {
    course: Arc<Course>,
    upgrade: UpgradeId,
    processes: usize,
}

impl Replay {
    fn run(&mut self) -> Option<Departure> {
        if let Err(instead) = self.planned() {
            return self.departs(instead);
        }
        // What the process that ran last would have gone on with.
        let mut unfinished: Option<Instead> = None;
        while self.course.due().is_some() {
            let before = self.course.written();
            let instead = match self.said_between() {
                Some(said) => said.err(),
                None => Some(self.process()),
            };
            if self.course.written() > before {
                unfinished = instead;
                continue;
            }
            // Where another process takes it up in the record, it is asked what that one would write; unless the last
            // one was just taking it up itself.
            let taken_up = self.course.due().is_some_and(departure::takes_up);
            let still = |unfinished: &Instead| match unfinished {
                Instead::Event(envelope) => !taken_up || departure::takes_up(envelope),
                Instead::Text(_) => !taken_up,
            };
            let instead = unfinished.filter(still).or(instead);
            return self.departs(instead.unwrap_or_else(|| Instead::Text("nothing".to_owned())));
        }
        None
    }

    fn departs(&self, instead: Instead) -> Option<Departure> {
        let recorded = self.course.due()?.clone();
        Some(Departure { recorded: Box::new(recorded), instead })
    }

    /// The plan that was shown and accepted.
    fn planned(&self) -> Result<(), Instead> {
        let text = |text: String| Err(Instead::Text(text));
        let Some(first) = self.course.due() else { return Ok(()) };
        let Some(Event::Planned { plan, hash }) = first.event.known() else {
            return text("begin with the plan".to_owned());
        };
        let stamp = Stamp { at: first.at, boot: first.boot.clone(), engine: first.engine.clone() };
        // What a rehearsal came to was known before; both were written at once.
        let rehearsed = match self.course.ahead().get(1).and_then(|envelope| envelope.event.known()) {
            Some(Event::Rehearsed(rehearsed)) => Some(rehearsed.clone()),
            _ => None,
        };
        let mut pen = pen::Pen(Arc::clone(&self.course));
        match begin_rehearsed(&mut pen, self.upgrade, plan, *hash, rehearsed, &stamp) {
            Ok(()) => Ok(()),
            Err(failure) => match self.course.instead() {
                Some(instead) => Err(instead),
                None => text(format!("refuse the plan: {failure}")),
            },
        }
    }

    /// What a person journaled while no process ran. It must be what this state takes.
    fn said_between(&self) -> Option<Result<(), Instead>> {
        let envelope = self.course.due()?;
        message(envelope)?;
        let state = load(self.course.so_far()).state;
        let refused = match envelope.event.known() {
            Some(Event::GateAnswered { gate, choice, items, .. }) => match &state.gate {
                Some(open) if open.id == *gate => open.admit(*choice, items).err(),
                _ => Some(Failure::new(Code::GateNotOpen, format!("the gate {gate} is not open"))),
            },
            _ if matches!(state.standing, Standing::Finished(_)) => {
                Some(Failure::new(Code::RequestRefused, "this upgrade is over"))
            }
            _ => None,
        };
        if let Some(failure) = refused {
            return Some(Err(Instead::Text(format!("refuse it: {failure}"))));
        }
        self.course.begin_process();
        let stamp = Stamp { at: envelope.at, boot: envelope.boot.clone(), engine: envelope.engine.clone() };
        let event = envelope.event.known()?.clone();
        let expected = self.course.written() as u64;
        let written = pen::Pen(Arc::clone(&self.course)).append(self.upgrade, expected, &stamp, &[event]);
        Some(
            written.map(|_| ()).map_err(|failure| {
                self.course.instead().unwrap_or_else(|| Instead::Text(failure.to_string()))
            }),
        )
    }

    /// One process, from where the last one ended; what it would do where it ends.
    fn process(&mut self) -> Instead {
        self.course.begin_process();
        let before = self.course.written();
        let Some(first) = self.course.due() else { return Instead::Text("nothing".to_owned()) };
        let version = first.engine.clone();
        // Only the first process says who runs it.
        let actor = match first.event.known() {
            Some(Event::Started { by, .. }) => by.clone(),
            _ => self.starter(),
        };
        let place = place::Place::new(&self.course);
        let (recorded, voices) =
            (recorded::Recorded(Arc::clone(&self.course)), pen::Voices(Arc::clone(&self.course)));
        let (mut pen, mut watcher) = (pen::Pen(Arc::clone(&self.course)), NoWatcher);
        let ended = at_once(async {
            let by = (&*version, actor.0.as_str());
            let engine =
                Engine::open(&place, &mut pen, self.upgrade, None, &voices, &mut watcher, by).await?;
            engine.performed_by(&recorded).run().await
        });
        self.processes += usize::from(self.course.written() > before);
        let text = match ended {
            _ if self.course.instead().is_some() => {
                return self.course.instead().unwrap_or_else(|| Instead::Text(String::new()));
            }
            None => "wait for something that no record can answer".to_owned(),
            Some(Ok(Stop::Finished(how))) => format!("nothing more: the upgrade is over ({how:?})"),
            Some(Ok(Stop::GateOpen(gate))) => format!("wait for an answer to the gate {gate}"),
            Some(Ok(Stop::RestartPending)) => "wait for the server's restart".to_owned(),
            Some(Ok(Stop::Paused)) => "wait until somebody resumes it".to_owned(),
            Some(Err(failure)) => format!("end with {failure}"),
        };
        Instead::Text(text)
    }

    /// Who started it, for a process that takes in a request before it starts.
    fn starter(&self) -> Actor {
        let started = self.course.ahead().iter().find_map(|envelope| match envelope.event.known() {
            Some(Event::Started { by, .. }) => Some(by.clone()),
            _ => None,
        });
        started.unwrap_or_else(|| Actor(String::new()))
    }
}

/// Everything that a replay asks answers at once.
fn at_once<T>(work: impl Future<Output = T>) -> Option<T> {
    match pin!(work).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(answer) => Some(answer),
        Poll::Pending => None,
    }
}
