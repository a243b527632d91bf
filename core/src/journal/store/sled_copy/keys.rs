//! Keys and values: the upgrade's 16 bytes and the position in 8 bytes, big-endian, so that their order is the order of
//! events; the upgrade's 16 bytes alone hold its tip.

use crate::{
    journal::Tip,
    values::{Digest, UpgradeId},
};

pub(super) fn tip_key(upgrade: UpgradeId) -> [u8; 16] {
    *upgrade.uuid().as_bytes()
}

pub(super) fn line_key(upgrade: UpgradeId, seq: u64) -> [u8; 24] {
    let mut key = [0; 24];
    key[..16].copy_from_slice(&tip_key(upgrade));
    key[16..].copy_from_slice(&seq.to_be_bytes());
    key
}

pub(super) fn upgrade_of(key: &[u8]) -> Option<UpgradeId> {
    let bytes: [u8; 16] = key.get(..16)?.try_into().ok()?;
    Some(UpgradeId::from_u128(u128::from_be_bytes(bytes)))
}

pub(super) fn tip_value(tip: Tip) -> Vec<u8> {
    format!("{} {}", tip.count, tip.hash).into_bytes()
}

pub(super) fn parse_tip(value: &[u8]) -> Option<Tip> {
    let (count, hash) = std::str::from_utf8(value).ok()?.split_once(' ')?;
    Some(Tip { count: count.parse().ok()?, hash: Digest::parse(hash)? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_order_of_keys_is_the_order_of_events(a: u64, b: u64, one: u128, other: u128) {
            let (one, other) = (UpgradeId::from_u128(one), UpgradeId::from_u128(other));
            prop_assert_eq!(line_key(one, a).cmp(&line_key(one, b)), a.cmp(&b));
            prop_assert_eq!(
                line_key(one, a).cmp(&line_key(other, b)),
                (one, a).cmp(&(other, b))
            );
            prop_assert_eq!(upgrade_of(&line_key(one, a)), Some(one));
        }
    }
}
