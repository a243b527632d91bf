//! The proof itself, the same by hand and in a plan.

use super::{Letter, holds_test_file};
use crate::{
    failure::Failure,
    host::{Arrived, Clock, Host, Mail, Pickup, ProbeReport, ProbeVerdict, no_mailbox},
    plan::Evidence,
};
use serde::{Deserialize, Serialize};
use std::{fmt, time::Duration};

/// Whether mail is scanned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScanVerdict {
    /// The test file was stopped, on a path that takes clean mail.
    Scanned,
    /// The test file was delivered unchanged.
    NotScanned,
    /// It cannot be told. Never success.
    Undetermined,
}

impl fmt::Display for ScanVerdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Scanned => "scanned",
            Self::NotScanned => "not scanned",
            Self::Undetermined => "undetermined",
        })
    }
}

/// The verdict, how it came about, and what shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proof {
    /// Whether mail is scanned.
    pub verdict: ScanVerdict,
    /// Why, in half a sentence.
    pub why: String,
    /// What shows it, in the order in which it was seen.
    pub evidence: Vec<Evidence>,
}

/// How long is waited for what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// For a clean message to arrive.
    pub delivery: Duration,
    /// For the test file, after a clean message that was sent later has arrived. What has not come by then counts as
    /// stopped without a word.
    pub silence: Duration,
    /// Between two looks into the mailbox.
    pub look: Duration,
}

impl Patience {
    /// Enough for a server that has just started.
    pub const USUAL: Self = Self {
        delivery: Duration::from_secs(90),
        silence: Duration::from_secs(30),
        look: Duration::from_secs(2),
    };
}

/// Where mail goes in, and where it comes out.
#[derive(Clone, Copy)]
pub struct MailPath<'a> {
    /// In.
    pub mail: &'a dyn Mail,
    /// Out.
    pub pickup: &'a dyn Pickup,
    /// How long it takes.
    pub clock: &'a dyn Clock,
}

impl<'a> MailPath<'a> {
    /// Through this server.
    #[must_use]
    pub fn of(host: &'a dyn Host) -> Self {
        Self { mail: host.mail(), pickup: host.pickup(), clock: host.clock() }
    }
}

/// Proves that mail is scanned, or is not. `marker` must be new, since nobody else's mail may be taken for ours; probes
/// of the same `family` that are still in the mailbox are removed.
///
/// What goes wrong on the way makes the verdict undetermined; it is not an error of its own.
pub async fn prove(path: MailPath<'_>, family: &str, marker: &str, patience: Patience) -> Proof {
    let Some(address) = path.pickup.address() else {
        return Course::new(path, String::new(), marker, patience).undetermined(no_mailbox().message);
    };
    let mut course = Course::new(path, address, marker, patience);
    course.sweep(family).await;
    let proof = course.run().await;
    let mut left = Course::new(path, String::new(), marker, patience);
    left.sweep(marker).await;
    Proof { evidence: [proof.evidence, left.evidence].concat(), ..proof }
}

/// Whether a clean message went in at one end and came out at the other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// Whether it did.
    pub delivered: bool,
    /// What went wrong, or nothing.
    pub why: String,
    /// What shows it.
    pub evidence: Vec<Evidence>,
}

/// Sends a clean message and waits for it, as [`prove`] does first.
pub async fn deliver(path: MailPath<'_>, family: &str, marker: &str, patience: Patience) -> Delivery {
    let Some(address) = path.pickup.address() else {
        return Delivery { delivered: false, why: no_mailbox().message, evidence: Vec::new() };
    };
    let mut course = Course::new(path, address, marker, patience);
    course.sweep(family).await;
    let arrived = match course.clean("clean").await {
        Ok(sent) => course.await_any(&[&sent.marker], patience.delivery).await,
        Err(why) => Err(why),
    };
    course.sweep(marker).await;
    let why = match &arrived {
        Ok(Some(_)) => String::new(),
        Ok(None) => "a clean message was accepted and did not arrive".to_owned(),
        Err(why) => why.clone(),
    };
    Delivery { delivered: matches!(arrived, Ok(Some(_))), why, evidence: course.evidence }
}

struct Course<'a> {
    path: MailPath<'a>,
    address: String,
    marker: &'a str,
    patience: Patience,
    evidence: Vec<Evidence>,
}

/// A message that is under way.
struct Sent {
    marker: String,
    report: ProbeReport,
}

impl<'a> Course<'a> {
    fn new(path: MailPath<'a>, address: String, marker: &'a str, patience: Patience) -> Self {
        Self { path, address, marker, patience, evidence: Vec::new() }
    }

    fn saw(&mut self, of: &str, seen: impl Into<String>) {
        self.evidence.push(Evidence::new(of, seen.into()));
    }

    fn decided(&mut self, verdict: ScanVerdict, why: impl Into<String>) -> Proof {
        Proof { verdict, why: why.into(), evidence: std::mem::take(&mut self.evidence) }
    }

    fn undetermined(&mut self, why: impl Into<String>) -> Proof {
        self.decided(ScanVerdict::Undetermined, why)
    }

