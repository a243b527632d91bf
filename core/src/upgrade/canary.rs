//! What the canary of a run saw: one message after the other, told as spans of time.
//!
//! The messages themselves are in a file beside the journal, which the edge writes; the journal gets this summary, whose
//! size has a bound however long the run was.

mod sighting;
mod summary;
#[cfg(test)]
mod tests;

use crate::{host::ProbeVerdict, proof::Letter, values::Timestamp};
pub use sighting::{Fate, Sighting};
use std::{collections::BTreeMap, time::Duration};
pub use summary::{Blind, CanarySummary, Span};

/// A message: the process that sent it, counted as the record names them, and its number.
pub type Which = (usize, u64);

#[derive(Clone, Debug)]
struct Message {
    at: Timestamp,
    letter: Letter,
    answer: Option<(Timestamp, ProbeVerdict, bool)>,
    arrived: Option<(Timestamp, bool)>,
}

/// The fold of all sightings.
#[derive(Clone, Debug, Default)]
pub struct Canary {
    messages: BTreeMap<Which, Message>,
    /// Of the processes, in the order in which the record names them. Process 0 has none: older versions had no marks.
    marks: Vec<String>,
    /// Who sends.
    process: usize,
    next: u64,
    /// When the last look began that saw all that was there.
    looked: Option<Timestamp>,
    blind: Option<Blind>,
}

impl Canary {
    /// Takes in one sighting. Those that do not fit change nothing.
    pub fn saw(&mut self, sighting: &Sighting) {
        match sighting {
            Sighting::Began { mark, .. } => self.process = self.named(Some(mark)),
            Sighting::Sending { n, at, letter } => {
                let message = Message { at: *at, letter: *letter, answer: None, arrived: None };
                self.messages.entry((self.process, *n)).or_insert(message);
                self.next = self.next.max(n.saturating_add(1));
            }
            Sighting::Answered { n, at, verdict, of_content, .. } => {
                if let Some(message) = self.messages.get_mut(&(self.process, *n)) {
                    message.answer.get_or_insert((*at, *verdict, *of_content));
                }
            }
            Sighting::Arrived { n, at, test_file, mark } => {
                let which = (self.named(mark.as_deref()), *n);
                // One whose sending a power cut took out of the record is known by its arrival alone, and counts too:
                // a test file that arrives is an alarm whoever sent it.
                let letter = if *test_file { Letter::TestFile } else { Letter::Clean };
                let stray = Message { at: *at, letter, answer: None, arrived: None };
                self.messages.entry(which).or_insert(stray).arrived.get_or_insert((*at, *test_file));
                self.next = self.next.max(n.saturating_add(1));
            }
            Sighting::Looked { at, failed } => self.looked(*at, failed.as_deref()),
        }
    }

    /// The process with this mark; one that was not named yet is the next.
    fn named(&mut self, mark: Option<&str>) -> usize {
        let Some(mark) = mark else { return 0 };
        self.known(mark).unwrap_or_else(|| {
            self.marks.push(mark.to_owned());
            self.marks.len()
        })
    }

    fn known(&self, mark: &str) -> Option<usize> {
        self.marks.iter().position(|one| one == mark).map(|at| at + 1)
    }

    fn looked(&mut self, at: Timestamp, failed: Option<&str>) {
        match (failed, &mut self.blind) {
            (None, blind) => {
                self.looked = Some(at);
                if let Some(blind) = blind {
                    blind.to.get_or_insert(at);
                }
            }
            (Some(why), Some(blind)) => {
                if blind.to.take().is_some() {
                    blind.times += 1;
                }
                why.clone_into(&mut blind.why);
            }
            (Some(why), blind @ None) => {
                *blind = Some(Blind { from: at, to: None, times: 1, why: why.to_owned() });
            }
        }
    }

    /// The number that the next message gets.
    #[must_use]
    pub fn next(&self) -> u64 {
        self.next
    }

    /// Messages in all.
    #[must_use]
    pub fn sent(&self) -> u64 {
        self.messages.len() as u64
    }

    /// All of it as it was when the last line was written, by a process that is no more.
    #[must_use]
    pub fn at_last(&self, watched: bool) -> CanarySummary {
        self.summary(watched.then_some(Duration::MAX))
    }

    /// Whether this message was seen in the mailbox.
    #[must_use]
    pub fn has_arrived(&self, mark: Option<&str>, n: u64) -> bool {
        let process = mark.map_or(Some(0), |mark| self.known(mark));
        let message = process.and_then(|process| self.messages.get(&(process, n)));
        message.is_some_and(|message| message.arrived.is_some())
    }

