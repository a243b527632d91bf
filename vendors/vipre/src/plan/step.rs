//! How a step is written down.

use mailsec_core::{
    plan::{MailImpact, MailState, Operation, Phase, Retry, Step, Undo},
    values::StepId,
};

pub(super) fn step(id: &str, phase: Phase, title: &str, reason: &str, operation: Operation) -> Step {
    let undo = if operation.only_looks() || matches!(operation, Operation::Restart { .. }) {
        Undo::Nothing
    } else {
        Undo::Reverse
    };
    Step {
        id: StepId::new(id),
        phase,
        title: title.to_owned(),
        reason: reason.to_owned(),
        operation,
        mail: None,
        retry: Retry { attempts: 3, wait_secs: 5 },
        limit_secs: 300,
        undo,
        no_return: false,
    }
}

/// A change of a step while it is being written down.
pub(super) trait Change: Sized {
    fn mail(self, during: MailState, after: MailState, typical_secs: u64) -> Self;
    fn limit(self, secs: u64) -> Self;
    fn keep(self, why: &str) -> Self;
}

impl Change for Step {
    fn mail(mut self, during: MailState, after: MailState, typical_secs: u64) -> Self {
        self.mail = Some(MailImpact { during, after, typical_secs, limit_secs: self.limit_secs });
        self
    }

    fn limit(mut self, secs: u64) -> Self {
        self.limit_secs = secs;
        self
    }

    fn keep(mut self, why: &str) -> Self {
        self.undo = Undo::Keep(why.to_owned());
        self
    }
}
