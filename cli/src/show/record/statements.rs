//! What is stated about mail, each with whether it holds.

use super::{
    Record,
    course::{Stretch, row},
    span,
};
use crate::show::canary;
use mailsec_core::{plan::MailState, upgrade::Standing};

/// A statement about mail.
pub(super) struct Statement {
    pub(super) what: String,
    /// Whether it holds; `None` while that cannot be told.
    pub(super) holds: Option<bool>,
    /// The figures.
    pub(super) figures: String,
}

impl Statement {
    pub(super) fn word(&self) -> &'static str {
        match self.holds {
            Some(true) => "kept",
            Some(false) => "NOT KEPT",
            None => "open",
        }
    }
}

impl Record<'_> {
    /// The promises, in the order of what they are worth. None where mail was not watched.
    pub(super) fn statements(&self) -> Vec<Statement> {
        let report = self.report();
        let (Some(budget), true) = (report.budget, self.watches_mail()) else { return Vec::new() };
        let totals = report.mail;
        let stretches = self.stretches();
        let assumed = |rows: &[usize]| {
            let unseen = stretches.iter().filter(|one| !one.seen && rows.contains(&row(one.mail)));
            match unseen.map(Stretch::ms).sum() {
                0 => String::new(),
                ms => format!("; {} of it nobody saw, and the worst is assumed", span(ms)),
            }
        };
        let stopped = totals.held_ms + totals.down_ms;
        let over = matches!(self.state().standing, Standing::Finished(_));
        let within = |ms: u64, secs: u64| match ms <= secs.saturating_mul(1000) {
            // It may still grow.
            true if !over => None,
            holds => Some(holds),
        };
        let now = self.state().ledger.now();
        let mut statements = vec![
            Statement {
                what: match budget.unscanned_secs {
                    0 => "No mail passes unscanned".to_owned(),
                    secs => {
                        format!(
                            "Mail passes unscanned for no longer than {}",
                            span(secs.saturating_mul(1000))
                        )
                    }
                },
                holds: within(totals.unscanned_ms, budget.unscanned_secs),
                figures: format!("unscanned for {}{}", span(totals.unscanned_ms), assumed(&[3])),
            },
            Statement {
                what: format!(
                    "Mail is stopped for no longer than {}",
                    span(budget.stopped_secs.saturating_mul(1000))
                ),
                holds: within(stopped, budget.stopped_secs),
                figures: format!(
                    "stopped for {}: held for {}, down for {}{}",
                    span(stopped),
                    span(totals.held_ms),
                    span(totals.down_ms),
                    assumed(&[1, 2])
                ),
            },
            Statement {
                what: "At the end mail flows and is scanned".to_owned(),
                holds: over.then(|| now.is_some_and(|now| now.same(MailState::GOOD))),
                figures: now.map_or_else(|| "not begun".to_owned(), |now| format!("last: {now}")),
            },
        ];
        if let Some(canary) = &report.canary {
            statements.push(Statement {
                what: "No message of the canary comes to an alarm".to_owned(),
                holds: if canary.alarms() == 0 && !over { None } else { Some(canary.alarms() == 0) },
                figures: canary::line(canary).trim_start_matches("canary: ").to_owned(),
            });
        }
        statements
    }
}
