//! What the canary of a run saw: one message after the other, told as spans of time.
//!
//! The messages themselves are in a file beside the journal, which the edge writes; the journal gets this summary, whose
//! size has a bound however long the run was.

use crate::{host::ProbeVerdict, proof::Letter, values::Timestamp};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, time::Duration};

/// Spans that a summary has at most, of each kind. An upgrade that goes well has a handful.
const SPANS: usize = 100;

/// One thing that was seen. Written as it is seen, one line each.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "saw", rename_all = "snake_case")]
pub enum Sighting {
    /// A message is about to be sent.
    Sending {
        /// Its number.
        n: u64,
        /// When.
        at: Timestamp,
        /// What it carries.
        letter: Letter,
    },
    /// The server answered.
    Answered {
        /// Which message.
        n: u64,
        /// When.
        at: Timestamp,
        /// What.
        verdict: ProbeVerdict,
        /// Whether it was an answer to the message itself.
        of_content: bool,
        /// Its last line.
        line: String,
    },
    /// It arrived in the mailbox.
    Arrived {
        /// Which message.
        n: u64,
        /// When that was seen.
        at: Timestamp,
        /// Whether the test file was in it.
        test_file: bool,
    },
}

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// Clean, accepted; it arrived where arrival is watched.
    Delivered,
    /// Clean, accepted, not there yet.
    Outstanding,
    /// Not taken now: the sender keeps it and tries again.
    Deferred,
    /// Clean, and answered with 5xx: a sender gives up. An alarm.
    Refused,
    /// Clean, accepted, and not there for too long. An alarm.
    Silent,
    /// It was being sent when the program ended; nobody knows.
    Unknown,
    /// The test file, rejected, removed, or not delivered.
    Scanned,
    /// The test file, delivered unchanged. An alarm.
    Unscanned,
}

impl Fate {
    /// Whether somebody must hear of it.
    #[must_use]
    pub fn is_alarm(self) -> bool {
        matches!(self, Self::Refused | Self::Silent | Self::Unscanned)
    }

    /// As it is printed.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Delivered => "accepted",
            Self::Outstanding => "accepted, not there yet",
            Self::Deferred => "not taken; senders keep it",
            Self::Refused => "REFUSED",
            Self::Silent => "accepted, NEVER DELIVERED",
            Self::Unknown => "not known",
            Self::Scanned => "scanned",
            Self::Unscanned => "UNSCANNED",
        }
    }
}

/// Messages, one after the other, of which the same became.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// When the first was sent.
    pub from: Timestamp,
    /// When the last was sent.
    pub to: Timestamp,
    /// What became of them; of spans that were put together, the worst.
    pub fate: Fate,
    /// How many.
    pub count: u64,
}

/// All that the canary saw of an upgrade.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CanarySummary {
    /// When the first message was sent, and the last.
    pub over: Option<(Timestamp, Timestamp)>,
    /// Whether arrival was watched; without it, *accepted* is all that is known.
    pub watched: bool,
    /// Messages by what became of them.
    pub fates: BTreeMap<Fate, u64>,
    /// The longest time from sending to being seen in the mailbox, milliseconds.
    pub slowest_ms: u64,
    /// Clean messages, as their senders saw them.
    pub senders: Vec<Span>,
    /// Test files: whether they were stopped.
    pub scanning: Vec<Span>,
    /// Whether the record was full before the end.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub full: bool,
}

impl CanarySummary {
    /// How many messages came to this.
    #[must_use]
    pub fn count(&self, fate: Fate) -> u64 {
        self.fates.get(&fate).copied().unwrap_or(0)
    }

    /// Messages in all.
    #[must_use]
    pub fn sent(&self) -> u64 {
        self.fates.values().sum()
    }

    /// Messages that somebody must hear of.
    #[must_use]
    pub fn alarms(&self) -> u64 {
        self.fates.iter().filter(|(fate, _)| fate.is_alarm()).map(|(_, count)| count).sum()
    }
}

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
    messages: BTreeMap<u64, Message>,
}

