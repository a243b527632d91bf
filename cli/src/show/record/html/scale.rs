//! From time to place on the drawing, in percent of its width. Where for long nothing happened - somebody was waited for
//! over night - the axis is broken, so that the minutes that matter stay visible.

use mailsec_core::values::Timestamp;

/// Milliseconds without any event below which an axis is never broken.
const QUIET: i64 = 30 * 60_000;
/// Width of a break.
const BREAK: f64 = 7.0;
/// Percent between two labels of the axis: on a phone they are 50 pixels wide, of some 350.
const APART: f64 = 16.0;
/// Widths between two labels of the axis, in milliseconds.
const NICE: [i64; 18] = [
    1_000,
    2_000,
    5_000,
    10_000,
    15_000,
    30_000,
    60_000,
    120_000,
    300_000,
    600_000,
    900_000,
    1_800_000,
    3_600_000,
    7_200_000,
    21_600_000,
    43_200_000,
    86_400_000,
    604_800_000,
];

/// A piece of time with its place.
#[derive(Clone, Copy, Debug)]
struct Piece {
    from: i64,
    to: i64,
    x: f64,
    width: f64,
    broken: bool,
}

/// The axis.
#[derive(Debug)]
pub(super) struct Scale {
    pieces: Vec<Piece>,
}

impl Scale {
    /// Over all these moments; `None` when they are one.
    pub(super) fn over(moments: impl IntoIterator<Item = Timestamp>) -> Option<Self> {
        let mut at: Vec<i64> = moments.into_iter().map(Timestamp::millis).collect();
        at.sort_unstable();
        at.dedup();
        let total = at.last()? - at.first()?;
        if total == 0 {
            return None;
        }
        let mut pieces: Vec<Piece> = Vec::new();
        for pair in at.windows(2) {
            let (from, to) = (pair[0], pair[1]);
            let broken = to - from > QUIET.max(total / 4);
            match pieces.last_mut() {
                Some(last) if !last.broken && !broken => last.to = to,
                _ => pieces.push(Piece { from, to, x: 0.0, width: 0.0, broken }),
            }
        }
        // With nothing but quiet there is nothing to make room for.
        if pieces.iter().all(|piece| piece.broken) {
            pieces.iter_mut().for_each(|piece| piece.broken = false);
        }
        let breaks = pieces.iter().filter(|piece| piece.broken).count();
        let busy: i64 = pieces.iter().filter(|piece| !piece.broken).map(|piece| piece.to - piece.from).sum();
        let room = 100.0 - BREAK * breaks as f64;
        let mut x = 0.0;
        for piece in &mut pieces {
            piece.x = x;
            piece.width =
                if piece.broken { BREAK } else { room * (piece.to - piece.from) as f64 / busy.max(1) as f64 };
            x += piece.width;
        }
        Some(Self { pieces })
    }

    /// Where a moment lies, 0 to 100.
    pub(super) fn at(&self, moment: Timestamp) -> f64 {
        let at = moment.millis();
        let Some(piece) = self.pieces.iter().find(|piece| at <= piece.to) else { return 100.0 };
        let part = (at - piece.from).max(0) as f64 / (piece.to - piece.from).max(1) as f64;
        piece.x + piece.width * part
    }

    /// The breaks: where, how wide, how many milliseconds.
    pub(super) fn breaks(&self) -> impl Iterator<Item = (f64, f64, u64)> {
        let broken = self.pieces.iter().filter(|piece| piece.broken);
        broken.map(|piece| (piece.x, piece.width, u64::try_from(piece.to - piece.from).unwrap_or(0)))
    }

    /// Labels of the axis: where, and the time of day.
    pub(super) fn labels(&self) -> Vec<(f64, String)> {
        let busy: i64 =
            self.pieces.iter().filter(|piece| !piece.broken).map(|piece| piece.to - piece.from).sum();
        let step = NICE.into_iter().find(|step| busy / step <= 5).unwrap_or(NICE[NICE.len() - 1]);
        let chars = if step < 60_000 { 8 } else { 5 };
        let mut labels: Vec<(f64, String)> = Vec::new();
        for piece in self.pieces.iter().filter(|piece| !piece.broken) {
            let mut at = (piece.from + step - 1) / step * step;
            while at <= piece.to {
                let x = self.at(Timestamp::from_millis(at));
                if labels.last().is_none_or(|(last, _)| x - last >= APART) {
                    let text = Timestamp::from_millis(at).to_string();
                    labels.push((x, text.get(11..11 + chars).unwrap_or_default().to_owned()));
                }
                at += step;
            }
        }
        labels
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scale(minutes: &[i64]) -> Scale {
        Scale::over(minutes.iter().map(|minute| Timestamp::from_millis(minute * 60_000))).unwrap()
    }

    #[test]
    fn a_night_of_waiting_leaves_room_for_the_minutes_that_matter() {
        let scale = scale(&[0, 5, 10, 490, 495, 500]);
        let at = |minute: i64| scale.at(Timestamp::from_millis(minute * 60_000));
        assert_eq!((at(0), at(500)), (0.0, 100.0));
        assert!((at(10) - 46.5).abs() < 0.01 && (at(490) - 53.5).abs() < 0.01, "{} {}", at(10), at(490));
        assert_eq!(scale.breaks().map(|(_, _, ms)| ms).collect::<Vec<_>>(), [480 * 60_000]);
    }

    #[test]
    fn time_goes_one_way_and_labels_do_not_overlap() {
        for minutes in
            [&[0, 1][..], &[0, 31], &[0, 200, 201], &[0, 7, 9, 300, 1000, 1001], &[3, 5, 60 * 24 * 9]]
        {
            let scale = scale(minutes);
            let places: Vec<f64> =
                minutes.iter().map(|minute| scale.at(Timestamp::from_millis(minute * 60_000))).collect();
            assert!(places.is_sorted() && places[0] == 0.0, "{minutes:?}: {places:?}");
            assert!((places[places.len() - 1] - 100.0).abs() < 1e-6, "{minutes:?}: {places:?}");
            let labels = scale.labels();
            assert!(labels.windows(2).all(|two| two[1].0 - two[0].0 >= APART), "{minutes:?}: {labels:?}");
        }
        assert!(Scale::over([Timestamp::from_millis(5); 3]).is_none());
    }
}
