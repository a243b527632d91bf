//! Every way in which a product can meet the test file, and everything that can go wrong on the way.

use super::*;
use crate::{
    failure::Code,
    host::Answer,
    proof::{compose, is_marker},
    values::Timestamp,
};
use async_trait::async_trait;
use futures::executor::block_on;
use std::sync::Mutex;

/// What a server does with a letter.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Does {
    Delivers,
    Replaces,
    Drops,
    Rejects,
    TurnsAway,
    HangsUp,
    Unfit,
}

/// What it does with the clean message before, with the test file, and with the clean message after; and whether the
/// mailbox opens after so many looks.
struct Server {
    does: [Does; 3],
    mailbox_fails_from: usize,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    now: i64,
    looks: usize,
    sent: Vec<String>,
    mailbox: Vec<Arrived>,
}

#[async_trait]
impl Mail for Server {
    async fn probe(&self, _: &str) -> Answer<ProbeReport> {
        unreachable!("the proof sends letters")
    }

    async fn send(&self, marker: &str, letter: Letter, recipient: &str) -> Answer<ProbeReport> {
        assert!(is_marker(marker));
        let mut state = self.state.lock().unwrap();
        let does = self.does[state.sent.len()];
        assert_eq!(letter == Letter::TestFile, state.sent.len() == 1);
        state.sent.push(marker.to_owned());
        let raw = match does {
            Does::Delivers => Some(compose(marker, letter, recipient)),
            Does::Replaces => Some(compose(marker, Letter::Clean, recipient)),
            Does::Unfit => return Err(Failure::new(Code::MailProbe, "unfit")),
            _ => None,
        };
        let arrived = raw.map(|raw| Arrived { marker: marker.to_owned(), raw: raw.into_bytes() });
        state.mailbox.extend(arrived);
        let verdict = match does {
            Does::Rejects => ProbeVerdict::Refused,
            Does::TurnsAway | Does::HangsUp => ProbeVerdict::Deferred,
            _ => ProbeVerdict::Accepted,
        };
        Ok(ProbeReport { verdict, of_content: does != Does::HangsUp, evidence: vec!["answer".to_owned()] })
    }
}

#[async_trait]
impl Pickup for Server {
    fn address(&self) -> Option<String> {
        Some("probe@example.test".to_owned())
    }

    async fn arrived(&self, family: &str) -> Answer<Vec<Arrived>> {
        let mut state = self.state.lock().unwrap();
        state.looks += 1;
        if state.looks >= self.mailbox_fails_from {
            return Err(Failure::new(Code::System, "the mailbox is shut"));
        }
        Ok(state.mailbox.iter().filter(|it| it.marker.starts_with(family)).cloned().collect())
    }

    async fn remove(&self, markers: &[String]) -> Answer<()> {
        self.state.lock().unwrap().mailbox.retain(|it| !markers.contains(&it.marker));
        Ok(())
    }
}

#[async_trait]
impl Clock for Server {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.state.lock().unwrap().now)
    }

    async fn sleep(&self, how_long: Duration) {
        self.state.lock().unwrap().now += i64::try_from(how_long.as_millis()).unwrap();
    }

    async fn alarm(&self, _: Duration) {
        std::future::pending().await
    }
}

fn proven(does: [Does; 3], mailbox_fails_from: usize) -> (Proof, State) {
    let server = Server { does, mailbox_fails_from, state: Mutex::default() };
    // Left by a probe that a crash cut short; and one that is of somebody else.
    for marker in ["u1-3-before", "u2-3-before"] {
        server.state.lock().unwrap().mailbox.push(Arrived { marker: marker.to_owned(), raw: Vec::new() });
    }
    let path = MailPath { mail: &server, pickup: &server, clock: &server };
    let proof = block_on(prove(path, "u1-", "u1-7", Patience::USUAL));
    (proof, server.state.into_inner().unwrap())
}

#[test]
fn every_outcome_has_its_verdict() {
    use Does::{Delivers, Drops, HangsUp, Rejects, Replaces, TurnsAway, Unfit};
    use ScanVerdict::{NotScanned, Scanned, Undetermined};
    let table = [
        ([Delivers, Delivers, Delivers], NotScanned),
        ([Delivers, Replaces, Delivers], Scanned),
        ([Delivers, Drops, Delivers], Scanned),
        ([Delivers, Rejects, Delivers], Scanned),
        ([Delivers, TurnsAway, Delivers], Scanned),
        // Clean mail does not come through: nothing is known of the rest.
        ([Drops, Delivers, Delivers], Undetermined),
        ([Rejects, Rejects, Rejects], Undetermined),
        ([TurnsAway, TurnsAway, TurnsAway], Undetermined),
        ([HangsUp, Rejects, Delivers], Undetermined),
        ([Unfit, Rejects, Delivers], Undetermined),
        // The path broke meanwhile: what stopped the test file may have stopped all mail.
        ([Delivers, Rejects, Rejects], Undetermined),
        ([Delivers, TurnsAway, TurnsAway], Undetermined),
        ([Delivers, TurnsAway, HangsUp], Undetermined),
        ([Delivers, HangsUp, Delivers], Undetermined),
        ([Delivers, Drops, Drops], Undetermined),
        ([Delivers, Unfit, Delivers], Undetermined),
    ];
    for (does, expected) in table {
        let (proof, state) = proven(does, usize::MAX);
        assert_eq!(proof.verdict, expected, "{does:?}: {proof:?}");
        assert!(!proof.why.is_empty() && !proof.evidence.is_empty());
        // Ours are removed, a stranger's stay.
        let left: Vec<&str> = state.mailbox.iter().map(|it| it.marker.as_str()).collect();
        assert_eq!(left, ["u2-3-before"], "{does:?}");
    }
}

#[test]
fn the_test_file_is_not_sent_where_clean_mail_does_not_arrive() {
    let (_, state) = proven([Does::Drops, Does::Delivers, Does::Delivers], usize::MAX);
    assert_eq!(state.sent, ["u1-7-before"]);
}

/// A mailbox that shuts at any moment hides what is in it; what is not seen then was not stopped.
#[test]
fn a_mailbox_that_shuts_is_never_success() {
    for from in 1..12 {
        let (proof, _) = proven([Does::Delivers, Does::Drops, Does::Delivers], from);
        assert_eq!(proof.verdict, ScanVerdict::Undetermined, "from look {from}: {proof:?}");
    }
}
