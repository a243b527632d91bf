//! The canary between a mail server and a mailbox that are only data.
#![allow(clippy::unwrap_used, reason = "tests")]

use mailsec_core::{
    Code, Failure,
    host::{Answer, Arrived, Mail, Pickup, ProbeReport, ProbeVerdict},
    proof::{Letter, compose},
    upgrade::{CanarySummary, Fate},
};
use mailsec_mail::canary::{CanaryConfig, CanaryPath, Flight, read};
use std::{
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

/// Messages that a look takes in.
const AT_ONCE: usize = 100;

const ADDRESS: &str = "probe@mail01.test";

/// Takes all mail, and delivers it when it is told to.
#[derive(Default)]
struct Post {
    delivers: AtomicBool,
    closed: AtomicBool,
    hangs: AtomicBool,
    looks: AtomicUsize,
    sent: Mutex<Vec<String>>,
    mailbox: Mutex<Vec<Arrived>>,
}

impl Post {
    fn deliver(&self, marker: &str, letter: Letter) {
        let raw = compose(marker, letter, ADDRESS).into_bytes();
        self.mailbox.lock().unwrap().push(Arrived { marker: marker.to_owned(), raw });
    }
}

#[async_trait::async_trait]
impl Mail for Post {
    async fn probe(&self, marker: &str) -> Answer<ProbeReport> {
        self.send(marker, Letter::Clean, ADDRESS).await
    }

    async fn send(&self, marker: &str, letter: Letter, _: &str) -> Answer<ProbeReport> {
        self.sent.lock().unwrap().push(marker.to_owned());
        while self.hangs.load(Ordering::Relaxed) {
            thread::sleep(Duration::from_millis(5));
        }
        if self.delivers.load(Ordering::Relaxed) {
            self.deliver(marker, letter);
        }
        Ok(ProbeReport { verdict: ProbeVerdict::Accepted, of_content: true, evidence: Vec::new() })
    }
}

#[async_trait::async_trait]
impl Pickup for Post {
    fn address(&self) -> Option<String> {
        Some(ADDRESS.to_owned())
    }

    async fn arrived(&self, family: &str) -> Answer<Vec<Arrived>> {
        self.looks.fetch_add(1, Ordering::Relaxed);
        if self.closed.load(Ordering::Relaxed) {
            return Err(Failure::new(Code::ScanUndetermined, "the mailbox is closed").found("no connection"));
        }
        let mailbox = self.mailbox.lock().unwrap();
        Ok(mailbox.iter().filter(|it| it.marker.starts_with(family)).take(AT_ONCE).cloned().collect())
    }

    async fn remove(&self, markers: &[String]) -> Answer<()> {
        self.mailbox.lock().unwrap().retain(|it| !markers.contains(&it.marker));
        Ok(())
    }
}

type Said = Arc<Mutex<Vec<String>>>;

fn fly(post: &Arc<Post>, file: &Path) -> (Flight, Said) {
    let config = CanaryConfig {
        every_ms: 20,
        look_ms: 20,
        silence_seconds: 0,
        settle_seconds: 1,
        ..CanaryConfig::default()
    };
    let path = CanaryPath { mail: post.clone(), pickup: Some(post.clone()), recipient: String::new() };
    let said = Said::default();
    let heard = Arc::clone(&said);
    let alarm = Box::new(move |text: &str| heard.lock().unwrap().push(text.to_owned()));
    (Flight::begin(config, path, "7", file, alarm).unwrap(), said)
}

#[track_caller]
fn until(what: &str, mut is: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is() {
        assert!(begun.elapsed() < Duration::from_secs(20), "{what}");
        thread::sleep(Duration::from_millis(5));
    }
}

fn lost(summary: &CanarySummary) -> u64 {
    summary.count(Fate::Silent)
}

#[test]
fn a_mailbox_that_nobody_could_look_into_loses_no_message_and_is_told_once() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("canary.jsonl");
    let post = Arc::new(Post::default());
    post.closed.store(true, Ordering::Relaxed);
    let (flight, said) = fly(&post, &file);
    until("looks", || post.looks.load(Ordering::Relaxed) > 5 && flight.summary().sent() > 5);
    let summary = flight.summary();
    assert_eq!((lost(&summary), summary.alarms()), (0, 0), "{summary:?}");
    let blind = summary.blind.unwrap();
    assert_eq!((blind.to, blind.times, blind.why.as_str()), (None, 1, "the mailbox is closed"));
    let texts = said.lock().unwrap().clone();
    assert!(texts.len() == 1 && texts[0].contains("cannot be looked into"), "{texts:?}");

    // Where somebody looks and nothing is there, it is lost.
    post.closed.store(false, Ordering::Relaxed);
    until("loss", || lost(&flight.summary()) > 5);
    assert!(flight.summary().blind.unwrap().to.is_some());
    drop(flight);
    // The record knows it too.
    let all = read(&file).unwrap().summary(Some(Duration::ZERO));
    assert!(lost(&all) > 5 && all.blind.is_some());
}

