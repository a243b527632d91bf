//! The nodes of a cluster, seen from the run that takes them in order.
//!
//! No code is run on a node from afar: a node is handed a work order, takes it up by itself, and its own journal says
//! how it fares.

use super::{Agent, AgentId, Answer, Service};
use crate::{
    Permit,
    failure::Failure,
    values::{Digest, GateId, NodeName, Timestamp, UpgradeId, Version},
};
use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// What a node is to do: run this plan, as this upgrade. The upgrade's id is made with the cluster's plan, so an order
/// that is given twice is still one upgrade.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NodeOrder {
    /// Which node.
    pub node: NodeName,
    /// The server that the node must be.
    pub server: String,
    /// Hash of the node's plan.
    pub plan: Digest,
    /// Id of the node's upgrade.
    pub upgrade: UpgradeId,
}

/// How a node's upgrade stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NodeStanding {
    /// The order lies there and was not taken up yet.
    Ordered,
    /// Under way, or waiting for a person.
    Running,
    /// A person paused it.
    Paused,
    /// The new version runs and was verified.
    Succeeded,
    /// It was taken back.
    RolledBack,
    /// A person abandoned it.
    Abandoned,
}

/// A question that a node's upgrade waits at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeGate {
    /// Its name.
    pub id: GateId,
    /// What is asked, in one line.
    pub title: String,
}

/// A node's upgrade, as its journal has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeProgress {
    /// Hash of its plan.
    pub plan: Digest,
    /// How it stands.
    pub standing: NodeStanding,
    /// The step that it stands at, in one line.
    pub step: Option<String>,
    /// The question that it waits at.
    pub gate: Option<NodeGate>,
    /// How mail fared, in one line.
    pub mail: String,
    /// Why a step failed last.
    pub failure: Option<Failure>,
}

/// What a node is like now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeFacts {
    /// When it looked, by its own clock.
    pub at: Timestamp,
    /// The server's name.
    pub server: String,
    /// The product's version; none when it is not there.
    pub version: Option<Version>,
    /// Transport and the product's own services.
    pub services: Vec<Service>,
    /// All transport agents.
    pub agents: Vec<Agent>,
    /// Those of the product.
    pub own_agents: Vec<AgentId>,
    /// Enabled agents whose assembly is not on disk.
    pub without_assembly: Vec<AgentId>,
    /// An upgrade of the node that is not finished.
    pub unfinished: Option<UpgradeId>,
}

/// The nodes.
#[cfg_attr(feature = "testing", mockall::automock)]
#[async_trait]
pub trait Nodes: Send + Sync {
    /// Hands a node its order. Giving the same order again changes nothing but a refusal, which it takes back; another
    /// plan under the same id is [`Code::PlanStale`](crate::Code::PlanStale). The plan is checked against its hash
    /// before it is used. A node that cannot be reached is [`Code::NodeUnreachable`](crate::Code::NodeUnreachable), and
    /// may be again.
    async fn begin(&self, permit: &Permit, order: &NodeOrder) -> Answer<()>;

    /// How the order fares; `None` when the node has neither the order nor the upgrade. An order that the node refused
    /// is [`Code::NodeRefused`](crate::Code::NodeRefused) with its reason.
    async fn progress(&self, order: &NodeOrder) -> Answer<Option<NodeProgress>>;

    /// What the node is like now; it looks itself.
    async fn facts(&self, node: &NodeName, product: &str) -> Answer<NodeFacts>;

    /// Lets time pass while the nodes work.
    async fn rest(&self, how_long: Duration);
}
