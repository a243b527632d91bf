//! Bytes of real exports, spoiled at random: whatever comes, there is an answer and no panic.
//!
//! `fuzz/` has the same as a target for cargo-fuzz.

use super::tree::tree;
use crate::settings::{Expect, compare, header, overview, rules};
use proptest::prelude::*;
use std::io::Cursor;

#[derive(Clone, Debug)]
enum Spoil {
    Set(usize, u8),
    Insert(usize, Vec<u8>),
    Remove(usize, usize),
    Repeat(usize, usize),
}

impl Spoil {
    fn on(&self, bytes: &mut Vec<u8>) {
        let length = bytes.len();
        let at = |at: usize| at % (length + 1);
        match self {
            Self::Set(where_, byte) => {
                if let Some(old) = bytes.get_mut(at(*where_)) {
                    *old = *byte;
                }
            }
            Self::Insert(where_, new) => _ = bytes.splice(at(*where_)..at(*where_), new.iter().copied()),
            Self::Remove(where_, many) => _ = bytes.drain(at(*where_)..(at(*where_) + many).min(length)),
            Self::Repeat(where_, many) => {
                let piece = bytes[at(*where_)..(at(*where_) + many).min(length)].to_vec();
                bytes.splice(at(*where_)..at(*where_), piece);
            }
        }
    }
}

fn spoil() -> impl Strategy<Value = Spoil> {
    let token = prop::sample::select(vec![
        "<",
        ">",
        "/>",
        "</ITEM>",
        "<ITEM NAME=\"1\">",
        "<NODE/>",
        "&",
        "&amp;",
        "&#65;",
        "\"",
        "'",
        "=",
        "<!--",
        "-->",
        "<![CDATA[",
        "]]>",
        "<?x?>",
        "<!DOCTYPE a>",
        "\0",
        "\u{feff}",
        "text",
        "NAME=\"2\"",
        " VALUE=\"v\"",
    ]);
    let at = any::<usize>;
    prop_oneof![
        (at(), any::<u8>()).prop_map(|(at, byte)| Spoil::Set(at, byte)),
        (at(), token).prop_map(|(at, token)| Spoil::Insert(at, token.as_bytes().to_vec())),
        (at(), 1usize..60).prop_map(|(at, many)| Spoil::Remove(at, many)),
        (at(), 1usize..200).prop_map(|(at, many)| Spoil::Repeat(at, many)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, max_shrink_iters: 200, ..ProptestConfig::default() })]

    #[test]
    fn spoiled_exports_are_answered(tree in tree(), other in tree(), spoils in prop::collection::vec(spoil(), 1..4)) {
        let mut bytes = tree.write().into_bytes();
        for spoil in &spoils {
            spoil.on(&mut bytes);
        }
        let readable = header(&bytes[..]).is_ok();
        prop_assert_eq!(overview(&bytes[..]).is_ok(), readable);
        prop_assert_eq!(rules(&bytes[..]).is_ok(), readable);
        let other = other.write();
        let compared = compare(Cursor::new(&bytes), Cursor::new(&other), &Expect::default());
        prop_assert_eq!(compared.is_ok(), readable);
        if readable {
            let itself = compare(Cursor::new(&bytes), Cursor::new(&bytes), &Expect::default());
            prop_assert!(itself.is_ok_and(|same| same.is_preserved() && same.counts.newly_defaulted == 0));
        }
    }
}