#[test]
fn after_a_power_cut_no_old_message_is_taken_for_a_new_one_and_a_test_file_among_them_is_an_alarm() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("canary.jsonl");
    let post = Arc::new(Post::default());
    let (flight, _) = fly(&post, &file);
    until("messages", || post.sent.lock().unwrap().len() > 3);
    drop(flight);
    let old = std::mem::take(&mut *post.sent.lock().unwrap());
    // All that was not flushed is gone; not a line of what was sent remains.
    std::fs::write(&file, "").unwrap();

    let (flight, said) = fly(&post, &file);
    let enough = old.len() as u64;
    until("as many again", || flight.summary().sent() > enough);
    // The queue of the server is let go now.
    old.iter().skip(1).for_each(|marker| post.deliver(marker, Letter::Clean));
    post.deliver(&old[0], Letter::TestFile);
    until("the old ones to be seen", || post.mailbox.lock().unwrap().is_empty());
    until("loss", || lost(&flight.summary()) > enough);
    drop(flight);
    let all = read(&file).unwrap();
    let new = post.sent.lock().unwrap();
    assert!(new.iter().all(|marker| !old.contains(marker)), "a marker came again");
    let summary = all.summary(Some(Duration::ZERO));
    assert_eq!(
        (summary.count(Fate::Unscanned), summary.count(Fate::Delivered)),
        (1, enough - 1),
        "{summary:?}"
    );
    assert!(said.lock().unwrap().iter().any(|text| text.contains("UNSCANNED")));
}

#[test]
fn nothing_is_lost_that_may_be_behind_a_pile() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("canary.jsonl");
    let post = Arc::new(Post::default());
    post.delivers.store(true, Ordering::Relaxed);
    (0..20 * AT_ONCE).for_each(|n| post.deliver(&format!("canary-7-earlier-{n}"), Letter::Clean));
    let (flight, said) = fly(&post, &file);
    until("the pile to be gone", || post.mailbox.lock().unwrap().len() < AT_ONCE);
    until("messages", || post.sent.lock().unwrap().len() > 20);
    drop(flight);
    assert_eq!(said.lock().unwrap().clone(), [] as [String; 0]);
    let summary = read(&file).unwrap().summary(Some(Duration::ZERO));
    assert_eq!(summary.alarms(), 0, "{summary:?}");
}

#[test]
fn what_a_crash_cut_short_is_cut_off_and_the_record_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("canary.jsonl");
    let whole = r#"{"saw":"sending","n":0,"at":"2026-03-01T01:00:00Z","letter":"clean"}"#;
    std::fs::write(&file, format!("{whole}\n{{\"saw\":\"answ")).unwrap();
    let post = Arc::new(Post::default());
    let (flight, _) = fly(&post, &file);
    until("messages", || post.sent.lock().unwrap().len() > 2);
    drop(flight);
    let text = std::fs::read_to_string(&file).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[0] == whole && lines.len() > 3 && text.ends_with('\n'), "{text}");
    assert!(lines.iter().all(|line| serde_json::from_str::<serde_json::Value>(line).is_ok()), "{text}");
}

#[test]
fn an_answer_that_comes_after_the_end_spoils_nothing_that_the_next_one_writes() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("canary.jsonl");
    let post = Arc::new(Post::default());
    post.hangs.store(true, Ordering::Relaxed);
    let (flight, _) = fly(&post, &file);
    until("messages", || post.sent.lock().unwrap().len() > 3);
    drop(flight);
    let waiting = post.sent.lock().unwrap().len() as u64;
    let (flight, _) = fly(&post, &file);
    until("more of them", || post.sent.lock().unwrap().len() as u64 > waiting + 3);
    post.hangs.store(false, Ordering::Relaxed);
    until("answers", || lost(&flight.summary()) > 3);
    drop(flight);
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(text.lines().all(|line| serde_json::from_str::<serde_json::Value>(line).is_ok()), "{text}");
    let summary = read(&file).unwrap().summary(Some(Duration::ZERO));
    // Those of the first have no answer that anybody heard.
    assert!(summary.count(Fate::Unknown) >= waiting, "{summary:?}");
}
