//! What is asked of a mailbox, and what is left alone.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod server;

use mailsec_core::{
    Code,
    host::{Answer, Pickup, Secrets},
    values::{Secret, SecretRef},
};
use mailsec_mail::{ImapPickup, PickupConfig};
use server::Mailbox;
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};
use tempfile::TempDir;

struct Known;

#[async_trait::async_trait]
impl Secrets for Known {
    async fn get(&self, _: &SecretRef) -> Answer<Option<Secret>> {
        Ok(Some(Secret::new("planted")))
    }
}

struct Bed {
    mailbox: Arc<Mutex<Mailbox>>,
    pickup: ImapPickup,
    _folder: TempDir,
}

/// `seconds` is how long one look may take.
fn bed(seconds: u64) -> Bed {
    let folder = tempfile::tempdir().unwrap();
    let trust = folder.path().join("cert.pem");
    let mailbox = Arc::<Mutex<Mailbox>>::default();
    let server = server::start(&mailbox, &trust);
    let config: PickupConfig = serde_json::from_value(serde_json::json!({
        "server": server,
        "address": "probe@mail01.test",
        "user": "probe",
        "secret": "mailbox-password",
        "trust": trust,
        "limit_seconds": seconds,
    }))
    .unwrap();
    let pickup = ImapPickup::new(config, Arc::new(Known)).unwrap();
    Bed { mailbox, pickup, _folder: folder }
}

fn run<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}

impl Bed {
    fn look(&self, family: &str) -> Answer<Vec<String>> {
        let arrived = run(self.pickup.arrived(family))?;
        Ok(arrived.into_iter().map(|it| it.marker).collect())
    }

    fn left(&self) -> Vec<u32> {
        self.mailbox.lock().unwrap().messages.keys().copied().collect()
    }
}

#[test]
fn of_others_mail_nothing_is_fetched_but_the_message_id_and_nothing_is_removed() {
    let bed = bed(30);
    let deliver = |id: &str| bed.mailbox.lock().unwrap().deliver(id);
    // Answers and forwards of ours, a longer number, another's domain, one that only begins like ours.
    let mut others: Vec<u32> =
        (0..150).map(|n| deliver(&format!("<reply-{n}-to-canary-7-1@example.org>"))).collect();
    others.extend(
        [
            "<x-canary-7-1@mailsec.invalid>",
            "<canary-7-1@example.org>",
            "<canary-7-1@mailsec.invalid.example.org>",
            "<canary-7-1 @mailsec.invalid>",
        ]
        .map(deliver),
    );
    let ours = [deliver("<canary-7-1@mailsec.invalid>"), deliver("<canary-7-11@mailsec.invalid>")];
    assert_eq!(bed.look("canary-7-").unwrap(), ["canary-7-1", "canary-7-11"]);
    run(bed.pickup.remove(&["canary-7-1".to_owned()])).unwrap();
    assert_eq!(bed.mailbox.lock().unwrap().read, ours, "read");
    others.push(ours[1]);
    assert_eq!(bed.left(), others);
}

#[test]
fn a_pile_is_cleared_within_the_time_of_a_look_by_a_few_commands_each() {
    let bed = bed(2);
    {
        let mut mailbox = bed.mailbox.lock().unwrap();
        (0..1000).for_each(|n| _ = mailbox.deliver(&format!("<canary-7-{n}@mailsec.invalid>")));
        mailbox.takes = Duration::from_millis(10);
    }
    for _ in 0..20 {
        let seen = bed.look("canary-7-").unwrap();
        bed.mailbox.lock().unwrap().commands.clear();
        run(bed.pickup.remove(&seen)).unwrap();
        let commands = bed.mailbox.lock().unwrap().commands.len();
        // A search, a capability, one batch of removals; and a page of fields for each hundred that stays.
        assert!(commands <= 14, "{commands}");
        if seen.is_empty() {
            break;
        }
    }
    assert_eq!(bed.left(), [] as [u32; 0]);
}

#[test]
fn what_was_removed_before_the_time_was_up_is_gone() {
    let bed = bed(1);
    let markers: Vec<String> = (0..250).map(|n| format!("canary-7-{n}")).collect();
    {
        let mut mailbox = bed.mailbox.lock().unwrap();
        markers.iter().for_each(|marker| _ = mailbox.deliver(&format!("<{marker}@mailsec.invalid>")));
        mailbox.hangs_after = Some(200);
    }
    let failure = run(bed.pickup.remove(&markers)).unwrap_err();
    assert_eq!(failure.code, Code::TimeLimit, "{failure}");
    assert_eq!(bed.left().len(), 50);
}
