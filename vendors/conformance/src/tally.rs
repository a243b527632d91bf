//! What was shown, counted while it is checked.

use crate::Check;
use mailsec_core::{Code, Failure, product::Finding};
use std::collections::{BTreeMap, BTreeSet};

/// Counts and complaints, by check.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// Times that each was shown.
    pub(crate) shown: BTreeMap<Check, u64>,
    /// What was not as it must be.
    pub(crate) complaints: BTreeMap<Check, Vec<String>>,
    /// Exceptions that were needed: check, operation, why.
    pub(crate) excepted: BTreeMap<(Check, String, String), u64>,
    /// What was not shown, and why.
    pub(crate) not_shown: BTreeSet<String>,
}

impl Tally {
    /// Something was looked at; the answer says what is wrong with it.
    pub(crate) fn check(&mut self, check: Check, result: Result<(), String>) -> bool {
        *self.shown.entry(check).or_default() += 1;
        match result {
            Ok(()) => true,
            Err(why) => {
                self.complaints.entry(check).or_default().push(why);
                false
            }
        }
    }

    /// A condition that must hold.
    pub(crate) fn must(&mut self, check: Check, holds: bool, why: impl FnOnce() -> String) -> bool {
        self.check(check, if holds { Ok(()) } else { Err(why()) })
    }

    /// Something more was shown so often.
    pub(crate) fn count(&mut self, check: Check, times: usize) {
        *self.shown.entry(check).or_default() += u64::try_from(times).unwrap_or(u64::MAX);
    }

    pub(crate) fn not_shown(&mut self, what: impl Into<String>) {
        self.not_shown.insert(what.into());
    }

    /// Whether anything is wrong so far.
    pub(crate) fn is_clean(&self) -> bool {
        self.complaints.is_empty()
    }

    /// A refusal that somebody will read.
    pub(crate) fn refusal(&mut self, what: &str, failure: &Failure) {
        self.refused(what, failure.code, &failure.message, failure.hint.as_deref());
    }

    /// A finding that forbids the upgrade.
    pub(crate) fn blocker(&mut self, what: &str, finding: &Finding) {
        self.refused(what, finding.code, &finding.message, finding.fix.as_deref());
    }

    fn refused(&mut self, what: &str, code: Code, message: &str, hint: Option<&str>) {
        let wrong = if !Code::ALL.contains(&code) {
            Some(format!("has the code {code}, which has no page"))
        } else if message.trim().is_empty() || message.ends_with('.') {
            Some(format!("does not say what is wrong in a sentence without a period: {message:?}"))
        } else if hint.is_none_or(|hint| hint.trim().is_empty()) {
            Some(format!("does not say what to do: {message} [{code}]"))
        } else {
            None
        };
        let result = wrong.map_or(Ok(()), |wrong| Err(format!("{what}: the refusal {wrong}")));
        self.check(Check::Refusals, result);
    }

    pub(crate) fn add(&mut self, other: Self) {
        for (check, times) in other.shown {
            *self.shown.entry(check).or_default() += times;
        }
        for (check, complaints) in other.complaints {
            self.complaints.entry(check).or_default().extend(complaints);
        }
        for (what, times) in other.excepted {
            *self.excepted.entry(what).or_default() += times;
        }
        self.not_shown.extend(other.not_shown);
    }
}
