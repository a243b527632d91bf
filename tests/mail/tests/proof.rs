//! The proof of scanning on a real mail server.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests; a figure is shown")]

use mailsec_contract as contract;
use mailsec_core::{
    host::{Clock, Mail, ProbeVerdict},
    proof::{Letter, MailPath, Patience, Proof, ScanVerdict, prove, test_file},
    values::Timestamp,
};
use mailsec_mail_tests::{Bed, Manner};
use std::time::{Duration, SystemTime};

struct Real;

#[async_trait::async_trait]
impl Clock for Real {
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
        Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap())
    }
    async fn sleep(&self, how_long: Duration) {
        tokio::time::sleep(how_long).await;
    }
    async fn alarm(&self, after: Duration) {
        tokio::time::sleep(after).await;
    }
}

fn run<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}

fn proof(bed: &Bed, marker: &str, delivery: Duration) -> Proof {
    let (mail, pickup) = bed.path(false);
    let patience = Patience { delivery, silence: Duration::from_secs(2), look: Duration::from_millis(50) };
    let path = MailPath { mail: &mail, pickup: &pickup, clock: &Real };
    run(prove(path, "proof-", &format!("proof-{marker}"), patience))
}

/// One bed for all: it takes seconds to start, and is switched in between.
#[test]
fn a_real_server_is_told_apart_in_every_state() {
    let bed = Bed::start();
    println!("the bed started in {} ms", bed.took.as_millis());

    for start_tls in [false, true] {
        let (mail, pickup) = bed.path(start_tls);
        let path = MailPath { mail: &mail, pickup: &pickup, clock: &Real };
        run(contract::pickup(path, if start_tls { "tls" } else { "imaps" }));
    }

    let usual = Duration::from_secs(20);
    let table = [
        (Manner::Replace, ScanVerdict::Scanned, "the test file was replaced"),
        (Manner::Reject, ScanVerdict::Scanned, "the test file was rejected, and clean mail was taken"),
        (Manner::Drop, ScanVerdict::Scanned, "the test file was accepted and never delivered"),
        (
            Manner::TurnAway,
            ScanVerdict::Scanned,
            "the test file was turned away for now, and clean mail was taken before and after",
        ),
        (Manner::Off, ScanVerdict::NotScanned, "the test file was delivered unchanged"),
    ];
    for (manner, verdict, why) in table {
        bed.scanner.set(manner);
        let proof = proof(&bed, &format!("{manner:?}"), usual);
        assert_eq!((proof.verdict, proof.why.as_str()), (verdict, why), "{proof:#?}");
        assert!(proof.evidence.len() >= 4, "{proof:#?}");
    }

    // The test file was never written by us, and is in no program: it is in the mailbox alone, and was removed there.
    let (mail, pickup) = bed.path(false);
    let left = run(mailsec_core::host::Pickup::arrived(&pickup, "proof-")).unwrap();
    assert!(left.is_empty(), "{} are left", left.len());

    bed.stop();
    let down = proof(&bed, "down", Duration::from_secs(1));
    assert_eq!(
        (down.verdict, down.why.as_str()),
        (ScanVerdict::Undetermined, "a clean message is not taken now")
    );
    let report = run(mail.send("proof-down-x", Letter::Clean, "probe@mail01.test")).unwrap();
    assert_eq!(report.verdict, ProbeVerdict::Deferred);
    bed.go_on();
    assert_eq!(proof(&bed, "again", usual).verdict, ScanVerdict::NotScanned);

    // Mail that no mailbox gets: the path is not shown to work, so nothing is said of scanning.
    let unknown = run(mail.send("proof-foreign", Letter::Clean, "probe@elsewhere.test")).unwrap();
    assert_eq!(unknown.verdict, ProbeVerdict::Accepted, "{unknown:?}");
}

#[test]
fn the_test_file_is_in_no_program_and_no_source() {
    let wanted = test_file();
    let holds = |bytes: &[u8]| bytes.windows(wanted.len()).any(|window| window == wanted);
    let me = std::fs::read(std::env::current_exe().unwrap()).unwrap();
    assert!(!holds(&me), "the compiler put it together");
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut folders = vec![root.join("core"), root.join("mail"), root.join("tests/mail"), root.join("docs")];
    let mut files = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files += 1;
                assert!(!holds(&std::fs::read(&path).unwrap()), "{}", path.display());
            }
        }
    }
    assert!(files > 100);
}
