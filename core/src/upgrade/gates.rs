//! The questions that the state machine asks by itself, beside those of the plan.

use super::{Asked, GateKind, Next, State, StepState};
use crate::{
    failure::{Code, Failure},
    plan::{Choice, OnPartial, Operation, Question, Step},
};

fn ask(state: &State, step: usize, why: GateKind, question: Question, choices: Vec<Choice>) -> Next {
    Next::Ask(asked(state, step, why, question, choices))
}

fn asked(state: &State, step: usize, why: GateKind, question: Question, mut choices: Vec<Choice>) -> Asked {
    // What the upgrade cannot do any more is not offered.
    if !may_turn_back(state) {
        choices.retain(|choice| *choice != Choice::RollBack);
    }
    Asked { step, why, question: question.fitted(), choices }
}

fn may_turn_back(state: &State) -> bool {
    state.no_way_back().is_none() && !matches!(state.direction, super::Direction::Back(_))
}

/// Nobody leaves out what mail depends on, and nobody has to take the word of a person for what trying again shows.
fn only_if_safe(state: &State, index: usize, choices: &mut Vec<Choice>) {
    let Some(step) = step(state, index) else { return };
    choices.retain(|choice| match choice {
        Choice::Skip => step.operation.may_be_left_out(),
        Choice::CountAsDone => step.operation.on_partial() == OnPartial::Ask || step.no_return,
        _ => true,
    });
}

fn step(state: &State, index: usize) -> Option<&Step> {
    state.plan_steps().get(index)
}

fn title(state: &State, index: usize) -> String {
    step(state, index).map_or_else(|| "the upgrade".to_owned(), |step| format!("\"{}\"", step.title))
}

fn last_failure(state: &State, index: usize) -> Option<&Failure> {
    let progress = state.steps.get(index)?;
    match &progress.state {
        StepState::Failed { failure, .. } => Some(failure),
        _ => progress.undo_failed.as_ref().map(|(_, failure)| failure),
    }
}

fn reason(state: &State, index: usize) -> String {
    last_failure(state, index).map_or_else(|| "no reason is known".to_owned(), ToString::to_string)
}

fn first_aid(state: &State, index: usize) -> Vec<String> {
    let hint = last_failure(state, index).and_then(|failure| failure.hint.clone());
    let mut todo: Vec<String> = hint.into_iter().collect();
    if state.holds_mail() {
        todo.push(
            "mail is held: transport is stopped and set not to start by itself, senders keep their mail; decide soon"
                .to_owned(),
        );
    }
    todo
}

/// The step's own question, with what was wrong with the last answer.
pub(crate) fn planned(state: &State, index: usize, mut question: Question) -> Asked {
    if let Some(failure) = last_failure(state, index) {
        question.why = format!("{} The last answer did not verify: {failure}.", question.why);
    }
    let mut choices = vec![Choice::Done, Choice::RollBack, Choice::Abandon];
    // How it ended only the person saw who ran it.
    if step(state, index).is_some_and(|step| matches!(step.operation, Operation::RunInstaller { .. })) {
        choices.insert(1, Choice::DoneRestart);
        question.todo.push(
            "when it asks for a restart, do not restart the server yourself, but answer done-restart"
                .to_owned(),
        );
        question.todo.push(
            match may_turn_back(state) {
                true => {
                    "on any other error, cancel it, answer roll-back, and contact the vendor's support: what it left is \
                     looked at before anything is taken back"
                }
                false => {
                    "on any other error, cancel it, contact the vendor's support, and run it again: from here no way \
                     leads back"
                }
            }
            .to_owned(),
        );
    }
    asked(state, index, GateKind::Planned, question, choices)
}

pub(super) fn failed(state: &State, index: usize) -> Next {
    let mut todo = first_aid(state, index);
    todo.push(match last_failure(state, index) {
        // In this order: while the gate is open nothing else is taken up.
        Some(failure) if wants_secret(failure) => {
            "answer retry, then give it: `mailsec resume` at a terminal asks for it, `--secret NAME=file:PATH` names \
             where it is"
                .to_owned()
        }
        _ => "put right what the message names, then answer retry".to_owned(),
    });
    let mut choices = vec![Choice::Retry, Choice::Skip, Choice::RollBack, Choice::Abandon];
    only_if_safe(state, index, &mut choices);
    ask(
        state,
        index,
        GateKind::Failed,
        Question {
            title: format!("{} failed", title(state, index)),
            todo,
            why: reason(state, index),
            verified: "the step runs again and checks its own effect".to_owned(),
            otherwise: "the upgrade waits here; nothing more is changed".to_owned(),
            items: Vec::new(),
        },
        choices,
    )
}

/// Whether it fails until somebody gives a secret, or another one.
fn wants_secret(failure: &Failure) -> bool {
    matches!(failure.code, Code::SecretMissing | Code::PasswordWrong)
}

impl State {
    /// Whether the open gate is there because a secret is missing, or was refused: whoever has the same ones still must
    /// not try again, for each try counts towards a lock-out.
    #[must_use]
    pub fn gate_wants_secret(&self) -> bool {
        let gate = self.gate.as_ref().filter(|gate| gate.why == GateKind::Failed);
        gate.and_then(|gate| last_failure(self, gate.step)).is_some_and(wants_secret)
    }
}

