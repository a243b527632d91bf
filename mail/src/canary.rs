//! The canary of a running upgrade: one message after the other, from outside, and a record of what became of each.
//!
//! It is no part of the engine, which must give the same answer for the same events. It runs on a thread of its own, with a
//! clock of its own, and writes what it sees into a file beside the journal, one line each, before it goes on. So a
//! process that is killed leaves all that was seen, and the next one takes up the same file: messages that were under way
//! are still looked for.

mod look;
mod record;

use mailsec_core::{
    Failure,
    host::{Mail, Pickup, ProbeReport, ProbeVerdict},
    proof::Letter,
    upgrade::{CanarySummary, Fate, Sighting, Which},
    values::Timestamp,
};
use record::Record;
pub use record::read;
use serde::Deserialize;
use std::{
    collections::BTreeMap,
    future::Future,
    path::Path,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread::JoinHandle,
    time::{Duration, SystemTime},
};

/// Messages that may wait for an answer at once; where a server hangs, there is no use in more of them.
const WAITING: usize = 16;

/// How often the stop is looked for.
const BEAT: Duration = Duration::from_millis(20);

/// How a canary flies.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CanaryConfig {
    /// Milliseconds between two messages.
    pub every_ms: u64,
    /// Every so many messages the test file is sent as well; 0 for never. Each one makes the product report it.
    pub test_file_every: u64,
    /// Milliseconds between two looks into the mailbox.
    pub look_ms: u64,
    /// Seconds after which an accepted message that is not there counts as lost.
    pub silence_seconds: u64,
    /// Seconds for which messages under way are waited for at the end.
    pub settle_seconds: u64,
}

impl Default for CanaryConfig {
    fn default() -> Self {
        Self { every_ms: 1000, test_file_every: 0, look_ms: 5000, silence_seconds: 600, settle_seconds: 30 }
    }
}

/// Is told what somebody must hear of at once.
pub type Alarm = Box<dyn Fn(&str) + Send + Sync>;

/// Where its mail goes in and comes out.
pub struct CanaryPath {
    /// In.
    pub mail: Arc<dyn Mail>,
    /// Out; without a mailbox only the answers are seen.
    pub pickup: Option<Arc<dyn Pickup>>,
    /// Whom the messages are for, without a mailbox.
    pub recipient: String,
}

/// A canary that flies.
pub struct Flight {
    inner: Arc<Inner>,
    threads: Vec<JoinHandle<()>>,
}

struct Inner {
    config: CanaryConfig,
    path: CanaryPath,
    /// What every message of this upgrade begins with.
    family: String,
    /// What no other process has: numbers come again where a power cut took the end of the record.
    mark: String,
    record: Mutex<Record>,
    sending: AtomicBool,
    looking: AtomicBool,
    waiting: AtomicUsize,
    told: Mutex<BTreeMap<Which, Fate>>,
    /// Whether it was said that the mailbox cannot be looked into.
    told_blind: AtomicBool,
    alarm: Alarm,
}

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// Random, and short: it stands in every Message-ID and in a line of the record for each.
fn mark() -> String {
    uuid::Uuid::now_v7().simple().to_string().chars().skip(20).collect()
}

/// Runs to its end, on a runtime of its own.
fn run<T>(work: impl Future<Output = T>) -> Option<T> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().ok()?;
    Some(runtime.block_on(work))
}

impl Flight {
    /// Begins, or goes on with the same file. `upgrade` names the messages.
    ///
    /// # Errors
    /// When the file cannot be read or written.
    pub fn begin(
        config: CanaryConfig,
        path: CanaryPath,
        upgrade: &str,
        file: &Path,
        alarm: Alarm,
    ) -> Result<Self, Failure> {
        let mark = mark();
        let mut record = Record::open(file)?;
        record.saw(&Sighting::Began { at: now(), mark: mark.clone() })?;
        record.flush()?;
        let inner = Arc::new(Inner {
            record: Mutex::new(record),
            config,
            path,
            family: format!("canary-{upgrade}-"),
            mark,
            sending: AtomicBool::new(true),
            looking: AtomicBool::new(true),
            waiting: AtomicUsize::new(0),
            told: Mutex::default(),
            told_blind: AtomicBool::new(false),
            alarm,
        });
        let sender = Arc::clone(&inner);
        // What they log is of the upgrade.
        let span = tracing::Span::current();
        let beside = span.clone();
        let mut threads = vec![std::thread::spawn(move || beside.in_scope(|| sender.send_all()))];
        if inner.path.pickup.is_some() {
            let looker = Arc::clone(&inner);
            threads.push(std::thread::spawn(move || span.in_scope(|| looker.look_all())));
        }
        Ok(Self { inner, threads })
    }

    /// All that was seen so far.
    #[must_use]
    pub fn summary(&self) -> CanarySummary {
        self.inner.summary()
    }

