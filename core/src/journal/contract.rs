//! What every store must do; run against each of them.

use super::{Adopted, Format, Journal, Lines, MAX_ENVELOPE_BYTES, Stamp, export, import};
use crate::{
    failure::Code,
    host::BootIdentity,
    upgrade::{Actor, Event, Request},
    values::{Digest, Timestamp, UpgradeId},
};

/// A stamp for tests.
#[must_use]
pub fn stamp(millis: i64) -> Stamp {
    Stamp {
        at: Timestamp::from_millis(1_700_000_000_000 + millis),
        boot: BootIdentity("boot-1".into()),
        engine: "0.1.0".into(),
    }
}

/// An event for tests, told apart by its text.
#[must_use]
pub fn event(note: impl Into<String>) -> Event {
    Event::Requested { request: Request::Pause, by: Actor(r"LAB\ada".to_owned()), note: note.into() }
}

/// Events `from..to` of a test upgrade.
#[must_use]
pub fn events(from: u64, to: u64) -> Vec<Event> {
    (from..to).map(|seq| event(format!("event {seq}"))).collect()
}

/// What appending, reading and closing must do. `fresh` makes an empty store, `reopen` closes and opens one.
///
/// # Panics
/// When the store breaks the contract.
#[expect(clippy::unwrap_used, reason = "a failing contract is a failing test")]
pub fn appends_and_reads<J: Journal>(mut fresh: impl FnMut() -> J, mut reopen: impl FnMut(J) -> J) {
    let (one, two) = (UpgradeId::from_u128(1), UpgradeId::from_u128(2));
    let mut journal = fresh();
    assert_eq!(journal.upgrades().unwrap(), vec![]);
    assert_eq!(journal.read(one).unwrap_err().code, Code::UpgradeNotFound);
    assert_eq!(journal.append(one, 1, &stamp(0), &events(0, 1)).unwrap_err().code, Code::JournalConflict);
    assert_eq!(journal.append(one, 0, &stamp(0), &[]).unwrap(), vec![]);
    assert_eq!(journal.upgrades().unwrap(), vec![], "an append of nothing begins nothing");

    // Several events in one append, two upgrades side by side.
    let mut written = journal.append(one, 0, &stamp(0), &events(0, 2)).unwrap();
    let other = journal.append(two, 0, &stamp(1), &events(0, 1)).unwrap();
    written.extend(journal.append(one, 2, &stamp(2), &events(2, 5)).unwrap());
    assert_eq!(written.len(), 5);
    for (seq, envelope) in written.iter().enumerate() {
        assert_eq!(envelope.seq, seq as u64);
        assert_eq!(envelope.upgrade, one);
        assert_eq!(envelope.format, Format::CURRENT);
        assert_eq!(envelope.event.known(), Some(&event(format!("event {seq}"))));
    }
    assert_eq!(written[0].prev, Digest::ZERO);
    assert_eq!(written[4].at, stamp(2).at);
    assert_eq!(journal.read(one).unwrap(), written);
    assert_eq!(journal.read(two).unwrap(), other);
    assert_eq!(journal.upgrades().unwrap(), vec![one, two]);

    // A late writer is fenced out and changes nothing.
    for expected in [0, 4, 6] {
        let failure = journal.append(one, expected, &stamp(3), &events(0, 1)).unwrap_err();
        assert_eq!(failure.code, Code::JournalConflict);
    }
    // An event beyond the limit takes the whole append with it.
    let too_large = [event("small"), event("x".repeat(MAX_ENVELOPE_BYTES))];
    let large = event("x".repeat(MAX_ENVELOPE_BYTES - 1024));
    if let Err(failure) = journal.append(one, 5, &stamp(3), &too_large) {
        assert_eq!(failure.code, Code::JournalTooLarge);
        assert_eq!(journal.read(one).unwrap(), written);
        written.extend(journal.append(one, 5, &stamp(3), &[large]).unwrap());
    } else {
        // A store without codec has no size to limit.
        assert_eq!(journal.read(one).unwrap()[6].prev, Digest::ZERO);
        written = journal.read(one).unwrap();
    }
    journal.settle().unwrap();
    journal.ready().unwrap();

    let mut journal = reopen(journal);
    assert_eq!(journal.read(one).unwrap(), written);
    let count = written.len() as u64;
    written.extend(journal.append(one, count, &stamp(4), &events(0, 300)).unwrap());
    // Without settling.
    let journal = reopen(journal);
    assert_eq!(journal.read(one).unwrap(), written);
    assert_eq!(journal.read(two).unwrap(), other);
    assert_eq!(journal.upgrades().unwrap(), vec![one, two]);
}

/// What exporting and importing must do.
///
/// # Panics
/// When the store breaks the contract.
#[expect(clippy::unwrap_used, reason = "a failing contract is a failing test")]
pub fn exports_and_imports<J: Lines>(mut fresh: impl FnMut() -> J, mut reopen: impl FnMut(J) -> J) {
    let id = UpgradeId::from_u128(1);
    let mut journal = fresh();
    let written = journal.append(id, 0, &stamp(0), &events(0, 7)).unwrap();
    let bundle = export(&journal, id).unwrap();
    assert_eq!((bundle.envelopes, bundle.engines.as_slice()), (7, &["0.1.0".to_owned()][..]));

    let (read, _) = super::Bundle::read(&bundle.to_json().unwrap()).unwrap();
    assert_eq!(read, bundle);
    let mut copy = fresh();
    assert_eq!(import(&mut copy, &bundle).unwrap(), Adopted::New);
    assert_eq!(import(&mut copy, &bundle).unwrap(), Adopted::Already);
    assert_eq!(copy.read(id).unwrap(), written);

    // The copy goes on; the older bundle changes nothing, the newer one brings the original along.
    copy.append(id, 7, &stamp(1), &events(7, 9)).unwrap();
    let longer = export(&copy, id).unwrap();
    assert_eq!(import(&mut copy, &bundle).unwrap(), Adopted::Already);
    assert_eq!(import(&mut journal, &longer).unwrap(), Adopted::Continued { from: 7 });
    assert_eq!(journal.read(id).unwrap(), copy.read(id).unwrap());

    // Two histories are not joined.
    let mut fork = fresh();
    import(&mut fork, &bundle).unwrap();
    fork.append(id, 7, &stamp(2), &events(100, 103)).unwrap();
    let forked = export(&fork, id).unwrap();
    assert_eq!(import(&mut journal, &forked).unwrap_err().code, Code::JournalConflict);

    // Nothing damaged and nothing newer is taken.
    let mut bad = longer.clone();
    bad.lines[3] = bad.lines[3].replace("event 3", "event 4");
    let failure = import(&mut fresh(), &bad).unwrap_err();
    assert_eq!(failure.code, Code::JournalDamaged);
    assert!(failure.found.unwrap().contains("last good envelope is 2 of"));
    let mut short = longer.clone();
    short.lines.pop();
    assert_eq!(import(&mut fresh(), &short).unwrap_err().code, Code::JournalDamaged);
    let mut newer = longer.to_json().unwrap();
    let at = newer.windows(11).position(|text| text == b"\"bundle\": 2").unwrap();
    newer[at + 10] = b'9';
    assert_eq!(super::Bundle::read(&newer).unwrap_err().code, Code::JournalNewer);

    let journal = reopen(journal);
    assert_eq!(export(&journal, id).unwrap(), longer);
}