    async fn run(&mut self) -> Proof {
        // The path first. The test file is not sent into one that does not work.
        let before = match self.clean("before").await {
            Ok(sent) => sent,
            Err(why) => return self.undetermined(why),
        };
        match self.await_any(&[&before.marker], self.patience.delivery).await {
            Ok(Some(_)) => {}
            Ok(None) => return self.undetermined("a clean message was accepted and did not arrive"),
            Err(why) => return self.undetermined(why),
        }
        let test = match self.send("test-file", Letter::TestFile).await {
            Ok(sent) => sent,
            Err(why) => return self.undetermined(why),
        };
        if test.report.verdict != ProbeVerdict::Accepted && !test.report.of_content {
            return self.undetermined("the server did not listen to the message with the test file");
        }
        // The same path again: whatever stopped the test file, it does not stop all mail.
        let after = match self.clean("after").await {
            Ok(sent) => sent,
            Err(why) => return self.undetermined(why),
        };
        match test.report.verdict {
            ProbeVerdict::Refused => {
                self.decided(ScanVerdict::Scanned, "the test file was rejected, and clean mail was taken")
            }
            ProbeVerdict::Deferred => self.decided(
                ScanVerdict::Scanned,
                "the test file was turned away for now, and clean mail was taken before and after",
            ),
            ProbeVerdict::Accepted => match self.delivered(&test.marker, &after.marker).await {
                Ok(proof) => proof,
                Err(why) => self.undetermined(why),
            },
        }
    }

    /// The test file was accepted: it may be removed, replaced, or let through.
    async fn delivered(&mut self, test: &str, after: &str) -> Result<Proof, String> {
        let Patience { delivery, silence, .. } = self.patience;
        let mut found = self.await_any(&[test, after], delivery).await?;
        if found.as_ref().is_some_and(|found| found.marker == after) {
            found = self.await_any(&[test], silence).await?;
            if found.is_none() {
                let waited = format!("not there {} ms after a later clean message", silence.as_millis());
                self.saw("test file", waited);
                return Ok(
                    self.decided(ScanVerdict::Scanned, "the test file was accepted and never delivered")
                );
            }
        }
        Ok(match found {
            Some(message) if holds_test_file(&message.raw) => {
                self.saw("test file", "delivered unchanged");
                self.decided(ScanVerdict::NotScanned, "the test file was delivered unchanged")
            }
            Some(_) => {
                self.saw("test file", "delivered without its content");
                self.decided(ScanVerdict::Scanned, "the test file was replaced")
            }
            None => self.undetermined("neither the test file nor a later clean message arrived"),
        })
    }

    async fn clean(&mut self, when: &str) -> Result<Sent, String> {
        let sent = self.send(when, Letter::Clean).await?;
        match sent.report.verdict {
            ProbeVerdict::Accepted => Ok(sent),
            ProbeVerdict::Deferred => Err("a clean message is not taken now".to_owned()),
            ProbeVerdict::Refused => Err("a clean message is refused".to_owned()),
        }
    }

    async fn send(&mut self, what: &str, letter: Letter) -> Result<Sent, String> {
        let marker = format!("{}-{what}", self.marker);
        let sent = self.path.mail.send(&marker, letter, &self.address).await;
        let report = sent.map_err(|failure| self.failed("sending", &failure))?;
        let answer = report.evidence.first().map_or("no answer", String::as_str);
        self.saw(&format!("answer to {marker}"), answer);
        Ok(Sent { marker, report })
    }

    fn failed(&mut self, doing: &str, failure: &Failure) -> String {
        let causes: String = failure.causes.iter().map(|cause| format!("; {cause}")).collect();
        self.saw(doing, format!("{failure}{causes}"));
        failure.message.clone()
    }

    /// The first of these messages that arrives; of several that are there, the one that is named first. A mailbox that
    /// cannot be looked into at the end tells nothing: what is not seen there may well be there.
    async fn await_any(&mut self, markers: &[&str], limit: Duration) -> Result<Option<Arrived>, String> {
        let clock = self.path.clock;
        let begun = clock.now();
        let mut waited = Duration::ZERO;
        loop {
            let looked = self.path.pickup.arrived(self.marker).await;
            if let Ok(arrived) = &looked {
                let named = markers.iter().find_map(|marker| arrived.iter().find(|it| it.marker == *marker));
                if let Some(found) = named {
                    let took = clock.now().since(begun).as_millis();
                    self.saw(&format!("arrival of {}", found.marker), format!("seen after {took} ms"));
                    return Ok(Some(found.clone()));
                }
            }
            if waited >= limit {
                return match looked {
                    Ok(_) => Ok(None),
                    Err(failure) => Err(self.failed("looking into the mailbox", &failure)),
                };
            }
            clock.sleep(self.patience.look).await;
            waited += self.patience.look;
        }
    }

    /// Removes what is there of a family: of this probe when it is over, of others that a crash cut short.
    async fn sweep(&mut self, family: &str) {
        let swept = match self.path.pickup.arrived(family).await {
            Ok(old) if old.is_empty() => Ok(()),
            Ok(old) => {
                let markers: Vec<String> = old.into_iter().map(|message| message.marker).collect();
                self.path.pickup.remove(&markers).await
            }
            Err(failure) => Err(failure),
        };
        if let Err(failure) = swept {
            self.failed("clearing the mailbox", &failure);
        }
    }
}

#[cfg(test)]
mod tests;
