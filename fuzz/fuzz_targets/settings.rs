//! Whatever the bytes: the readers agree on whether it is an export, and an export is preserved in itself.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mailsec_eset::settings::{Expect, compare, header, overview, rules};
use std::io::Cursor;

/// Stands on the other side, so that differences are made as well.
const OTHER: &str = "<ESET><PRODUCT NAME=\"sim\" VERSION=\"1\"><ITEM NAME=\"rules\"><NODE NAME=\"1\" \
                     TYPE=\"string\" VALUE=\"x\"/></ITEM></PRODUCT></ESET>";

fuzz_target!(|bytes: &[u8]| {
    let readable = header(bytes).is_ok();
    assert_eq!(overview(bytes).is_ok(), readable);
    assert!(readable || rules(bytes).is_err());
    let compared = compare(Cursor::new(bytes), Cursor::new(OTHER), &Expect::default());
    assert_eq!(compared.is_ok(), readable);
    if readable {
        let same = compare(Cursor::new(bytes), Cursor::new(bytes), &Expect::default());
        assert!(same.is_ok_and(|same| same.is_preserved() && same.counts.newly_defaulted == 0));
    }
});
