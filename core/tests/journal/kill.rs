//! Processes killed at any time: what they were told is there, is there, byte for byte.

use crate::common::{Dice, boot, child, id, open, options};
use mailsec_core::{
    journal::{DiskJournal, Journal, Lines, WitnessReader, contract},
    values::UpgradeId,
};
use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Write},
    path::Path,
    process::Stdio,
    sync::mpsc,
    time::Duration,
};
use tempfile::TempDir;

/// Rounds of each of the two lanes; each round is a kill.
const ROUNDS: u64 = 390;
/// Rounds in one store before a fresh one: killing a young sled is what used to break it.
const ROUNDS_A_STORE: u64 = 26;

/// Appends for ever, one to three events at a time, and says what was acknowledged.
#[test]
#[ignore = "a child of every_acknowledged_event_survives_a_kill"]
fn child_appends_until_killed() {
    let dir = std::env::var("JOURNAL_DIR").unwrap();
    let upgrade = UpgradeId::parse(&std::env::var("JOURNAL_UPGRADE").unwrap()).unwrap();
    let mut dice = Dice::new(std::env::var("JOURNAL_SEED").unwrap().parse().unwrap());
    let mut out = std::io::stdout().lock();
    // The test harness leaves its own line open.
    writeln!(out).unwrap();
    // Mostly as after a kill in the same boot, sometimes as after a reboot.
    let mut options = options();
    if dice.below(4) > 0 {
        options = options.boot(boot("boot-1"));
    }
    let (mut journal, report) = match DiskJournal::open(Path::new(&dir), options) {
        Ok(opened) => opened,
        Err(failure) => {
            writeln!(out, "FAIL {failure}").unwrap();
            return;
        }
    };
    writeln!(out, "OPEN {}", serde_json::to_string(&report).unwrap()).unwrap();
    let mut count = journal.read(upgrade).map_or(0, |envelopes| envelopes.len() as u64);
    loop {
        let more = 1 + dice.below(3);
        let stamp = contract::stamp(i64::try_from(dice.below(1_000_000)).unwrap());
        let envelopes = match journal.append(upgrade, count, &stamp, &contract::events(count, count + more)) {
            Ok(envelopes) => envelopes,
            Err(failure) => {
                writeln!(out, "FAIL {failure}").unwrap();
                return;
            }
        };
        for envelope in envelopes {
            let line = String::from_utf8(envelope.line().unwrap()).unwrap();
            writeln!(out, "ACK {} {line}", envelope.seq).unwrap();
        }
        count += more;
        if dice.below(20) == 0 {
            journal.settle().unwrap();
            writeln!(out, "SETTLED").unwrap();
        }
    }
}

#[derive(Default)]
struct Tally {
    kills: u64,
    acknowledged: u64,
    before_open: u64,
    torn: u64,
    routine: u64,
    stores: u64,
}

/// Kills children in one store after another and checks after each kill.
fn lane(lane: u64) -> Tally {
    let mut tally = Tally::default();
    let mut dice = Dice::new(77 + lane);
    let mut round = 0;
    while round < ROUNDS {
        let root = TempDir::new().unwrap();
        let mut told: BTreeMap<(UpgradeId, u64), String> = BTreeMap::new();
        tally.stores += 1;
        for in_store in 0..ROUNDS_A_STORE {
            let upgrade = id(1 + u128::from(in_store / 4));
            kill_one(root.path(), upgrade, lane * 100_000 + round, &mut dice, &mut told, &mut tally);
            round += 1;
            check_by_witness(root.path(), upgrade, &told);
            if in_store % 8 == 7 {
                check_by_opening(root.path(), &told, &mut tally);
            }
        }
        tally.acknowledged += told.len() as u64;
    }
    tally
}

