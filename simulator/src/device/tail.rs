//! What a device has of a write that was interrupted.

use crate::fate::Fate;

/// What is there of bytes that were written and not flushed: nothing, all, a beginning, a beginning and zeros.
pub const KEPT: &str = "journal: unflushed bytes kept";
/// Where such a beginning ends: one of `places`.
pub const CUT_AT: &str = "journal: cut at";

/// Where, within a line, cuts differ in what is left: in its opening, in the digits of its hash, right behind these,
/// in the envelope, and before each of the bytes that end it.
fn places(line: &[u8]) -> [usize; 8] {
    let (opening, hash) = (9, 9 + 64);
    let length = line.len();
    [1, opening, opening + 20, hash, hash + 13, length / 2, length - 2, length - 1]
}

/// What is kept of these lines.
pub(super) fn kept(fate: &mut Fate, pending: &[u8]) -> Vec<u8> {
    match fate.choose(KEPT, 4) {
        0 => Vec::new(),
        1 => pending.to_vec(),
        how => {
            let mut cuts = Vec::new();
            let mut begin = 0;
            for line in pending.split_inclusive(|byte| *byte == b'\n') {
                cuts.extend(places(line).map(|place| begin + place.min(line.len())));
                begin += line.len();
                cuts.push(begin);
            }
            // The last one is no cut.
            cuts.pop();
            let cut = cuts.get(fate.choose(CUT_AT, cuts.len())).copied().unwrap_or(0);
            let mut left = pending.get(..cut).unwrap_or_default().to_vec();
            if how == 3 {
                left.resize(pending.len(), 0);
            }
            left
        }
    }
}
