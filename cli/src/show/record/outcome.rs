//! How it ended, in a sentence; what remains to be done; what was given up.

use super::Record;
use crate::show::{gate::program, report, text::clock};
use mailsec_core::{
    plan::{Choice, ItemAnswer, Undo},
    upgrade::{Direction, Finish, ReportAnswer, Standing, StepResult},
};

/// How it looks to somebody who reads one line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tone {
    /// As it was planned.
    Good,
    /// It is not over, or was taken back: somebody should look.
    Look,
    /// Something is not as it was promised.
    Bad,
}

/// How it ended.
pub(super) struct Outcome {
    pub(super) tone: Tone,
    /// In a word.
    pub(super) word: &'static str,
    /// In a sentence.
    pub(super) sentence: String,
}

/// Something that somebody has to do.
#[derive(Debug, Default)]
pub(super) struct Todo {
    pub(super) what: String,
    /// How, in order.
    pub(super) how: Vec<String>,
    /// The command for it.
    pub(super) command: Option<String>,
    /// It is to have the upgrade go on, which a process may be at.
    pub(super) resumes: bool,
}

impl Record<'_> {
    /// How it ended, or how it stands.
    pub(super) fn outcome(&self) -> Outcome {
        let state = self.state();
        let tone = match state.standing {
            Standing::Finished(Finish::Succeeded)
                if self.report().mail_within_budget && self.canary_alarms() == 0 =>
            {
                Tone::Good
            }
            Standing::Finished(Finish::Succeeded | Finish::Abandoned) => Tone::Bad,
            _ => Tone::Look,
        };
        let sentence = match state.standing {
            Standing::Finished(how) => report::finished(how, self.loaded),
            Standing::Empty | Standing::Planned => "Planned and not begun; nothing was changed.".to_owned(),
            Standing::Paused => format!("Not finished: paused after {}.", self.done_of_all()),
            Standing::Running => self.underway(),
        };
        let sentence = match &state.direction {
            Direction::Back(why) if !matches!(state.standing, Standing::Finished(_)) => {
                format!("{sentence} It is on the way back: {}", full_stop(why))
            }
            Direction::Back(why) => format!("{sentence} Why it went back: {}", full_stop(why)),
            Direction::Forward => sentence,
        };
        if let Some(damage) = self.damage() {
            let sentence = format!(
                "The journal is damaged: {} of at least {} events can be read, and what came after them is not known. \
                 As far as they go: {sentence}",
                self.envelopes.len(),
                damage.promised
            );
            return Outcome { tone: Tone::Bad, word: "damaged", sentence };
        }
        Outcome { tone, word: report::standing(state), sentence }
    }

    fn underway(&self) -> String {
        let state = self.state();
        if let Some(gate) = &state.gate {
            return format!(
                "Not finished: since {} UTC a person is waited for, who is to answer \u{201c}{}\u{201d}.",
                clock(gate.since),
                gate.question.title
            );
        }
        let flight = state
            .flight
            .as_ref()
            .and_then(|flight| self.report().steps.get(flight.step).map(|step| (flight, step)));
        match flight {
            Some((flight, step)) => format!(
                "Not finished: step {} of {}, \u{201c}{}\u{201d}, was {} and its outcome is not in the journal.",
                flight.step + 1,
                self.report().steps.len(),
                step.title,
                if flight.undo { "being taken back" } else { "begun" },
            ),
            None => format!("Not finished: {}.", self.done_of_all()),
        }
    }

    fn canary_alarms(&self) -> u64 {
        self.report().canary.as_ref().map_or(0, mailsec_core::upgrade::CanarySummary::alarms)
    }

    fn done_of_all(&self) -> String {
        let steps = &self.report().steps;
        format!("{} of {} steps", steps.iter().filter(|step| step.result.is_over()).count(), steps.len())
    }

    /// What somebody has to do now; nothing when all is well.
    pub(super) fn todos(&self) -> Vec<Todo> {
        let state = self.state();
        let program = program(state);
        let mut todos = Vec::new();
        if let Some(damage) = self.damage() {
            // What is true now stands behind the damage: nothing else can be advised.
            todos.push(Todo {
                what: format!("Put the journal right: {}", damage.why),
                how: vec![
                    "the command below puts back what the second copy has, and says what it has not"
                        .to_owned(),
                    "make this report again".to_owned(),
                    "until then see for yourself whether mail flows and is scanned".to_owned(),
                ],
                command: Some(format!("{program} journal verify")),
                ..Todo::default()
            });
            return todos;
        }
        if let Some(now) = report::mail_now(self.loaded) {
            todos.push(Todo { what: now, ..Todo::default() });
        }
        if self.canary_alarms() > 0 {
            todos.push(Todo {
                what: format!(
                    "Look into what the canary saw: {} of its messages came to an alarm, and mail of others may have, too",
                    self.canary_alarms()
                ),
                how: vec![
                    "find the times in the canary's table of this report".to_owned(),
                    "look in transport's own logs and queues at those times for mail that was refused or did not arrive"
                        .to_owned(),
                ],
                ..Todo::default()
            });
        }
        match (&state.gate, state.standing) {
            (_, Standing::Finished(_)) => {}
            (Some(gate), _) => {
                let words: Vec<&str> = gate.choices.iter().map(|choice| choice.word()).collect();
                let items = gate.question.items.iter().map(|item| format!("[{}] {}", item.id, item.text));
                todos.push(Todo {
                    what: format!("Answer: {}", gate.question.title),
                    how: gate.question.todo.iter().cloned().chain(items).collect(),
                    command: Some(format!("{program} answer {} {}", gate.id, words.join("|"))),
                    ..Todo::default()
                });
            }
            (None, Standing::Empty | Standing::Planned) => {}
            (None, Standing::Running | Standing::Paused) => todos.push(Todo {
                what: match report::decided(state) {
                    Some(decided) => format!("Have carried out what was decided: {decided}"),
                    None => "Have it go on: the mailsec service does so by itself after a restart, and this does so now"
                        .to_owned(),
                },
                how: Vec::new(),
                command: Some(format!("{program} resume")),
                resumes: true,
            }),
        }
        if state.standing == Standing::Finished(Finish::RolledBack) {
            todos.push(Todo {
                what: "The upgrade is still to be made: see to what stopped it, then plan anew".to_owned(),
                how: self.failures(),
                ..Todo::default()
            });
        }
        if state.standing == Standing::Finished(Finish::Abandoned) {
            todos.push(Todo {
                what: format!(
                    "See what the server was left with: {} were carried out before it was abandoned",
                    self.done_of_all()
                ),
                ..Todo::default()
            });
        }
        todos
    }

    /// The last failure of each step, with what can be done about it.
    fn failures(&self) -> Vec<String> {
        let failed =
            self.report().steps.iter().filter_map(|step| step.failure.as_ref().zip(Some(&step.title)));
        let told = failed.map(|(failure, title)| match &failure.hint {
            Some(hint) => format!("{title}: {failure}; {hint}"),
            None => format!("{title}: {failure}"),
        });
        told.collect()
    }

    /// What is not as the plan alone would have it, and who wanted that: left out, given up, decided at a gate, kept.
    pub(super) fn remarks(&self) -> Vec<String> {
        let report = self.report();
        let mut remarks = Vec::new();
        for (what, why) in report.choices.iter().flat_map(|choices| &choices.left_out) {
            remarks.push(format!("Left out by choice: {what}. Reason: {}", full_stop(why)));
        }
        for gate in &report.gates {
            let Some(ReportAnswer { choice, by, note, .. }) = &gate.answer else { continue };
            if matches!(choice, Choice::Skip | Choice::CountAsDone | Choice::Continue) {
                let note = if note.is_empty() {
                    String::new()
                } else {
                    format!(" In their words: {}", full_stop(note))
                };
                remarks.push(format!(
                    "Decided by {by} at \u{201c}{}\u{201d}: {}.{note}",
                    gate.title,
                    choice.meaning()
                ));
            }
            for item in &gate.items {
                if let Some(ItemAnswer::GivenUp { why }) = &item.answer {
                    remarks.push(format!("Given up by {by}: {}. Reason: {}", item.item.text, full_stop(why)));
                }
            }
        }
        for (line, step) in report.steps.iter().zip(self.state().plan_steps()) {
            if let (StepResult::Kept, Undo::Keep(why)) = (line.result, &step.undo) {
                remarks.push(format!("Stays on the server: {}. Reason: {}", line.title, full_stop(why)));
            }
        }
        if report.events.unknown > 0 {
            remarks.push(format!(
                "{} events were written by a newer version of mailsec and are not told here.",
                report.events.unknown
            ));
        }
        remarks
    }
}

fn full_stop(text: &str) -> String {
    let text = text.trim_end();
    if text.ends_with(['.', '!', '?']) { text.to_owned() } else { format!("{text}.") }
}
