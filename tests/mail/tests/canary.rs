//! A whole upgrade whose mail is real, watched by the canary: what it says must be what happened.
#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::panic, reason = "tests; figures are shown")]

use mailsec_core::{
    engine::{load, replay::replay},
    journal::WitnessReader,
    proof::Letter,
    upgrade::{CanarySummary, Fate, Finish, Report},
};
use mailsec_mail::canary::read;
use mailsec_mail_tests::{Bed, Manner};
use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    process::{Child, Command},
    time::Duration,
};

/// Longer than a run: what is not there at the end is outstanding, and that is never so.
const SILENCE: Option<Duration> = Some(Duration::from_secs(60));

struct Run<'a> {
    bed: &'a Bed,
    folder: PathBuf,
    policy: &'static str,
}

impl<'a> Run<'a> {
    fn new(bed: &'a Bed, policy: &'static str) -> Self {
        bed.reset();
        let folder = bed.folder().join(format!("run-{policy}"));
        std::fs::create_dir(&folder).unwrap();
        Self { bed, folder, policy }
    }

    fn process(&self) -> Child {
        Command::new(env!("CARGO_BIN_EXE_composite-run"))
            .arg(&self.folder)
            .arg(self.bed.control().to_string())
            .arg(self.bed.smtp().to_string())
            .arg(self.bed.pickup_json(false).to_string())
            .arg(self.policy)
            .spawn()
            .unwrap()
    }

    fn record(&self) -> PathBuf {
        self.folder.join("canary.jsonl")
    }

    fn report(&self) -> Report {
        let reader = WitnessReader::new(self.folder.join("journal"));
        let upgrade = reader.list().unwrap()[0].upgrade;
        let witnessed = reader.read(upgrade).unwrap();
        let report = load(&witnessed.envelopes).report;
        // The canary is the edge's; a replay without it must still come to the same bytes.
        let replayed = replay(&witnessed.lines).unwrap();
        assert!(replayed.departed.is_none(), "{:?}", replayed.departed);
        assert_eq!(report.finish, Some(Finish::Succeeded));
        let proven = report.steps.iter().find(|step| step.id.as_str() == "prove-scanning").unwrap();
        assert_eq!(proven.summary, "mail is scanned: the test file was replaced");
        report
    }

    /// What the journal has of the canary, after it was compared with the record.
    fn summary(&self) -> CanarySummary {
        let in_journal = self.report().canary.unwrap();
        let all = read(&self.record()).unwrap().summary(SILENCE);
        assert_eq!(in_journal.sent(), all.sent());
        assert_eq!(in_journal.senders, all.senders);
        assert_eq!(in_journal.scanning, all.scanning);
        all
    }

    /// Messages with the test file that came to this.
    fn test_files(&self, fate: Fate) -> BTreeSet<u64> {
        let canary = read(&self.record()).unwrap();
        let all = canary.fates(SILENCE);
        all.filter(|(_, letter, it)| *letter == Letter::TestFile && *it == fate)
            .map(|((_, n), _, _)| n)
            .collect()
    }

    /// Messages with the test file that the scanner saw and met so.
    fn met(&self, manner: Manner) -> BTreeSet<u64> {
        let passed = self.bed.scanner.passed().into_iter().filter(|it| it.manner == manner);
        let canary = passed.filter(|it| it.marker.starts_with("canary-"));
        canary.map(|it| it.marker.rsplit('-').next().unwrap().parse().unwrap()).collect()
    }
}

fn fates(summary: &CanarySummary) -> Vec<(Fate, u64)> {
    summary.scanning.iter().map(|span| (span.fate, span.count)).collect()
}

fn mode(file: &Path) -> u32 {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata(file).unwrap().mode() & 0o777
}

#[test]
fn with_hold_the_canary_sees_no_loss_and_nothing_unscanned() {
    let bed = Bed::start();
    let run = Run::new(&bed, "hold");
    assert!(run.process().wait().unwrap().success());
    let summary = run.summary();
    println!("hold: {:?}\n{:?}\n{:?}", summary.fates, summary.senders, summary.scanning);
    for never in [Fate::Unscanned, Fate::Silent, Fate::Refused, Fate::Outstanding, Fate::Unknown] {
        assert_eq!(summary.count(never), 0, "{never:?}");
    }
    // Senders were turned away for a while, before and after which all was well.
    assert!(summary.count(Fate::Deferred) > 0);
    let seen: Vec<Fate> = summary.senders.iter().map(|span| span.fate).collect();
    assert_eq!(seen, [Fate::Delivered, Fate::Deferred, Fate::Delivered]);
    assert_eq!(run.met(Manner::Off), BTreeSet::new());
    assert_eq!(mode(&run.record()), 0o600);
    let report = std::fs::read_to_string(run.record()).unwrap();
    assert!(!report.contains(Bed::password()));
}

#[test]
fn with_allow_the_canary_sees_exactly_the_unscanned_window_and_a_kill_takes_nothing_of_its_record() {
    let bed = Bed::start();
    let run = Run::new(&bed, "allow");
    // Killed while mail flows unscanned: the first message of which that is known is in the record.
    let mut first = run.process();
    while run.test_files(Fate::Unscanned).is_empty() {
        assert!(first.try_wait().unwrap().is_none(), "it ended before mail was unscanned");
        std::thread::sleep(Duration::from_millis(20));
    }
    first.kill().unwrap();
    first.wait().unwrap();
    let before = std::fs::read(run.record()).unwrap();
    let killed_at = read(&run.record()).unwrap().next();
    assert!(run.process().wait().unwrap().success());
    let after = std::fs::read(run.record()).unwrap();
    let whole = before.iter().rposition(|byte| *byte == b'\n').unwrap() + 1;
    assert!(
        after.len() > before.len() && after[..whole] == before[..whole],
        "the record is only ever appended to"
    );

    let summary = run.summary();
    println!("allow: {:?}\n{:?}\n{:?}", summary.fates, summary.senders, summary.scanning);
    for never in [Fate::Silent, Fate::Refused, Fate::Outstanding] {
        assert_eq!(summary.count(never), 0, "{never:?}");
    }
    // To the message: those that the scanner let through, and no other. One that it let through in the moment in which
    // the server stopped was not taken.
    let unscanned = run.test_files(Fate::Unscanned);
    let let_through = run.met(Manner::Off);
    assert!(unscanned.is_subset(&let_through), "{unscanned:?}\n{let_through:?}");
    let others: BTreeSet<u64> = let_through.difference(&unscanned).copied().collect();
    assert!(others.is_subset(&run.test_files(Fate::Deferred)), "{others:?}");
    assert!(
        unscanned.iter().any(|n| *n < killed_at) && unscanned.iter().any(|n| *n >= killed_at),
        "{killed_at}: {unscanned:?}"
    );
    // One window: nothing in it was scanned, nothing outside of it was not.
    let (first, last) = (unscanned.first().unwrap(), unscanned.last().unwrap());
    assert!(run.test_files(Fate::Scanned).iter().all(|n| n < first || n > last));
    assert!(fates(&summary).iter().filter(|(fate, _)| *fate == Fate::Unscanned).count() >= 1);
    assert_eq!(summary.alarms(), unscanned.len() as u64);
}
