//! What an operation is given.

use crate::{
    Permit,
    failure::{Code, Failure},
    host::{Answer, Host, Nodes, Service, ServiceName},
    plan::{MailState, Observation, Outcome, Question, Snapshot, Step},
    upgrade::State,
    values::{Secret, SecretRef, StepId, Timestamp, UpgradeId},
};
use async_trait::async_trait;
use std::{collections::BTreeMap, sync::Mutex};

/// A change of mail's state that an operation saw itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MailNote {
    /// When.
    pub at: Timestamp,
    /// To what.
    pub mail: MailState,
}

/// A vendor's own operations, for methods that the vocabulary does not reach (a task of a management server, say).
/// They keep the rules of all operations.
#[async_trait]
pub trait Vendor: Send + Sync {
    /// As [`Operate::prepare`](super::Operate::prepare).
    async fn prepare(
        &self,
        name: &str,
        arguments: &BTreeMap<String, String>,
        ctx: &Context<'_>,
    ) -> Answer<Option<Snapshot>>;
    /// The question of an operation that asks a person, made from what is found when the gate opens; `None` when there
    /// is nothing to ask, and the operation looks at once. Asked again after a crash and after an answer that did not
    /// verify.
    async fn question(
        &self,
        name: &str,
        _arguments: &BTreeMap<String, String>,
        _ctx: &Context<'_>,
    ) -> Answer<Option<Question>> {
        Err(unsupported(name))
    }
    /// As [`Operate::observe`](super::Operate::observe).
    async fn observe(
        &self,
        name: &str,
        arguments: &BTreeMap<String, String>,
        ctx: &Context<'_>,
    ) -> Answer<Observation>;
    /// As [`Operate::apply`](super::Operate::apply).
    async fn apply(
        &self,
        name: &str,
        arguments: &BTreeMap<String, String>,
        ctx: &Context<'_>,
        permit: &Permit,
    ) -> Answer<Outcome>;
    /// As [`Operate::undo`](super::Operate::undo).
    async fn undo(
        &self,
        name: &str,
        arguments: &BTreeMap<String, String>,
        ctx: &Context<'_>,
        permit: &Permit,
    ) -> Answer<Outcome>;
}

/// The server, the step, and what came before.
pub struct Context<'a> {
    /// The server.
    pub host: &'a dyn Host,
    /// The upgrade.
    pub upgrade: UpgradeId,
    /// Its state.
    pub state: &'a State,
    /// The step.
    pub step: &'a Step,
    /// The vendor's own operations, if it has any.
    pub vendor: Option<&'a dyn Vendor>,
    /// The nodes, where the upgrade is a cluster's.
    pub nodes: Option<&'a dyn Nodes>,
    notes: Mutex<Vec<MailNote>>,
}

impl<'a> Context<'a> {
    /// For one call of one operation.
    #[must_use]
    pub fn new(
        host: &'a dyn Host,
        upgrade: UpgradeId,
        state: &'a State,
        step: &'a Step,
        vendor: Option<&'a dyn Vendor>,
    ) -> Self {
        Self { host, upgrade, state, step, vendor, nodes: None, notes: Mutex::new(Vec::new()) }
    }

    /// With the nodes of a cluster.
    #[must_use]
    pub fn with_nodes(mut self, nodes: Option<&'a dyn Nodes>) -> Self {
        self.nodes = nodes;
        self
    }

    /// Notes that mail changed its state now.
    pub fn mail(&self, mail: MailState) {
        self.note(MailNote { at: self.host.clock().now(), mail });
    }

    /// Notes a change of mail's state.
    pub(crate) fn note(&self, note: MailNote) {
        self.notes.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(note);
    }

    /// The changes of mail's state that were noted.
    #[must_use]
    pub fn take_notes(&self) -> Vec<MailNote> {
        std::mem::take(&mut self.notes.lock().unwrap_or_else(std::sync::PoisonError::into_inner))
    }

    /// The state of the server that was saved before this step.
    #[must_use]
    pub fn before(&self) -> Option<&Snapshot> {
        self.state.before(&self.step.id)
    }

    /// What an earlier step produced.
    ///
    /// # Errors
    /// [`Code::PlanLint`] when it produced nothing; the lint keeps such plans away.
    pub fn output(&self, step: &StepId) -> Answer<&Snapshot> {
        self.state.output(step).ok_or_else(|| {
            Failure::new(
                Code::PlanLint,
                format!("the step {step} left nothing that {} could use", self.step.id),
            )
        })
    }

    /// A service that must exist.
    ///
    /// # Errors
    /// [`Code::ServiceNotFound`].
    pub async fn service(&self, name: &ServiceName) -> Answer<Service> {
        self.host.services().get(name).await?.ok_or_else(|| {
            Failure::new(Code::ServiceNotFound, format!("there is no service {name}"))
                .expected(format!("the service {name}"))
                .ask()
        })
    }

    /// A secret that must be there.
    ///
    /// # Errors
    /// [`Code::SecretMissing`], which a person can put right.
    pub async fn secret(&self, name: &SecretRef) -> Answer<Secret> {
        self.host.secrets().get(name).await?.ok_or_else(|| missing_secret(name))
    }
}

/// An operation that the vendor's crate does not have.
#[must_use]
pub fn unsupported(name: &str) -> Failure {
    Failure::new(Code::OperationUnsupported, format!("this vendor has no operation {name}"))
        .hint("the plan was made by another version of the vendor's crate")
}

pub(super) fn missing_secret(name: &SecretRef) -> Failure {
    Failure::new(Code::SecretMissing, format!("the secret {name} is needed and nobody gave it"))
        .hint(format!("its name for `--secret` is {name}"))
        .ask()
}
