//! What the tests share.

use mailsec_core::{
    Failure,
    host::BootIdentity,
    journal::{DiskJournal, Envelope, Journal, OpenOptions, OpenReport, contract},
    values::{Timestamp, UpgradeId},
};
use std::{
    fs, io,
    path::{Path, PathBuf},
};

pub(crate) const RESERVE: u64 = 256 * 1024;

pub(crate) fn options() -> OpenOptions {
    OpenOptions::new("0.1.0", Timestamp::from_millis(1_700_000_000_000)).reserve(RESERVE)
}

pub(crate) fn boot(name: &str) -> BootIdentity {
    BootIdentity(name.into())
}

pub(crate) fn id(number: u128) -> UpgradeId {
    UpgradeId::from_u128(number)
}

/// Opens as after a reboot: every copy is compared.
pub(crate) fn open(dir: &Path) -> (DiskJournal, OpenReport) {
    try_open(dir).unwrap()
}

pub(crate) fn try_open(dir: &Path) -> Result<(DiskJournal, OpenReport), Failure> {
    DiskJournal::open(dir, options())
}

/// Opens as after a kill in the same boot: the witness alone is read first.
pub(crate) fn open_quickly(dir: &Path) -> (DiskJournal, OpenReport) {
    DiskJournal::open(dir, options().boot(boot("boot-1"))).unwrap()
}

/// Appends events one by one up to a count.
pub(crate) fn fill(journal: &mut DiskJournal, upgrade: UpgradeId, to: u64) -> Vec<Envelope> {
    let from = journal.read(upgrade).map_or(0, |envelopes| envelopes.len() as u64);
    let at = |seq: u64| contract::stamp(i64::try_from(seq).unwrap());
    for seq in from..to {
        journal.append(upgrade, seq, &at(seq), &contract::events(seq, seq + 1)).unwrap();
    }
    journal.read(upgrade).unwrap()
}

/// A store with some upgrades in it, settled and closed.
pub(crate) fn settled_store(dir: &Path, upgrades: u128, events: u64) -> Vec<Vec<Envelope>> {
    let (mut journal, _) = open_quickly(dir);
    let all = (1..=upgrades).map(|n| fill(&mut journal, id(n), events)).collect();
    journal.settle().unwrap();
    all
}

pub(crate) fn witness(dir: &Path, upgrade: UpgradeId) -> PathBuf {
    dir.join("witness").join(format!("{upgrade}.jsonl"))
}

/// Copies a folder and all in it.
pub(crate) fn copy_dir(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let path = entry?.path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy_dir(&path, &target)?;
        } else {
            fs::copy(&path, &target)?;
        }
    }
    Ok(())
}

/// A small random number generator, so that a seed is a case.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % bound.max(1)
    }
}

/// Damages a file in one of the ways that files are damaged.
pub(crate) fn damage(dice: &mut Dice, path: &Path) -> String {
    let mut bytes = fs::read(path).unwrap();
    // sled keeps 512 KiB of mostly nothing; aim at the part that is used.
    let used = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |at| at + 1) as u64;
    let at = usize::try_from(dice.below(used)).unwrap();
    let what = match dice.below(3) {
        0 => {
            bytes[at] ^= 1 << dice.below(8);
            "flip"
        }
        1 => {
            bytes.truncate(at);
            "cut"
        }
        _ => {
            let end = (at + 512).min(bytes.len());
            bytes[at..end].fill(0);
            "zeros"
        }
    };
    fs::write(path, bytes).unwrap();
    format!("{what} at {at} of {}", path.display())
}

/// Runs one ignored test of this program in a process of its own.
pub(crate) fn child(test: &str) -> std::process::Command {
    let mut command = std::process::Command::new(std::env::current_exe().unwrap());
    command.args([test, "--exact", "--ignored", "--nocapture", "--test-threads=1"]);
    command
}
