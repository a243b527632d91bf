//! Mail: what was promised, the drawing, and the same in tables.

use super::{
    super::{
        Record,
        course::{Mark, ROWS, Stretch, row},
        span,
    },
    drawing::drawing,
    time,
};
use crate::show::{canary as told, report};
use mailsec_core::upgrade::CanarySummary;
use maud::{Markup, html};

pub(super) fn mail(record: &Record<'_>) -> Markup {
    let (stretches, marks) = (record.stretches(), record.marks());
    let statements = record.statements();
    html! {
        @if !record.watches_mail() || stretches.is_empty() {
            p { (report::mail(record.loaded)) }
        }
        @if !statements.is_empty() {
            ul class="statements" {
                @for one in &statements {
                    li class=(match one.holds { Some(true) => "good", Some(false) => "bad", None => "look" }) {
                        strong { (one.word()) } ": " (one.what) "; " (one.figures) "."
                    }
                }
            }
        }
        @if let Some(drawing) = (!stretches.is_empty()).then(|| drawing(record, &stretches, &marks)).flatten() {
            figure { (drawing) }
        }
        @if !marks.is_empty() { (struck(&marks)) }
        @if !stretches.is_empty() { (table(&stretches)) }
    }
}

/// What messages of our own met, second by second.
pub(super) fn canary(summary: &CanarySummary) -> Markup {
    html! {
        p { (told::line(summary)) "." }
        @for remark in told::remarks(summary) { p class="soft" { (remark) "." } }
        @for (title, spans) in told::views(summary) {
            table {
                caption { (title) }
                thead { tr { th scope="col" { "From" } th scope="col" { "To" } th scope="col" { "Messages" } th scope="col" { "What" } } }
                tbody {
                    @for one in spans {
                        tr {
                            td { (time(one.from)) }
                            td { (time(one.to)) }
                            td { (one.count) }
                            td class=[one.fate.is_alarm().then_some("alarm")] {
                                (told::word(one.fate, summary.watched)) @if one.fate.is_alarm() { strong { "; an alarm" } }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn struck(marks: &[Mark]) -> Markup {
    html! {
        table {
            caption { "What struck, and what was asked" }
            thead { tr { th scope="col" { "No." } th scope="col" { "When" } th scope="col" { "What" } } }
            tbody {
                @for (index, mark) in marks.iter().enumerate() {
                    tr { td { (index + 1) } td { (time(mark.at)) } td { strong { (mark.kind.word()) } ": " (mark.text) } }
                }
            }
        }
    }
}

fn table(stretches: &[Stretch]) -> Markup {
    html! {
        table {
            caption { "How mail stood" }
            thead { tr { th scope="col" { "From" } th scope="col" { "For" } th scope="col" { "Mail" } th scope="col" { "Known" } } }
            tbody {
                @for stretch in stretches {
                    tr {
                        td { (time(stretch.from)) }
                        td { (span(stretch.ms())) }
                        td { (ROWS[row(stretch.mail)]) }
                        td { @if stretch.seen { "seen" } @else { "assumed, the worst" } }
                    }
                }
            }
        }
    }
}