    /// Messages that were accepted, or may have been, and are not there.
    #[must_use]
    pub fn outstanding(&self) -> usize {
        let out = |message: &&Message| {
            message.arrived.is_none()
                && message.letter == Letter::Clean
                && message.answer.is_none_or(|(_, verdict, _)| verdict == ProbeVerdict::Accepted)
        };
        self.messages.values().filter(out).count()
    }

    /// Whether a look may yet tell something of a message.
    #[must_use]
    pub fn awaits(&self, silence: Option<Duration>) -> bool {
        self.fates(silence).any(|(_, _, fate)| fate == Fate::Outstanding)
    }

    /// Whether the last look failed.
    #[must_use]
    pub fn is_blind(&self) -> bool {
        self.blind.as_ref().is_some_and(|blind| blind.to.is_none())
    }

    /// What became of a message.
    fn fate(&self, message: &Message, silence: Option<Duration>) -> Fate {
        let Some((answered, verdict, of_content)) = message.answer else {
            return match (message.letter, message.arrived) {
                (Letter::TestFile, Some((_, true))) => Fate::Unscanned,
                (Letter::TestFile, Some((_, false))) => Fate::Scanned,
                (Letter::Clean, Some(_)) => Fate::Delivered,
                (_, None) => Fate::Unknown,
            };
        };
        // Time alone makes nothing late: somebody must have looked after it was up.
        let late =
            silence.zip(self.looked).is_some_and(|(silence, looked)| looked >= answered.after(silence));
        match (message.letter, verdict, message.arrived) {
            // Whatever was answered: it is there.
            (Letter::TestFile, _, Some((_, true))) => Fate::Unscanned,
            (Letter::TestFile, _, Some((_, false))) => Fate::Scanned,
            (Letter::Clean, _, Some(_)) => Fate::Delivered,
            (Letter::TestFile, ProbeVerdict::Refused, None) if of_content => Fate::Scanned,
            // Turned away before it was heard, or for now: nothing is known of what would become of it.
            (Letter::TestFile, ProbeVerdict::Deferred | ProbeVerdict::Refused, None) => Fate::Deferred,
            (Letter::TestFile, ProbeVerdict::Accepted, None) if late => Fate::Scanned,
            (Letter::Clean, ProbeVerdict::Deferred, None) => Fate::Deferred,
            (Letter::Clean, ProbeVerdict::Refused, None) => Fate::Refused,
            (Letter::Clean, ProbeVerdict::Accepted, None) if silence.is_none() => Fate::Delivered,
            (Letter::Clean, ProbeVerdict::Accepted, None) if late => Fate::Silent,
            (_, ProbeVerdict::Accepted, None) => Fate::Outstanding,
        }
    }

    /// The fate of each message. `silence` as for [`summary`](Self::summary).
    pub fn fates(&self, silence: Option<Duration>) -> impl Iterator<Item = (Which, Letter, Fate)> + '_ {
        let fate =
            move |(which, message): (&Which, &Message)| (*which, message.letter, self.fate(message, silence));
        self.messages.iter().map(fate)
    }

    /// All of it. `silence` is how long an accepted message may be on its way: one that a look after that did not see is
    /// lost. `None` where arrival is not watched.
    #[must_use]
    pub fn summary(&self, silence: Option<Duration>) -> CanarySummary {
        let watched = silence.is_some();
        let blind = self.blind.clone().filter(|_| watched);
        let mut summary = CanarySummary { watched, blind, ..CanarySummary::default() };
        for message in self.messages.values() {
            let fate = self.fate(message, silence);
            *summary.fates.entry(fate).or_default() += 1;
            let first = summary.over.map_or(message.at, |(first, _)| first);
            summary.over = Some((first, message.at));
            if let Some((arrived, _)) = message.arrived {
                let took = u64::try_from(arrived.since(message.at).as_millis()).unwrap_or(u64::MAX);
                summary.slowest_ms = summary.slowest_ms.max(took);
            }
            let spans = match message.letter {
                Letter::Clean => &mut summary.senders,
                Letter::TestFile => &mut summary.scanning,
            };
            match spans.last_mut().filter(|last| last.fate == fate) {
                Some(last) => {
                    last.to = message.at;
                    last.count += 1;
                }
                None => spans.push(Span { from: message.at, to: message.at, fate, count: 1 }),
            }
        }
        summary::bound(&mut summary.senders);
        summary::bound(&mut summary.scanning);
        summary
    }
}