impl Canary {
    /// Takes in one sighting. Those that do not fit change nothing.
    pub fn saw(&mut self, sighting: &Sighting) {
        match sighting {
            Sighting::Sending { n, at, letter } => {
                let message = Message { at: *at, letter: *letter, answer: None, arrived: None };
                self.messages.entry(*n).or_insert(message);
            }
            Sighting::Answered { n, at, verdict, of_content, .. } => {
                if let Some(message) = self.messages.get_mut(n) {
                    message.answer.get_or_insert((*at, *verdict, *of_content));
                }
            }
            Sighting::Arrived { n, at, test_file } => {
                if let Some(message) = self.messages.get_mut(n) {
                    message.arrived.get_or_insert((*at, *test_file));
                }
            }
        }
    }

    /// The number that the next message gets.
    #[must_use]
    pub fn next(&self) -> u64 {
        self.messages.last_key_value().map_or(0, |(n, _)| n + 1)
    }

    /// All of it as it was when the last line was written, by a process that is no more.
    #[must_use]
    pub fn at_last(&self, watched: bool) -> CanarySummary {
        let times = self.messages.values().flat_map(|message| {
            let answered = message.answer.map(|(at, _, _)| at);
            [Some(message.at), answered, message.arrived.map(|(at, _)| at)]
        });
        let last = times.flatten().max().unwrap_or_else(|| Timestamp::from_millis(0));
        self.summary(last, watched.then_some(Duration::MAX))
    }

