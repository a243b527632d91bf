//! The course of an upgrade for a drawing: how mail stood from when to when, and what struck.

use super::{Record, ms};
use mailsec_core::{
    plan::{Flow, MailState},
    upgrade::{Event, ReportAnswer},
    values::Timestamp,
};

/// Mail in one state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stretch {
    pub(super) from: Timestamp,
    pub(super) to: Timestamp,
    pub(super) mail: MailState,
    /// Whether it was seen, or is assumed.
    pub(super) seen: bool,
}

impl Stretch {
    pub(super) fn ms(&self) -> u64 {
        ms(self.from, self.to)
    }
}

/// In which of four rows mail is drawn and told.
pub(super) fn row(mail: MailState) -> usize {
    match (mail.flow, mail.scanned) {
        (Flow::Flowing, true) => 0,
        (Flow::Held, _) => 1,
        (Flow::Down, _) => 2,
        (Flow::Flowing, false) => 3,
    }
}

/// The rows' names.
pub(super) const ROWS: [&str; 4] = ["flowing, scanned", "held", "down", "flowing unscanned"];

/// What struck, or was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Struck {
    /// The server restarted as planned.
    Restart,
    /// The server restarted by itself: its power, a crash, somebody.
    Crash,
    /// The program ended in the middle and was taken up again, in the same boot.
    Ended,
    /// The way back began.
    WayBack,
    /// A person was asked.
    Gate,
}

impl Struck {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Restart => "restart",
            Self::Crash => "restart that nobody asked for",
            Self::Ended => "program taken up again",
            Self::WayBack => "way back",
            Self::Gate => "gate",
        }
    }
}

/// A moment that is marked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) at: Timestamp,
    /// When the answer came; the last event's time while there is none.
    pub(super) to: Option<Timestamp>,
    pub(super) kind: Struck,
    pub(super) text: String,
}

impl Record<'_> {
    /// How mail stood, without gaps, from the start to the last event.
    pub(super) fn stretches(&self) -> Vec<Stretch> {
        let report = self.report();
        let (Some(end), true) = (report.last, self.watches_mail()) else { return Vec::new() };
        let mut all: Vec<Stretch> = Vec::new();
        for (index, change) in report.mail_changes.iter().enumerate() {
            let to = report.mail_changes.get(index + 1).map_or(end, |next| next.at).max(change.at);
            match all.last_mut() {
                Some(last) if last.mail.same(change.mail) && last.seen == change.seen => last.to = to,
                _ => all.push(Stretch { from: change.at, to, mail: change.mail, seen: change.seen }),
            }
        }
        // What lasted for no time is no stretch, unless it is all there is.
        if all.iter().any(|one| one.ms() > 0) {
            all.retain(|one| one.ms() > 0);
        }
        all
    }

    /// What struck and what was asked, in order.
    pub(super) fn marks(&self) -> Vec<Mark> {
        let mut marks: Vec<Mark> = Vec::new();
        let mut boot = None;
        for envelope in self.envelopes {
            let same_boot = boot.replace(&envelope.boot).is_none_or(|before| *before == envelope.boot);
            let mut mark = |kind, text: String| marks.push(Mark { at: envelope.at, to: None, kind, text });
            match envelope.event.known() {
                Some(Event::RestartProven { before, after, .. }) => {
                    mark(
                        Struck::Restart,
                        format!("the server restarted as planned (boot {before} -> {after})"),
                    );
                }
                Some(Event::UnplannedRestart { before, after }) => {
                    mark(Struck::Crash, format!("the server restarted by itself (boot {before} -> {after})"));
                }
                Some(Event::Resumed { found, .. }) if same_boot && !self.told_by_another(envelope.seq) => {
                    mark(Struck::Ended, format!("the program was taken up again: {found}"));
                }
                Some(Event::RollbackBegun { why }) => {
                    mark(Struck::WayBack, format!("the way back began: {why}"))
                }
                _ => {}
            }
        }
        marks.extend(self.report().gates.iter().map(|gate| Mark {
            at: gate.opened,
            to: gate.answer.as_ref().map(|answer| answer.at).or(self.report().last),
            kind: Struck::Gate,
            text: match &gate.answer {
                Some(ReportAnswer { choice, by, .. }) => format!("{}: {by} answered {choice}", gate.title),
                None => format!("{}: not answered", gate.title),
            },
        }));
        marks.sort_by_key(|mark| mark.at);
        marks
    }

    /// Whether the event before this one, of the same moment, has told already why the program was taken up.
    fn told_by_another(&self, seq: u64) -> bool {
        let at = |seq: u64| usize::try_from(seq).ok().and_then(|seq| self.envelopes.get(seq));
        let (Some(this), Some(before)) = (at(seq), seq.checked_sub(1).and_then(at)) else { return false };
        before.at == this.at
            && matches!(
                before.event.known(),
                Some(Event::UnplannedRestart { .. } | Event::RestartProven { .. })
            )
    }
}
