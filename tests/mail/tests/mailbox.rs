//! A mailbox with a pile of old probes and with mail of others, on a real server.
#![allow(clippy::unwrap_used, reason = "tests")]

use mailsec_core::{
    host::{AT_ONCE, Pickup},
    proof::{Letter, compose},
};
use mailsec_mail_tests::Bed;
use std::{
    fs,
    os::unix::fs::{MetadataExt, chown},
    path::{Path, PathBuf},
};

/// Messages that earlier canaries left.
const PILE: usize = 3 * AT_ONCE + 50;

fn run<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}

/// Puts a message into the folder in which Dovecot looks for new ones.
fn deliver(mail: &Path, name: &str, message: &str) {
    let owner = fs::metadata(mail).unwrap();
    let mut folder = mail.to_owned();
    for below in ["probe", "new"] {
        folder.push(below);
        if !folder.exists() {
            fs::create_dir(&folder).unwrap();
            chown(&folder, Some(owner.uid()), Some(owner.gid())).unwrap();
        }
    }
    let file = folder.join(name);
    fs::write(&file, message).unwrap();
    chown(&file, Some(owner.uid()), Some(owner.gid())).unwrap();
}

/// What is left, by subject.
fn left(mail: &Path) -> Vec<String> {
    let folders: Vec<PathBuf> = ["new", "cur"].iter().map(|name| mail.join("probe").join(name)).collect();
    let files = folders.iter().flat_map(|folder| fs::read_dir(folder).unwrap());
    let texts = files.map(|file| fs::read_to_string(file.unwrap().path()).unwrap());
    let mut subjects: Vec<String> = texts
        .map(|text| text.lines().find_map(|line| line.strip_prefix("Subject: ").map(str::to_owned)).unwrap())
        .collect();
    subjects.sort();
    subjects
}

#[test]
fn a_pile_is_cleared_look_by_look_and_others_mail_stays() {
    let bed = Bed::start();
    let mail = bed.folder().join("mail");
    for n in 0..PILE {
        let message = compose(&format!("canary-7-{n}"), Letter::Clean, "probe@mail01.test");
        deliver(&mail, &format!("1000000000.M{n}.host"), &message);
    }
    for (n, id) in
        ["<re-canary-7-1@mailsec.invalid>", "<canary-7-2@example.org>", "<a@example.org>"].iter().enumerate()
    {
        let message =
            format!("Subject: others {n}\r\nMessage-ID: {id}\r\n\r\nAbout <canary-7-3@mailsec.invalid>.\r\n");
        deliver(&mail, &format!("1000000001.M{n}.host"), &message);
    }
    let (_, pickup) = bed.path(false);
    let mut looks = Vec::new();
    while looks.last() != Some(&0) {
        let markers: Vec<String> =
            run(pickup.arrived("canary-7-")).unwrap().into_iter().map(|it| it.marker).collect();
        run(pickup.remove(&markers)).unwrap();
        looks.push(markers.len());
    }
    assert_eq!(looks, [AT_ONCE, AT_ONCE, AT_ONCE, 50, 0]);
    assert_eq!(left(&mail), ["others 0", "others 1", "others 2"]);
}
