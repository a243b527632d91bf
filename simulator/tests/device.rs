//! The journal on a simulated device: the contract of every store, and what each kind of interrupted write leaves.
#![allow(clippy::unwrap_used, reason = "tests")]

use mailsec_core::{
    Code,
    journal::{Journal, MemoryJournal, contract, export},
    values::UpgradeId,
};
use mailsec_simulator::{
    DeviceJournal, Replay, SimHost, World,
    device::{CUT_AT, KEPT, OUTCOME, UNFLUSHED},
};

fn upgrade() -> UpgradeId {
    UpgradeId::from_u128(1)
}

fn server() -> SimHost {
    SimHost::in_memory(World::new("MAIL01"))
}

fn again(journal: DeviceJournal) -> DeviceJournal {
    journal.open(server().sim_power())
}

/// Three envelopes that were acknowledged.
fn begun() -> DeviceJournal {
    let mut journal = DeviceJournal::new();
    journal.append(upgrade(), 0, &contract::stamp(0), &contract::events(0, 3)).unwrap();
    journal
}

#[test]
fn it_keeps_the_contract() {
    contract::appends_and_reads(|| again(DeviceJournal::new()), again);
    contract::exports_and_imports(|| again(DeviceJournal::new()), again);
}

#[test]
fn it_seals_the_bytes_that_the_other_stores_seal() {
    let mut memory = MemoryJournal::new();
    memory.append(upgrade(), 0, &contract::stamp(0), &contract::events(0, 3)).unwrap();
    assert_eq!(export(&begun(), upgrade()).unwrap(), export(&memory, upgrade()).unwrap());
}

/// Runs one append under every course that the tape can give it.
fn every_course(mut run: impl FnMut(&SimHost, &[(&'static str, usize)])) -> usize {
    let (mut values, mut runs): (Vec<usize>, _) = (Vec::new(), 0);
    loop {
        let host = server().with_tape(Replay::new(values.iter().copied()));
        let made = |host: &SimHost| host.decisions().iter().map(|d| (d.label, d.value)).collect::<Vec<_>>();
        run(&host, &[]);
        run(&host, &made(&host));
        runs += 1;
        // The next course: the last decision that can go on counts one up, and those behind it begin anew.
        let decisions = host.decisions();
        let Some(last) = decisions.iter().rposition(|decision| decision.value + 1 < decision.n) else {
            return runs;
        };
        values = decisions[..=last].iter().map(|decision| decision.value).collect();
        values[last] += 1;
    }
}

#[test]
fn whatever_an_interrupted_append_leaves_the_acknowledged_is_there_and_a_prefix_of_the_rest() {
    let stamp = contract::stamp(1);
    let mut kept_counts = std::collections::BTreeSet::new();
    let mut journal = DeviceJournal::new();
    let mut answer = Ok(Vec::new());
    let runs = every_course(|host, made| {
        if made.is_empty() {
            journal = begun().open(host.sim_power());
            answer = journal.append(upgrade(), 3, &stamp, &contract::events(3, 6));
            return;
        }
        let value = |label| made.iter().find(|(l, _)| *l == label).map_or(0, |(_, value)| *value);
        let journal = again(journal.clone());
        let envelopes = journal.read(upgrade()).unwrap_or_else(|failure| panic!("{made:?}: {failure}"));
        for (seq, envelope) in envelopes.iter().enumerate() {
            assert_eq!(envelope.event.known(), Some(&contract::event(format!("event {seq}"))), "{made:?}");
        }
        let (crashed, count) = (value(UNFLUSHED) == 1, envelopes.len());
        match &answer {
            Ok(fresh) => assert_eq!((fresh.len(), count), (3, 6), "{made:?}"),
            Err(failure) => match value(OUTCOME) {
                1 => assert_eq!((failure.code, count), (Code::DiskFull, 3), "{made:?}"),
                2 => assert_eq!(failure.code, Code::JournalUnwritable, "{made:?}"),
                _ => assert_eq!(failure.code, Code::World, "{made:?}"),
            },
        }
        assert!((3..=6).contains(&count), "{made:?}");
        match (crashed, value(KEPT)) {
            (true, 0) => assert_eq!(count, 3, "{made:?}"),
            (true, 1) => assert_eq!(count, 6, "{made:?}"),
            (true, _) => _ = kept_counts.insert((count, value(CUT_AT) > 0)),
            _ => {}
        }
        // It goes on from there.
        let mut journal = journal;
        let written = journal.append(upgrade(), count as u64, &stamp, &contract::events(0, 1)).unwrap();
        assert_eq!(again(journal).read(upgrade()).unwrap().last(), written.last(), "{made:?}");
    });
    assert!(runs > 100, "{runs}");
    assert_eq!(
        kept_counts.iter().map(|(count, _)| *count).max(),
        Some(6),
        "a line that lacks its line feed counts"
    );
}

#[test]
fn a_device_that_lies_is_noticed() {
    let mut journal = again(begun());
    journal.settle().unwrap();
    for bytes in [0, 200, journal.bytes(upgrade()).len() - 10] {
        let mut spoilt = journal.clone();
        spoilt.spoil(upgrade(), |kept| kept.truncate(bytes));
        let mut spoilt = again(spoilt);
        assert_eq!(spoilt.read(upgrade()).unwrap_err().code, Code::JournalDamaged);
        let refused = spoilt.append(upgrade(), 0, &contract::stamp(1), &contract::events(0, 1)).unwrap_err();
        assert_eq!(refused.code, Code::JournalDamaged, "never afresh");
    }
}

#[test]
fn after_a_refused_flush_nothing_is_written_until_it_is_opened_anew() {
    // Two decisions an append: its first point, then the outcome.
    let host = server().with_tape(Replay::sparse([(1, 2)]));
    let mut journal = begun().open(host.sim_power());
    for _ in 0..2 {
        let failure = journal.append(upgrade(), 3, &contract::stamp(1), &contract::events(3, 4)).unwrap_err();
        assert_eq!(failure.code, Code::JournalUnwritable);
    }
    let mut journal = again(journal);
    assert_eq!(journal.append(upgrade(), 3, &contract::stamp(1), &contract::events(3, 4)).unwrap().len(), 1);
}
