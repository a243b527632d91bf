//! The record, and how far a replay has come in it.

use super::Instead;
use crate::{
    engine::{Message, Said},
    failure::{Code, Failure},
    journal::{Envelope, Line},
    plan::MailState,
    upgrade::Event,
    values::{GateId, StepId, Timestamp},
};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A record, shared by everything that answers from it.
#[derive(Debug)]
pub(super) struct Course {
    record: Vec<Envelope>,
    lines: Vec<Line>,
    now: Mutex<Now>,
}

#[derive(Debug, Default)]
struct Now {
    /// Envelopes that were written again, the same.
    written: usize,
    /// Events that this process has decided on, those before it included.
    decided: usize,
    /// Where this process began.
    began: usize,
    /// Nothing after this moment is in the record of this process.
    over: bool,
    /// What the engine would do, or write, where the record has something else.
    instead: Option<Instead>,
}

/// Whether two envelopes carry one stamp, as those of one append do.
fn one_stamp(one: &Envelope, other: &Envelope) -> bool {
    one.at == other.at && one.boot == other.boot && one.engine == other.engine
}

impl Course {
    pub(super) fn new(record: Vec<Envelope>, lines: Vec<Line>) -> Self {
        Self { record, lines, now: Mutex::default() }
    }

    fn lock(&self) -> MutexGuard<'_, Now> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many are written, and decided on.
    fn position(&self) -> (usize, usize) {
        let now = self.lock();
        (now.written, now.decided)
    }

    /// Envelopes that were written again.
    pub(super) fn written(&self) -> usize {
        self.lock().written
    }

    /// Those envelopes.
    pub(super) fn so_far(&self) -> &[Envelope] {
        &self.record[..self.written()]
    }

    pub(super) fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// The recorded envelope that is to be written next.
    pub(super) fn due(&self) -> Option<&Envelope> {
        self.record.get(self.written())
    }

    /// A process begins where the last one ended.
    pub(super) fn begin_process(&self) {
        let now = &mut *self.lock();
        *now = Now { written: now.written, decided: now.written, began: now.written, ..Now::default() };
    }

    /// The envelope with which the present process begins: its boot and its version are the process's.
    pub(super) fn first_of_process(&self) -> Option<&Envelope> {
        self.record.get(self.lock().began)
    }

    /// What the record has from the next event on.
    pub(super) fn ahead(&self) -> &[Envelope] {
        let decided = self.lock().decided.min(self.record.len());
        &self.record[decided..]
    }

    /// The next event.
    pub(super) fn next(&self) -> Option<&Event> {
        self.ahead().first().and_then(|envelope| envelope.event.known())
    }

    /// The recorded time of the next event; of the last one, behind the end.
    pub(super) fn time(&self) -> Timestamp {
        let next = self.ahead().first().or(self.record.last());
        next.map_or(Timestamp::from_millis(0), |envelope| envelope.at)
    }

    /// Whether the next event was written in one append with those that wait; always so when none waits. What is
    /// written in one append has one stamp.
    pub(super) fn goes_on(&self) -> bool {
        let (written, decided) = self.position();
        let (Some(open), Some(next)) = (self.record.get(written), self.record.get(decided)) else {
            return false;
        };
        written == decided || one_stamp(open, next)
    }

    /// Whether something waits to be written in one append with the next event.
    pub(super) fn waits_with_next(&self) -> bool {
        let (written, decided) = self.position();
        written < decided && self.goes_on()
    }

    /// The engine has decided on an event.
    pub(super) fn decided(&self, event: &Event) {
        let now = &mut *self.lock();
        let recorded = self.record.get(now.decided).and_then(|envelope| envelope.event.known());
        now.decided += 1;
        if recorded != Some(event) && !now.over {
            now.over = true;
            if let Event::Started { .. } = event {
                now.instead.get_or_insert_with(|| Instead::Text("start the upgrade".to_owned()));
            }
        }
    }

    /// Whether this process has come to the end of what the record has of it.
    pub(super) fn is_over(&self) -> bool {
        let now = self.lock();
        now.over || now.decided >= self.record.len()
    }

    /// The engine wants something that the record does not have here: the process ended before it, or takes another
    /// course. What it is given instead must never be written.
    pub(super) fn missing(&self, wanted: impl Into<String>) -> Failure {
        let now = &mut *self.lock();
        if !now.over {
            now.over = true;
            now.instead = Some(Instead::Text(wanted.into()));
        }
        end()
    }

    /// Whether a line may be written: it is the recorded one, to the byte.
    pub(super) fn write(&self, envelope: Envelope, line: &Line) -> Result<Envelope, Failure> {
        let now = &mut *self.lock();
        match self.lines.get(now.written) {
            Some(recorded) if recorded.json() == line.json() && recorded.hash() == line.hash() => {
                now.written += 1;
                now.decided = now.decided.max(now.written);
                Ok(envelope)
            }
            Some(_) => {
                now.over = true;
                now.instead.get_or_insert_with(|| Instead::Event(Box::new(envelope)));
                Err(end())
            }
            None => Err(end()),
        }
    }

    /// What the process that has just ended would have done next.
    pub(super) fn instead(&self) -> Option<Instead> {
        self.lock().instead.clone()
    }

    /// What was said next while this process ran, or may have: the next events that are a person's.
    pub(super) fn said(&self) -> Vec<Message> {
        let Some(first) = self.first_of_process() else { return Vec::new() };
        let own = |envelope: &&Envelope| envelope.boot == first.boot && envelope.engine == first.engine;
        self.ahead().iter().take_while(own).map_while(message).collect()
    }

    /// What an operation saw of mail, and what came of it; the second is missing where the process ended before.
    pub(super) fn outcome<T>(
        &self,
        of: impl Fn(&Event) -> Option<T>,
    ) -> (Vec<(Timestamp, MailState)>, Option<T>) {
        let ahead = self.ahead();
        let mut notes = Vec::new();
        for envelope in ahead {
            let Some(event) = envelope.event.known() else { break };
            if !ahead.first().is_some_and(|first| one_stamp(first, envelope)) {
                break;
            }
            match event {
                Event::MailFlowChanged { at, mail, seen: true, waiting: None } => notes.push((*at, *mail)),
                event => return (notes, of(event)),
            }
        }
        (notes, None)
    }
}

/// Ends a process of a replay.
pub(super) fn end() -> Failure {
    Failure::new(Code::ReplayDeparts, "the record of this process ends here")
}

/// What a person said, as it was before it was journaled.
pub(super) fn message(envelope: &Envelope) -> Option<Message> {
    let (said, by, note) = match envelope.event.known()? {
        Event::GateAnswered { gate, choice, by, note, items } => {
            (Said::Answer { gate: gate.clone(), choice: *choice, items: items.clone() }, by, note)
        }
        Event::Requested { request, by, note } => (Said::Request(*request), by, note),
        _ => return None,
    };
    Some(Message { id: envelope.seq.to_string(), said, by: by.0.clone(), note: note.clone() })
}

/// A message that every upgrade refuses. One that was refused left no event, but what waited was written before the
/// next came: the stamps show it.
pub(super) fn refused() -> Message {
    Message {
        id: String::new(),
        said: Said::Answer {
            gate: GateId::new(&StepId::new(""), 0),
            choice: crate::plan::Choice::Done,
            items: crate::plan::ItemAnswers::new(),
        },
        by: String::new(),
        note: String::new(),
    }
}
