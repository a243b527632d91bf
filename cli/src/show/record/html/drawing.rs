//! The drawing of the course: one row for each state of mail, what struck above them, the clock below. Places are in
//! percent and letters in pixels, so that it can be read at any width. Nothing is told by colour alone: a state has its
//! row, a mark its shape and number, and what was assumed is dashed; the tables behind it have all of it in words.

use super::{
    super::{
        Record,
        course::{Mark, ROWS, Stretch, Struck, row},
        span,
    },
    scale::Scale,
};
use crate::show::text::clock;
use maud::{Markup, html};

/// Height of a row of mail or gates.
const ROW: usize = 36;
/// Height of a row of marks.
const MARKS: usize = 24;
/// Rows of marks; what does not fit is a line without a number, and in the list like all others.
const MARK_ROWS: usize = 5;
/// Marks nearer than this, in percent, would lie on each other on a phone.
const APART: f64 = 7.0;

/// The drawing; nothing where there is nothing to draw.
pub(super) fn drawing(record: &Record<'_>, stretches: &[Stretch], marks: &[Mark]) -> Option<Markup> {
    let scale = Scale::over(
        record
            .envelopes
            .iter()
            .map(|envelope| envelope.at)
            .filter(|at| stretches.first().is_none_or(|first| *at >= first.from))
            .chain(stretches.iter().flat_map(|stretch| [stretch.from, stretch.to])),
    )?;
    let (placed, mark_rows) = placed(&scale, marks);
    let gates = marks.iter().any(|mark| mark.kind == Struck::Gate);
    let top = mark_rows * MARKS + 6;
    let rows = ROWS.len() + usize::from(gates);
    let bottom = top + rows * ROW;
    let height = bottom + 24;
    Some(html! {
        svg class="drawing" role="img" aria-labelledby="drawing-title drawing-text" width="100%" height=(height) {
            title id="drawing-title" { "How mail fared" }
            desc id="drawing-text" { (told(stretches, marks)) }
            @for (x, label) in scale.labels() {
                line class="grid" x1=(pc(x)) x2=(pc(x)) y1=(top) y2=(bottom) {}
                text class="axis" x=(pc(x)) y=(bottom + 16) text-anchor=(anchor(x)) { (label) }
            }
            @for (mark, place) in marks.iter().zip(&placed) {
                line class="flag" x1=(pc(scale.at(mark.at))) x2=(pc(scale.at(mark.at)))
                    y1=(place.map_or(top, |place| place * MARKS + MARKS)) y2=(bottom) {}
            }
            @for (index, name) in ROWS.iter().enumerate() { (lane(top + index * ROW, name, &total(stretches, index))) }
            @if gates { (lane(top + ROWS.len() * ROW, "waiting for a person", "")) }
            @for stretch in stretches {
                (bar(&scale, top + row(stretch.mail) * ROW, stretch.from, stretch.to,
                    &format!("mail{}{}", row(stretch.mail), if stretch.seen { "" } else { " assumed" }),
                    &format!("{}{}, {} to {}, {}", ROWS[row(stretch.mail)], if stretch.seen { "" } else { " (assumed)" },
                        clock(stretch.from), clock(stretch.to), span(stretch.ms()))))
            }
            @for mark in marks.iter().filter(|mark| mark.kind == Struck::Gate) {
                (bar(&scale, top + ROWS.len() * ROW, mark.at, mark.to.unwrap_or(mark.at), "gate", &mark.text))
            }
            @for (x, width, ms) in scale.breaks() {
                rect class="break" x=(pc(x)) y=(top) width=(pc(width)) height=(bottom - top) { title { (span(ms)) " without any event" } }
                text class="axis" x=(pc(x + width / 2.0)) y=(bottom + 16) text-anchor="middle" { "⫽" }
            }
            @for (index, (mark, place)) in marks.iter().zip(&placed).enumerate() {
                @if let Some(place) = place { (flag(&scale, mark, index + 1, *place)) }
            }
        }
    })
}

fn lane(y: usize, name: &str, total: &str) -> Markup {
    html! {
        text class="name" x="0" y=(y + 13) { (name) }
        text class="name" x="100%" y=(y + 13) text-anchor="end" { (total) }
        rect class="lane" x="0" y=(y + 18) width="100%" height="12" {}
    }
}

fn bar(
    scale: &Scale,
    y: usize,
    from: mailsec_core::values::Timestamp,
    to: mailsec_core::values::Timestamp,
    class: &str,
    told: &str,
) -> Markup {
    let (x, end) = (scale.at(from), scale.at(to));
    // What lasted a moment is seen all the same.
    let width = (end - x).clamp(0.4, 100.0);
    html! {
        rect class=(class) x=(pc(x.min(100.0 - width))) y=(y + 18) width=(pc(width)) height="12" { title { (told) } }
    }
}

/// In which row each mark's number stands, if there is room; and how many rows there are.
fn placed(scale: &Scale, marks: &[Mark]) -> (Vec<Option<usize>>, usize) {
    let mut ends: Vec<f64> = Vec::new();
    let places = marks.iter().map(|mark| {
        let x = scale.at(mark.at);
        if let Some(free) = ends.iter().position(|end| x - end >= APART) {
            ends[free] = x;
            return Some(free);
        }
        (ends.len() < MARK_ROWS).then(|| {
            ends.push(x);
            ends.len() - 1
        })
    });
    let places = places.collect();
    (places, ends.len())
}

fn flag(scale: &Scale, mark: &Mark, number: usize, place: usize) -> Markup {
    // Not over the edge: the shape is 20 pixels wide, and a phone has some 350.
    let x = scale.at(mark.at).clamp(3.0, 97.0);
    let (class, shape) = match mark.kind {
        Struck::Restart => ("restart", "M-10 0A10 10 0 1 1 10 0A10 10 0 1 1 -10 0Z"),
        Struck::Crash => ("crash", "M0 -11L11 0L0 11L-11 0Z"),
        Struck::Ended => ("ended", "M-6 -10H6L11 0L6 10H-6L-11 0Z"),
        Struck::WayBack => ("back", "M-11 0L-3 -10H10V10H-3Z"),
        Struck::Gate => ("asked", "M-9 -9H9V9H-9Z"),
    };
    html! {
        svg x=(pc(x)) y=(place * MARKS + MARKS / 2) overflow="visible" {
            path class=(class) d=(shape) { title { (mark.kind.word()) ", " (clock(mark.at)) ": " (mark.text) } }
            text class="number" text-anchor="middle" y="4" { (number) }
        }
    }
}

fn total(stretches: &[Stretch], index: usize) -> String {
    span(stretches.iter().filter(|stretch| row(stretch.mail) == index).map(Stretch::ms).sum())
}

/// The drawing in a sentence, for those who do not see it.
fn told(stretches: &[Stretch], marks: &[Mark]) -> String {
    let rows: Vec<String> =
        ROWS.iter().enumerate().map(|(index, name)| format!("{name} {}", total(stretches, index))).collect();
    format!("Mail: {}. {} marked moments. The tables below have each of them.", rows.join(", "), marks.len())
}

fn pc(x: f64) -> String {
    format!("{x:.2}%")
}

fn anchor(x: f64) -> &'static str {
    match x {
        x if x < 6.0 => "start",
        x if x > 94.0 => "end",
        _ => "middle",
    }
}
