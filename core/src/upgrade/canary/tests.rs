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
            canary.saw(&Sighting::Arrived { n: 0, at: at(1), test_file, mark: None });
        }
        canary.saw(&Sighting::Looked { at: at(now), failed: None });
        let fates: Vec<_> = canary.fates(SILENCE).map(|(_, _, fate)| fate).collect();
        assert_eq!(fates, [fate], "{letter:?} {verdict:?} {arrived:?} at {now}");
    }
    let mut cut = Canary::default();
    cut.saw(&Sighting::Sending { n: 4, at: at(0), letter: Letter::Clean });
    assert_eq!((cut.summary(SILENCE).count(Fate::Unknown), cut.next()), (1, 5));
}

#[test]
fn a_run_reads_as_what_senders_saw_one_span_after_the_other() {
    let mut canary = Canary::default();
    for n in 0..30 {
        let held = (10..20).contains(&n);
        let verdict = if held { ProbeVerdict::Deferred } else { ProbeVerdict::Accepted };
        sent(&mut canary, n, Letter::Clean, verdict, !held);
        if !held {
            let at = at(i64::try_from(n).unwrap() + 2);
            canary.saw(&Sighting::Arrived { n, at, test_file: false, mark: None });
        }
    }
    let summary = canary.summary(SILENCE);
    let spans: Vec<_> = summary.senders.iter().map(|span| (span.fate, span.count)).collect();
    assert_eq!(spans, [(Fate::Delivered, 10), (Fate::Deferred, 10), (Fate::Delivered, 10)]);
    assert_eq!((summary.slowest_ms, summary.alarms(), summary.sent()), (2000, 0, 30));
}

#[test]
fn nothing_is_lost_or_stopped_where_nobody_has_looked_after_the_silence() {
    let mut canary = Canary::default();
    sent(&mut canary, 0, Letter::Clean, ProbeVerdict::Accepted, true);
    sent(&mut canary, 1, Letter::TestFile, ProbeVerdict::Accepted, true);
    let fates = |canary: &Canary| canary.fates(SILENCE).map(|(_, _, fate)| fate).collect::<Vec<_>>();
    assert_eq!(fates(&canary), [Fate::Outstanding, Fate::Outstanding], "never looked");
    canary.saw(&Sighting::Looked { at: at(59), failed: None });
    for (secs, why) in [(70, "no connection"), (600, "wrong password")] {
        canary.saw(&Sighting::Looked { at: at(secs), failed: Some(why.to_owned()) });
    }
    assert_eq!(fates(&canary), [Fate::Outstanding, Fate::Outstanding], "not looked since");
    let blind = |to, times| Blind { from: at(70), to, times, why: "wrong password".to_owned() };
    assert_eq!((canary.summary(SILENCE).blind, canary.is_blind()), (Some(blind(None, 1)), true));
    assert!(canary.awaits(SILENCE) && canary.summary(SILENCE).alarms() == 0);
    canary.saw(&Sighting::Looked { at: at(700), failed: None });
    assert_eq!(fates(&canary), [Fate::Silent, Fate::Scanned]);
    assert_eq!((canary.summary(SILENCE).blind, canary.is_blind()), (Some(blind(Some(at(700)), 1)), false));
    assert!(!canary.awaits(SILENCE));
    // Where no mailbox is watched, none can be blind.
    assert_eq!(canary.summary(None).blind, None);
}

#[test]
fn a_number_that_comes_again_is_another_message() {
    let mut canary = Canary::default();
    let began = |mark: &str| Sighting::Began { at: at(0), mark: mark.to_owned() };
    let arrived =
        |n, test_file, mark: &str| Sighting::Arrived { n, at: at(9), test_file, mark: Some(mark.to_owned()) };
    canary.saw(&began("one"));
    sent(&mut canary, 0, Letter::Clean, ProbeVerdict::Accepted, true);
    // Number 1 of this process was sent too, and a power cut took that out of the record.
    canary.saw(&began("two"));
    assert_eq!(canary.next(), 1);
    sent(&mut canary, 1, Letter::Clean, ProbeVerdict::Accepted, true);
    canary.saw(&arrived(1, true, "one"));
    assert!(canary.has_arrived(Some("one"), 1) && !canary.has_arrived(Some("two"), 1));
    let fates: Vec<_> = canary.fates(SILENCE).collect();
    assert_eq!(
        fates,
        [
            ((1, 0), Letter::Clean, Fate::Outstanding),
            // Known by its arrival alone, and an alarm all the same.
            ((1, 1), Letter::TestFile, Fate::Unscanned),
            ((2, 1), Letter::Clean, Fate::Outstanding),
        ]
    );
    canary.saw(&arrived(1, false, "two"));
    assert_eq!((canary.summary(SILENCE).count(Fate::Delivered), canary.sent(), canary.next()), (1, 3, 2));
}

#[test]
fn a_record_of_an_older_version_is_read_as_before() {
    let mut canary = Canary::default();
    for line in [
        r#"{"saw":"sending","n":0,"at":"2026-03-01T01:00:00.000Z","letter":"clean"}"#,
        r#"{"saw":"answered","n":0,"at":"2026-03-01T01:00:00.100Z","verdict":"accepted","of_content":true,"line":"250 ok"}"#,
        r#"{"saw":"arrived","n":0,"at":"2026-03-01T01:00:02.000Z","test_file":false}"#,
    ] {
        canary.saw(&serde_json::from_str(line).unwrap());
    }
    assert!(canary.has_arrived(None, 0));
    let summary = canary.summary(SILENCE);
    assert_eq!((summary.count(Fate::Delivered), summary.slowest_ms, summary.blind), (1, 2000, None));
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
                canary.saw(&Sighting::Arrived { n, at: at(3000), test_file: *unchanged, mark: None });
            }
        }
        canary.saw(&Sighting::Looked { at: at(3000), failed: None });
        let summary = canary.summary(SILENCE);
        prop_assert_eq!(summary.sent(), seen.len() as u64);
        let in_spans: u64 = summary.senders.iter().chain(&summary.scanning).map(|span| span.count).sum();
        prop_assert_eq!(in_spans, seen.len() as u64);
        let alarms = summary.senders.iter().chain(&summary.scanning).any(|span| span.fate.is_alarm());
        prop_assert_eq!(alarms, summary.alarms() > 0);
        prop_assert!(serde_json::to_string(&summary).unwrap().len() < 32 * 1024);
    }
}
