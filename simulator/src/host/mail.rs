//! Mail in, and a mailbox at its end.

use super::SimHost;
use crate::{
    fate::Fate,
    world::{World, mail::MailGate},
};
use async_trait::async_trait;
use mailsec_core::{
    host::{Answer, Arrived, Mail, Pickup, ProbeReport, ProbeVerdict},
    proof::{Letter, compose},
};
use std::time::Duration;

/// Whose mail is looked for.
const MAILBOX: &str = "probe@mail01.test";

/// How long a server takes to take in a message.
const TAKES: Duration = Duration::from_millis(150);

/// How the product meets the test file; the tape says which.
#[derive(Clone, Copy)]
enum Meets {
    Replaces,
    Rejects,
    Drops,
    TurnsAway,
}

const MEETS: [Meets; 4] = [Meets::Replaces, Meets::Rejects, Meets::Drops, Meets::TurnsAway];

fn answer(verdict: ProbeVerdict, of_content: bool, text: String) -> ProbeReport {
    ProbeReport { verdict, of_content, evidence: vec![text] }
}

/// What a server says that does not take mail now; `None` when it does.
fn turned_away(gate: MailGate) -> Option<ProbeReport> {
    match gate {
        // Nobody keeps a probe that was not taken, so it never arrived.
        MailGate::Closed => Some(answer(
            ProbeVerdict::Deferred,
            false,
            "no connection: the target machine actively refused it (10061)".to_owned(),
        )),
        MailGate::Refusing => Some(answer(ProbeVerdict::Refused, false, "554 5.7.1 refused".to_owned())),
        MailGate::Scanned | MailGate::Unscanned => None,
    }
}

fn queued(marker: &str) -> ProbeReport {
    answer(ProbeVerdict::Accepted, true, format!("250 2.6.0 <{marker}> Queued mail for delivery"))
}

fn take_in(world: &mut World, fate: &mut Fate, marker: &str, letter: Letter) -> ProbeReport {
    let meets = match (world.mail.gate, letter) {
        (MailGate::Scanned, Letter::TestFile) => {
            MEETS.get(fate.choose("test file: how it is stopped", MEETS.len())).copied()
        }
        _ => None,
    };
    let delivered = match meets {
        None => Some(letter),
        Some(Meets::Replaces) => Some(Letter::Clean),
        Some(Meets::Drops) => None,
        Some(Meets::Rejects) => return answer(ProbeVerdict::Refused, true, "550 5.5.0 rejected".to_owned()),
        Some(Meets::TurnsAway) => {
            return answer(ProbeVerdict::Deferred, true, "451 4.5.1 not now".to_owned());
        }
    };
    world.mail.take(1);
    world.mail.mailbox.extend(delivered.map(|letter| (marker.to_owned(), letter)));
    queued(marker)
}

#[async_trait]
impl Mail for SimHost {
    async fn probe(&self, marker: &str) -> Answer<ProbeReport> {
        self.run(|world, fate| {
            world.advance(fate, TAKES)?;
            let report = turned_away(world.mail.gate).unwrap_or_else(|| {
                world.mail.take(1);
                queued(marker)
            });
            fate.save(world)?;
            Ok(report)
        })
    }

    async fn send(&self, marker: &str, letter: Letter, _recipient: &str) -> Answer<ProbeReport> {
        self.run(|world, fate| {
            world.advance(fate, TAKES)?;
            let report = turned_away(world.mail.gate).unwrap_or_else(|| take_in(world, fate, marker, letter));
            fate.save(world)?;
            Ok(report)
        })
    }
}

#[async_trait]
impl Pickup for SimHost {
    fn address(&self) -> Option<String> {
        Some(MAILBOX.to_owned())
    }

    async fn arrived(&self, family: &str) -> Answer<Vec<Arrived>> {
        self.read(|world| {
            let of_family = world.mail.mailbox.iter().filter(|(marker, _)| marker.starts_with(family));
            Ok(of_family
                .map(|(marker, letter)| Arrived {
                    marker: marker.clone(),
                    raw: compose(marker, *letter, MAILBOX).into_bytes(),
                })
                .collect())
        })
        .await
    }

    async fn remove(&self, markers: &[String]) -> Answer<()> {
        self.run(|world, fate| {
            for marker in markers {
                world.mail.mailbox.remove(marker);
            }
            fate.save(world)
        })
    }
}