pub(super) fn in_doubt(state: &State, index: usize) -> Next {
    let shown = match state.steps.get(index).map(|progress| &progress.state) {
        Some(StepState::Failed { observed: Some(observation), .. }) => {
            let facts: Vec<String> =
                observation.evidence().iter().map(|fact| format!("{}: {}", fact.of, fact.seen)).collect();
            format!("the server shows it as {} ({})", observation.word(), facts.join("; "))
        }
        _ => "the server was not asked".to_owned(),
    };
    let mut choices = vec![Choice::Retry, Choice::CountAsDone, Choice::RollBack, Choice::Abandon];
    only_if_safe(state, index, &mut choices);
    ask(
        state,
        index,
        GateKind::InDoubt,
        Question {
            title: format!("it is not certain what {} left behind", title(state, index)),
            todo: [first_aid(state, index), vec!["look at the server, and say what is true".to_owned()]]
                .concat(),
            why: format!("{}; {shown}", reason(state, index)),
            verified: "later steps check version, agents, services and mail".to_owned(),
            otherwise: "the upgrade waits here; nothing more is changed".to_owned(),
            items: Vec::new(),
        },
        choices,
    )
}

pub(super) fn undo_failed(state: &State, index: usize) -> Next {
    let mut choices = vec![Choice::Retry, Choice::Skip, Choice::Abandon];
    only_if_safe(state, index, &mut choices);
    let skip = if choices.contains(&Choice::Skip) { "; skip leaves this step as it is" } else { "" };
    ask(
        state,
        index,
        GateKind::UndoFailed,
        Question {
            title: format!("taking back {} failed", title(state, index)),
            todo: [first_aid(state, index), vec!["put it right by hand, or answer retry".to_owned()]]
                .concat(),
            why: reason(state, index),
            verified: format!("the undo runs again and checks its own effect{skip}"),
            otherwise: "the way back waits here".to_owned(),
            items: Vec::new(),
        },
        choices,
    )
}

pub(super) fn budget(state: &State, index: usize) -> Next {
    let totals = state.last.map(|last| state.ledger.totals_at(last)).unwrap_or_default();
    ask(
        state,
        index,
        GateKind::Budget,
        Question {
            title: "the mail budget is used up".to_owned(),
            todo: vec!["decide whether mail may wait longer".to_owned()],
            why: format!(
                "mail was held for {} s, down for {} s and unscanned for {} s",
                totals.held_ms / 1000,
                totals.down_ms / 1000,
                totals.unscanned_ms / 1000
            ),
            verified: "the report shows the whole time".to_owned(),
            otherwise: "the upgrade waits here, and mail with it".to_owned(),
            items: Vec::new(),
        },
        vec![Choice::Continue, Choice::RollBack, Choice::Abandon],
    )
}

pub(super) fn restart(state: &State, index: usize) -> Next {
    ask(
        state,
        index,
        GateKind::Restart,
        Question {
            title: "the server did not restart".to_owned(),
            todo: [
                first_aid(state, index),
                vec!["restart the server by hand, then run `mailsec resume`; or answer retry".to_owned()],
            ]
            .concat(),
            why: format!("a restart was asked for {} times; the boot is still the same", state.restarts),
            verified: "by the boot identity, which differs after every boot".to_owned(),
            otherwise: "the upgrade waits here".to_owned(),
            items: Vec::new(),
        },
        vec![Choice::Retry, Choice::RollBack, Choice::Abandon],
    )
}

pub(super) fn tried_too_often(state: &State, index: usize) -> Next {
    let begins = state.steps.get(index).map_or(0, |progress| progress.begins);
    ask(
        state,
        index,
        GateKind::Loop,
        Question {
            title: format!("{} was begun {begins} times", title(state, index)),
            todo: [first_aid(state, index), vec!["find out what keeps interrupting it".to_owned()]].concat(),
            why: format!("each time it was interrupted or failed; last: {}", reason(state, index)),
            verified: "the step checks its own effect".to_owned(),
            otherwise: "the upgrade waits here; nothing more is changed".to_owned(),
            items: Vec::new(),
        },
        vec![Choice::Continue, Choice::RollBack, Choice::Abandon],
    )
}

pub(super) fn too_long(state: &State, index: usize) -> Next {
    ask(
        state,
        index,
        GateKind::Loop,
        Question {
            title: "this upgrade has gone on for very many events".to_owned(),
            todo: vec!["look at the report for what repeats".to_owned()],
            why: format!("{} events are journaled", state.events),
            verified: "not at all; the allowance is given once more".to_owned(),
            otherwise: "the upgrade waits here; nothing more is changed".to_owned(),
            items: Vec::new(),
        },
        vec![Choice::Continue, Choice::RollBack, Choice::Abandon],
    )
}

pub(super) fn changed(state: &State, index: usize, engine: &str) -> Next {
    ask(
        state,
        index,
        GateKind::Changed,
        Question {
            title: "another version of mailsec began this upgrade".to_owned(),
            todo: vec![format!("finish it with version {}, or go on with {engine}", state.engine)],
            why: "the two versions do not declare themselves compatible".to_owned(),
            verified: "not at all".to_owned(),
            otherwise: "the upgrade waits here; nothing more is changed".to_owned(),
            items: Vec::new(),
        },
        vec![Choice::Continue, Choice::Abandon],
    )
}
