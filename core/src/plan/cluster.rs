//! A cluster's plan: its nodes' own plans, in order, one at a time.

use super::{
    ChecklistItem, Choices, Limits, MailBudget, Operation, Phase, Plan, PlanFormat, Question, Retry, Step,
    Undo, UnscannedPolicy,
};
use crate::{
    failure::{Code, Failure},
    host::{AgentId, NodeOrder},
    plan::ItemId,
    values::{Digest, NodeName, StepId, Timestamp, UpgradeId, Version},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Which part a server has in its cluster, where the nodes share their configuration among themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum NodeRole {
    /// Upgraded first; its plan imports the whole configuration.
    First,
    /// Its plan imports only what the cluster does not share.
    Other,
}

/// What a node must be like when all are looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ExpectedNode {
    /// Which node.
    pub node: NodeName,
    /// The server that it must be.
    pub server: String,
    /// The version that it must have.
    pub version: Version,
    /// Agents that must be registered and enabled. A new version may bring others: of an upgraded node its own agents
    /// count, which its own upgrade has compared with those before.
    pub scanners: Vec<AgentId>,
    /// Whether it was upgraded already.
    pub upgraded: bool,
}

/// A node with its plan and the id that its upgrade will have.
#[derive(Clone, Debug)]
pub struct ClusterNode {
    /// Its name.
    pub node: NodeName,
    /// Its plan, made on it.
    pub plan: Plan,
    /// Made now, so that no crash can make a second one.
    pub upgrade: UpgradeId,
}

/// Seconds that a node's upgrade is followed before a person is asked whether this leads anywhere: it may wait for
/// people itself.
const FOLLOW_SECS: u64 = 7 * 24 * 3600;

/// Components that are active again when a node leaves maintenance (<https://powershellgallery.com/packages/ExchangeDsc/>).
const COMPONENTS: [&str; 5] =
    ["ServerWideOffline", "UMCallRouter", "HighAvailability", "Monitoring", "RecoveryActionsEnabled"];

/// The plan that takes these nodes in this order. `server` is where it will run.
///
/// # Errors
/// [`Code::PlanLint`] when the nodes' plans do not fit together.
pub fn cluster_plan(
    nodes: &[ClusterNode],
    maintenance: bool,
    server: &str,
    made: Timestamp,
    engine: &str,
) -> Result<Plan, Failure> {
    let first = fit(nodes)?;
    let mut steps = vec![check(nodes, 0)];
    for (index, node) in nodes.iter().enumerate() {
        steps.extend(maintenance.then(|| enter_maintenance(index, &node.node)));
        steps.push(upgrade(index, node));
        steps.extend(maintenance.then(|| leave_maintenance(index, &node.node)));
        steps.push(check(nodes, index + 1));
    }
    let hashes: Vec<String> = nodes.iter().map(|node| node.plan.hash().to_string()).collect();
    Ok(Plan {
        format: PlanFormat::CURRENT,
        server: server.to_owned(),
        product: first.product.clone(),
        naming: first.naming.clone(),
        from: first.from.clone(),
        to: first.to.clone(),
        made,
        engine: engine.to_owned(),
        facts: Digest::of(hashes.concat().as_bytes()),
        choices: Choices { unscanned: UnscannedPolicy::Hold, left_out: Vec::new() },
        budget: MailBudget { stopped_secs: 0, unscanned_secs: 0 },
        limits: Limits { begins_per_step: 100, ..Limits::default() },
        scanners: Vec::new(),
        role: None,
        steps,
    })
}

/// Whether the nodes' plans fit together; the first of them.
fn fit(nodes: &[ClusterNode]) -> Result<&Plan, Failure> {
    let refuse = |rule: &str, found: String, hint: &str| {
        Err(Failure::new(Code::PlanLint, format!("the nodes' plans break the rule \"{rule}\""))
            .found(found)
            .hint(hint))
    };
    let [first, others @ ..] = nodes else {
        return refuse(
            "a cluster has nodes",
            "none".to_owned(),
            "give the plan of each node, in their order",
        );
    };
    let servers: BTreeSet<String> = nodes.iter().map(|node| node.plan.server.to_lowercase()).collect();
    if servers.len() < nodes.len() {
        return refuse(
            "each plan is for a server of its own",
            list(nodes, |node| node.plan.server.clone()),
            "make a plan on each node",
        );
    }
    if let Some(other) = others.iter().find(|other| other.plan.product != first.plan.product) {
        return refuse(
            "all nodes have the same product",
            format!("{} on {}", other.plan.product, other.node),
            "upgrade it by itself",
        );
    }
    if let Some(other) = others.iter().find(|other| other.plan.to != first.plan.to) {
        let found = format!("{} on {}, {} on {}", first.plan.to, first.node, other.plan.to, other.node);
        return refuse("all nodes come to the same version", found, "make the plans with the same installer");
    }
    if nodes.iter().any(|node| node.plan.drives_nodes()) {
        return refuse(
            "a node's plan is of one server",
            list(nodes, |node| node.node.to_string()),
            "give the nodes' own plans",
        );
    }
    Ok(&first.plan)
}