    /// Whether this message was seen in the mailbox.
    #[must_use]
    pub fn has_arrived(&self, n: u64) -> bool {
        self.messages.get(&n).is_some_and(|message| message.arrived.is_some())
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

    /// What became of a message, as it looks at `now`.
    fn fate(message: &Message, now: Timestamp, silence: Option<Duration>) -> Fate {
        let Some((answered, verdict, of_content)) = message.answer else {
            return match (message.letter, message.arrived) {
                (Letter::TestFile, Some((_, true))) => Fate::Unscanned,
                (Letter::TestFile, Some((_, false))) => Fate::Scanned,
                (Letter::Clean, Some(_)) => Fate::Delivered,
                (_, None) => Fate::Unknown,
            };
        };
        let late = silence.is_some_and(|silence| now.since(answered) >= silence);
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

    /// The fate of each message, by number.
    pub fn fates(
        &self,
        now: Timestamp,
        silence: Option<Duration>,
    ) -> impl Iterator<Item = (u64, Letter, Fate)> + '_ {
        self.messages.iter().map(move |(n, message)| (*n, message.letter, Self::fate(message, now, silence)))
    }

    /// All of it at `now`. `silence` is how long an accepted message may be on its way; `None` where arrival is not
    /// watched.
    #[must_use]
    pub fn summary(&self, now: Timestamp, silence: Option<Duration>) -> CanarySummary {
        let mut summary = CanarySummary { watched: silence.is_some(), ..CanarySummary::default() };
        for message in self.messages.values() {
            let fate = Self::fate(message, now, silence);
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
        bound(&mut summary.senders);
        bound(&mut summary.scanning);
        summary
    }
}

/// Puts neighbours together, the fewest messages first, until there are few enough. What is worse outlives what is better.
fn bound(spans: &mut Vec<Span>) {
    let severity = |fate: Fate| (fate.is_alarm(), fate != Fate::Delivered && fate != Fate::Scanned);
    while spans.len() > SPANS {
        let pairs = spans.windows(2).enumerate();
        let smallest = pairs.min_by_key(|(_, pair)| pair.iter().map(|span| span.count).sum::<u64>());
        let Some((at, _)) = smallest else { return };
        let after = spans.remove(at + 1);
        if let Some(span) = spans.get_mut(at) {
            span.to = after.to;
            span.count += after.count;
            if severity(after.fate) > severity(span.fate) {
                span.fate = after.fate;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SILENCE: Option<Duration> = Some(Duration::from_secs(60));

    fn at(secs: i64) -> Timestamp {
        Timestamp::from_millis(secs * 1000)
    }

    fn sent(canary: &mut Canary, n: u64, letter: Letter, verdict: ProbeVerdict, of_content: bool) {
        let secs = i64::try_from(n).unwrap();
        canary.saw(&Sighting::Sending { n, at: at(secs), letter });
        canary.saw(&Sighting::Answered { n, at: at(secs), verdict, of_content, line: String::new() });
    }

    #[test]
    fn every_course_of_a_message_has_its_fate() {
        use ProbeVerdict::{Accepted, Deferred, Refused};
        let table = [
            (Letter::Clean, Accepted, true, Some(false), 1, Fate::Delivered),
            (Letter::Clean, Accepted, true, None, 1, Fate::Outstanding),
            (Letter::Clean, Accepted, true, None, 600, Fate::Silent),
            (Letter::Clean, Deferred, false, None, 600, Fate::Deferred),
            (Letter::Clean, Refused, false, None, 1, Fate::Refused),
            (Letter::TestFile, Refused, true, None, 1, Fate::Scanned),
            (Letter::TestFile, Refused, false, None, 1, Fate::Deferred),
            (Letter::TestFile, Deferred, true, None, 1, Fate::Deferred),
            (Letter::TestFile, Accepted, true, Some(true), 1, Fate::Unscanned),
            (Letter::TestFile, Accepted, true, Some(false), 1, Fate::Scanned),
            (Letter::TestFile, Accepted, true, None, 1, Fate::Outstanding),
            (Letter::TestFile, Accepted, true, None, 600, Fate::Scanned),
            // The connection broke after the message was through.
            (Letter::Clean, Deferred, false, Some(false), 1, Fate::Delivered),
            (Letter::TestFile, Deferred, false, Some(true), 1, Fate::Unscanned),
        ];
        for (letter, verdict, of_content, arrived, now, fate) in table {
            let mut canary = Canary::default();
            sent(&mut canary, 0, letter, verdict, of_content);
            if let Some(test_file) = arrived {
                canary.saw(&Sighting::Arrived { n: 0, at: at(1), test_file });
            }
            let fates: Vec<_> = canary.fates(at(now), SILENCE).map(|(_, _, fate)| fate).collect();
            assert_eq!(fates, [fate], "{letter:?} {verdict:?} {arrived:?} at {now}");
        }
        let mut cut = Canary::default();
        cut.saw(&Sighting::Sending { n: 4, at: at(0), letter: Letter::Clean });
        assert_eq!((cut.summary(at(900), SILENCE).count(Fate::Unknown), cut.next()), (1, 5));
    }

    #[test]
    fn a_run_reads_as_what_senders_saw_one_span_after_the_other() {
        let mut canary = Canary::default();
        for n in 0..30 {
            let held = (10..20).contains(&n);
            let verdict = if held { ProbeVerdict::Deferred } else { ProbeVerdict::Accepted };
            sent(&mut canary, n, Letter::Clean, verdict, !held);
            if !held {
                canary.saw(&Sighting::Arrived { n, at: at(i64::try_from(n).unwrap() + 2), test_file: false });
            }
        }
        let summary = canary.summary(at(40), SILENCE);
        let spans: Vec<_> = summary.senders.iter().map(|span| (span.fate, span.count)).collect();
        assert_eq!(spans, [(Fate::Delivered, 10), (Fate::Deferred, 10), (Fate::Delivered, 10)]);
        assert_eq!((summary.slowest_ms, summary.alarms(), summary.sent()), (2000, 0, 30));
    }

    proptest! {
        /// Whatever happened, the summary fits an envelope many times over, and no message and no alarm gets lost in it.
        #[test]
        fn a_summary_has_a_bound_and_forgets_no_message(
            seen in prop::collection::vec((any::<bool>(), 0..3_u8, any::<bool>(), prop::option::of(any::<bool>())), 0..2000)
        ) {
            let mut canary = Canary::default();
            for (n, (test, verdict, of_content, arrived)) in (0_u64..).zip(&seen) {
                let letter = if *test { Letter::TestFile } else { Letter::Clean };
                let verdict = [ProbeVerdict::Accepted, ProbeVerdict::Deferred, ProbeVerdict::Refused][usize::from(*verdict)];
                sent(&mut canary, n, letter, verdict, *of_content);
                if let Some(unchanged) = arrived {
                    canary.saw(&Sighting::Arrived { n, at: at(3000), test_file: *unchanged });
                }
            }
            let summary = canary.summary(at(3000), SILENCE);
            prop_assert_eq!(summary.sent(), seen.len() as u64);
            let in_spans: u64 = summary.senders.iter().chain(&summary.scanning).map(|span| span.count).sum();
            prop_assert_eq!(in_spans, seen.len() as u64);
            let alarms = summary.senders.iter().chain(&summary.scanning).any(|span| span.fate.is_alarm());
            prop_assert_eq!(alarms, summary.alarms() > 0);
            prop_assert!(serde_json::to_string(&summary).unwrap().len() < 32 * 1024);
        }
    }
}
