//! What moves on a terminal while a step runs: two lines at the bottom that say where the upgrade is, how long the step
//! takes beside what is typical, what mail suffers, and when a person is wanted next.

use crate::{output::Moving, show::text::span};
use mailsec_core::{
    plan::{Flow, MailBudget, Step},
    upgrade::{Direction, Ledger, State, StepState},
    values::Timestamp,
};
use std::time::{Duration, Instant};

/// What is shown.
pub(super) struct Scene {
    head: String,
    typical: u64,
    ledger: Ledger,
    budget: Option<MailBudget>,
    /// When the step began, by the server's clock.
    since: Timestamp,
    /// How long ago that is, when the scene opens.
    already: Duration,
    opened: Instant,
    next: Option<String>,
    /// How many times faster than ours the server's time passes.
    speed: u32,
}

impl Scene {
    /// For a step that runs now.
    pub(super) fn new(state: &State, step: &Step, undo: bool, since: Timestamp, speed: u32) -> Self {
        let steps = state.plan_steps();
        let index = steps.iter().position(|other| other.id == step.id).unwrap_or_default();
        let title = if undo { format!("taking back: {}", step.title) } else { step.title.clone() };
        Self {
            head: format!("{} {}/{} {title}", step.phase, index + 1, steps.len()),
            typical: step.typical_secs() * 1000,
            ledger: state.ledger_now(),
            budget: state.plan.as_ref().filter(|plan| !plan.is_elsewhere()).map(|plan| plan.budget),
            since,
            already: Duration::ZERO,
            opened: Instant::now(),
            next: next_question(state),
            speed,
        }
    }

    /// It began a while ago.
    pub(super) fn already(mut self, already: Duration) -> Self {
        self.already = already;
        self
    }

    fn passed(&self) -> Duration {
        self.already + self.opened.elapsed() * self.speed
    }
}

impl Moving for Scene {
    fn first(&self) -> String {
        let ms = u64::try_from(self.passed().as_millis()).unwrap_or(u64::MAX);
        // Tenths would flicker.
        format!("{}, {}, usually {}", self.head, span(ms / 1000 * 1000), span(self.typical))
    }

    fn second(&self) -> String {
        let mut text = match self.budget {
            Some(budget) => mail(&self.ledger, &budget, self.since.after(self.passed())),
            None => String::new(),
        };
        if let Some(next) = &self.next {
            let joint = if text.is_empty() { "" } else { "; " };
            text.push_str(&format!("{joint}next {next}"));
        }
        text
    }
}

/// What mail suffers at a moment, beside what the plan allows.
pub(in crate::show) fn mail(ledger: &Ledger, budget: &MailBudget, at: Timestamp) -> String {
    let Some(now) = ledger.now() else { return "mail not seen yet".to_owned() };
    let seen = ledger.is_seen();
    let known = if seen { "" } else { " (assumed)" };
    let totals = ledger.totals_at(at);
    let whole = |ms: u64| span(ms / 1000 * 1000);
    let stopped = || {
        let (so_far, most) = (totals.held_ms + totals.down_ms, budget.stopped_secs.saturating_mul(1000));
        format!("{} of at most {}", whole(so_far), span(most))
    };
    match (now.flow, now.scanned) {
        (Flow::Held, _) => format!("mail HELD{known} {}", stopped()),
        (Flow::Down, _) => format!("mail DOWN{known} {}", stopped()),
        (Flow::Flowing, false) => {
            let most = budget.unscanned_secs.saturating_mul(1000);
            format!("mail flows UNSCANNED{known} {} of at most {}", whole(totals.unscanned_ms), span(most))
        }
        (Flow::Flowing, true) if totals.held_ms + totals.down_ms > 0 => {
            format!("mail flowing, scanned; was stopped {}", stopped())
        }
        (Flow::Flowing, true) => "mail flowing, scanned".to_owned(),
    }
}

/// How mail stands while a question waits, beside what the plan allows; none where it is not watched.
pub(crate) fn mail_line(state: &State) -> Option<String> {
    let plan = state.plan.as_ref().filter(|plan| !plan.is_elsewhere() && !plan.drives_nodes())?;
    Some(mail(&state.ledger_now(), &plan.budget, state.last?))
}

/// The next step that asks a person, while the upgrade goes forward.
pub(in crate::show) fn next_question(state: &State) -> Option<String> {
    if state.direction != Direction::Forward {
        return None;
    }
    let steps = state.plan_steps().iter().zip(&state.steps).enumerate();
    let mut open = steps.filter(|(_, (step, progress))| {
        step.operation.asks() && !matches!(progress.state, StepState::Done(_) | StepState::Skipped(_))
    });
    open.next().map(|(index, (step, _))| format!("question at step {}: {}", index + 1, step.title))
}