fn kill_one(
    dir: &Path,
    upgrade: UpgradeId,
    seed: u64,
    dice: &mut Dice,
    told: &mut BTreeMap<(UpgradeId, u64), String>,
    tally: &mut Tally,
) {
    let mut process = child("kill::child_appends_until_killed")
        .env("JOURNAL_DIR", dir)
        .env("JOURNAL_UPGRADE", upgrade.to_string())
        .env("JOURNAL_SEED", seed.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let output = BufReader::new(process.stdout.take().unwrap());
    let (opened, is_open) = mpsc::channel();
    let reader = std::thread::spawn(move || {
        let mut lines = Vec::new();
        for line in output.lines().map_while(Result::ok) {
            if line.starts_with("OPEN") {
                let _ = opened.send(());
            }
            lines.push(line);
        }
        lines
    });
    // A quarter is killed at any time from the start, the others some time after opening.
    if dice.below(4) > 0 {
        let _ = is_open.recv_timeout(Duration::from_secs(30));
        std::thread::sleep(Duration::from_micros(dice.below(15_000)));
    } else {
        std::thread::sleep(Duration::from_micros(dice.below(25_000)));
    }
    process.kill().unwrap();
    process.wait().unwrap();
    tally.kills += 1;
    let lines = reader.join().unwrap();
    if !lines.iter().any(|line| line.starts_with("OPEN")) {
        tally.before_open += 1;
    }
    for line in lines {
        assert!(!line.starts_with("FAIL"), "seed {seed}: {line}");
        if let Some(report) = line.strip_prefix("OPEN ") {
            assert!(report.contains(r#""damaged":[]"#), "seed {seed}: {report}");
            tally.torn += u64::from(report.contains("torn_tail"));
            tally.routine += u64::from(!report.contains(r#""repaired":[]"#));
            for odd in ["mirror_moved", "snapshots_moved", "mirror_rewritten", "witness_rewritten"] {
                assert!(!report.contains(odd), "seed {seed}: a kill is no damage: {report}");
            }
        }
        // The last line may itself be cut off; then it was not told.
        let Some((seq, json)) = line.strip_prefix("ACK ").and_then(|rest| rest.split_once(' ')) else {
            continue;
        };
        if let (Ok(seq), true) = (seq.parse(), json.ends_with("}}")) {
            told.insert((upgrade, seq), json.to_owned());
        }
    }
}

fn check_by_witness(dir: &Path, upgrade: UpgradeId, told: &BTreeMap<(UpgradeId, u64), String>) {
    let mut told = told.range((upgrade, 0)..=(upgrade, u64::MAX)).peekable();
    if told.peek().is_none() {
        return;
    }
    let lines = WitnessReader::new(dir).read(upgrade).unwrap().lines;
    for ((_, seq), json) in told {
        let line = &lines[usize::try_from(*seq).unwrap()];
        assert_eq!(line.json(), json.as_bytes(), "envelope {seq} of {upgrade}");
    }
}

fn check_by_opening(dir: &Path, told: &BTreeMap<(UpgradeId, u64), String>, tally: &mut Tally) {
    let (mut journal, report) = open(dir);
    assert_eq!(report.damaged, vec![]);
    tally.torn += u64::from(report.repaired.iter().any(|r| r.to_string().contains("unfinished")));
    let mut read = BTreeMap::new();
    for ((upgrade, seq), json) in told {
        let lines = read.entry(*upgrade).or_insert_with(|| journal.lines(*upgrade).unwrap());
        assert_eq!(lines[usize::try_from(*seq).unwrap()].json(), json.as_bytes());
    }
    journal.settle().unwrap();
    let verified = journal.verify().unwrap();
    assert!(verified.is_sound(), "{verified:?}");
}

#[test]
fn every_acknowledged_event_survives_a_kill() {
    let other = std::thread::spawn(|| lane(1));
    let mine = lane(0);
    let other = other.join().unwrap();
    let kills = mine.kills + other.kills;
    let acknowledged = mine.acknowledged + other.acknowledged;
    println!(
        "{kills} kills in {} stores, {acknowledged} acknowledged events, 0 lost; {} before opening, \
         {} torn tails, {} openings with routine repairs",
        mine.stores + other.stores,
        mine.before_open + other.before_open,
        mine.torn + other.torn,
        mine.routine + other.routine
    );
    assert!(kills >= 500);
    assert!(acknowledged > 1_000, "{acknowledged}");
}