    /// Sends no more, and waits a while for what is under way, no longer than until somebody is in a `hurry`.
    #[must_use]
    pub fn settle(&self, hurry: impl Fn() -> bool) -> CanarySummary {
        self.inner.sending.store(false, Ordering::Relaxed);
        let beats = self.inner.config.settle_seconds.saturating_mul(1000)
            / u64::try_from(BEAT.as_millis()).unwrap_or(1);
        for _ in 0..beats {
            let watched = self.inner.path.pickup.is_some();
            let under_way = watched && self.inner.record().seen.outstanding() > 0;
            if hurry() || self.inner.waiting.load(Ordering::Relaxed) == 0 && !under_way {
                break;
            }
            std::thread::sleep(BEAT);
        }
        self.summary()
    }
}

impl Flight {
    /// Leaves it as a crash would: nothing that is under way is waited for.
    pub fn leave(mut self) {
        self.threads.clear();
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        self.inner.sending.store(false, Ordering::Relaxed);
        self.inner.looking.store(false, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            // One that panicked has said so.
            _ = thread.join();
        }
        // A message may still wait for its answer, which nobody will know then.
        self.inner.record().close();
    }
}

impl Inner {
    fn record(&self) -> MutexGuard<'_, Record> {
        self.record.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn silence(&self) -> Option<Duration> {
        self.path.pickup.as_ref().map(|_| Duration::from_secs(self.config.silence_seconds))
    }

    fn summary(&self) -> CanarySummary {
        let record = self.record();
        CanarySummary { full: record.is_full(), ..record.seen.summary(self.silence()) }
    }

    /// Writes a sighting, then counts it; false when there is no room or no disk for it.
    fn saw(&self, sighting: &Sighting) -> bool {
        let written = self.record().saw(sighting);
        if let Err(failure) = &written {
            tracing::warn!(%failure, "the canary's record cannot be written");
        }
        written.unwrap_or(false)
    }

    /// Waits, and says whether it is to go on.
    fn rest(flag: &AtomicBool, how_long: Duration) -> bool {
        let mut left = how_long;
        while flag.load(Ordering::Relaxed) && !left.is_zero() {
            let beat = left.min(BEAT);
            std::thread::sleep(beat);
            left -= beat;
        }
        flag.load(Ordering::Relaxed)
    }

    fn send_all(self: Arc<Self>) {
        let mut clean = 0_u64;
        loop {
            let due = self.config.test_file_every;
            let letters =
                [Some(Letter::Clean), (due > 0 && clean.is_multiple_of(due)).then_some(Letter::TestFile)];
            clean += 1;
            for letter in letters.into_iter().flatten() {
                if self.waiting.load(Ordering::Relaxed) >= WAITING {
                    continue;
                }
                let n = self.record().seen.next();
                if !self.saw(&Sighting::Sending { n, at: now(), letter }) {
                    (self.alarm)(
                        "the canary's record is full or cannot be written; mail is not watched any more",
                    );
                    return;
                }
                self.waiting.fetch_add(1, Ordering::Relaxed);
                let one = Arc::clone(&self);
                let span = tracing::Span::current();
                std::thread::spawn(move || {
                    let _of = span.entered();
                    one.send(n, letter);
                    one.waiting.fetch_sub(1, Ordering::Relaxed);
                });
            }
            self.tell();
            if !Self::rest(&self.sending, Duration::from_millis(self.config.every_ms.max(1))) {
                return;
            }
        }
    }

    fn send(&self, n: u64, letter: Letter) {
        let marker = format!("{}{}-{n}", self.family, self.mark);
        let address = self.path.pickup.as_ref().and_then(|pickup| pickup.address());
        let recipient = address.unwrap_or_else(|| self.path.recipient.clone());
        let report = match run(self.path.mail.send(&marker, letter, &recipient)) {
            Some(Ok(report)) => report,
            Some(Err(failure)) => nothing_known(failure.to_string()),
            None => nothing_known("no runtime".to_owned()),
        };
        let line = report.evidence.first().map(|line| line.chars().take(200).collect()).unwrap_or_default();
        let ProbeReport { verdict, of_content, .. } = report;
        self.saw(&Sighting::Answered { n, at: now(), verdict, of_content, line });
    }

    /// Says what is an alarm, once for each message.
    fn tell(&self) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let alarms: Vec<(Which, Fate)> = {
            let record = self.record();
            let fates = record.seen.fates(self.silence());
            fates.filter(|(_, _, fate)| fate.is_alarm()).map(|(which, _, fate)| (which, fate)).collect()
        };
        for (which, fate) in alarms {
            if told.insert(which, fate) != Some(fate) {
                (self.alarm)(&format!("canary: message {}: {}", which.1, fate.word()));
            }
        }
    }
}

/// The probe itself did not fit: that says nothing of others' mail.
fn nothing_known(why: String) -> ProbeReport {
    ProbeReport { verdict: ProbeVerdict::Deferred, of_content: false, evidence: vec![why] }
}