fn list(nodes: &[ClusterNode], what: impl Fn(&ClusterNode) -> String) -> String {
    nodes.iter().map(what).collect::<Vec<_>>().join(", ")
}

/// All nodes are looked at: the first `done` of them have the new version.
fn check(nodes: &[ClusterNode], done: usize) -> Step {
    let expected = nodes.iter().enumerate().map(|(index, node)| ExpectedNode {
        node: node.node.clone(),
        server: node.plan.server.clone(),
        version: if index < done { node.plan.to.clone() } else { node.plan.from.clone() },
        scanners: node.plan.scanners.clone(),
        upgraded: index < done,
    });
    let phase = match done {
        0 => Phase::Survey,
        done if done == nodes.len() => Phase::Verify,
        _ => Phase::Replace,
    };
    Step {
        id: StepId::new(format!("check-cluster-{done}")),
        phase,
        title: match done {
            0 => "Check that the cluster is whole".to_owned(),
            done => format!("Check that the cluster is whole, {done} of {} nodes upgraded", nodes.len()),
        },
        reason: "A node is begun only while all others work: one at a time, and none after a failure."
            .to_owned(),
        operation: Operation::CheckCluster { nodes: expected.collect() },
        mail: None,
        retry: Retry { attempts: 4, wait_secs: 30 },
        // A node that does not answer is waited for a while, and they are asked one after the other.
        limit_secs: 120 * u64::try_from(nodes.len()).unwrap_or(1),
        undo: Undo::Nothing,
        no_return: false,
    }
}

fn upgrade(index: usize, node: &ClusterNode) -> Step {
    Step {
        id: StepId::new(format!("upgrade-node-{}", index + 1)),
        phase: Phase::Replace,
        title: format!("Upgrade {}", node.node),
        reason: format!(
            "By its own plan {}, in its own journal, as upgrade {}: it can be looked at, answered and resumed there.",
            node.plan.hash().short(),
            node.upgrade
        ),
        operation: Operation::UpgradeNode {
            order: NodeOrder {
                node: node.node.clone(),
                server: node.plan.server.clone(),
                plan: node.plan.hash(),
                upgrade: node.upgrade,
            },
            version: node.plan.to.clone(),
            role: node.plan.role,
        },
        mail: None,
        retry: Retry { attempts: 5, wait_secs: 60 },
        limit_secs: FOLLOW_SECS,
        undo: Undo::Keep("an upgraded node is not taken back because another failed".to_owned()),
        no_return: false,
    }
}

fn enter_maintenance(index: usize, node: &NodeName) -> Step {
    let question = Question {
        title: format!("Put {node} into maintenance"),
        todo: vec![
            "drain the component HubTransport and redirect its queues to another member, as Microsoft describes".to_owned(),
            "move the active databases away and keep them from coming back".to_owned(),
            "suspend the node in the failover cluster, and set ServerWideOffline inactive".to_owned(),
        ],
        why: "The node's mail stops while it is upgraded. This program neither drains it nor moves its databases.".to_owned(),
        verified: "not at all".to_owned(),
        otherwise: "the cluster's run waits; this node and those after it are not begun".to_owned(),
        items: Vec::new(),
    };
    gate(format!("enter-maintenance-{}", index + 1), format!("Maintenance of {node} begins"), question)
}

fn leave_maintenance(index: usize, node: &NodeName) -> Step {
    let items = COMPONENTS.iter().filter_map(|name| {
        let text = format!("the component {name} is active again on {node}");
        ItemId::parse(name).ok().map(|id| ChecklistItem { id, text })
    });
    let question = Question {
        title: format!("Take {node} out of maintenance"),
        todo: vec![
            "set each component below active again, and those that you set inactive besides".to_owned(),
            "resume the node in the failover cluster, let databases come back, and move them if you want"
                .to_owned(),
        ],
        why: "The next node is put into maintenance when this one works again.".to_owned(),
        verified: "version, services and agents of all nodes are checked next; the components are not"
            .to_owned(),
        otherwise: "the cluster's run waits; the nodes after it are not begun".to_owned(),
        items: items.collect(),
    };
    gate(format!("leave-maintenance-{}", index + 1), format!("Maintenance of {node} ends"), question)
}

fn gate(id: String, title: String, question: Question) -> Step {
    Step {
        id: StepId::new(id),
        phase: Phase::Replace,
        title,
        reason: "The operator asked for it with --maintenance-gates.".to_owned(),
        operation: Operation::Gate { question },
        mail: None,
        retry: Retry::ONCE,
        limit_secs: FOLLOW_SECS,
        undo: Undo::Nothing,
        no_return: false,
    }
}

impl Plan {
    /// Whether it takes the nodes of a cluster, and touches no server itself.
    #[must_use]
    pub fn drives_nodes(&self) -> bool {
        self.steps.iter().any(|step| step.operation.is_of_nodes())
    }
}
