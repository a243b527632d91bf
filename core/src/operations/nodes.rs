//! The nodes of a cluster: one is upgraded by an upgrade of its own, all are looked at in between.

use super::{Context, Operate};
use crate::{
    Permit,
    failure::{Code, Failure, Remedy},
    host::{Answer, NodeFacts, NodeOrder, NodeProgress, NodeStanding, Nodes, ServiceName, StartMode},
    plan::{Evidence, ExpectedNode, Observation, Outcome},
    values::Version,
};
use async_trait::async_trait;

fn nodes<'c>(ctx: &Context<'c>) -> Answer<&'c dyn Nodes> {
    ctx.nodes.ok_or_else(|| {
        Failure::new(Code::OperationUnsupported, "this program was not told where the cluster's nodes are")
            .hint("`mailsec cluster run --node NAME=FOLDER` says it")
    })
}

pub(super) struct UpgradeNode<'a> {
    pub(super) order: &'a NodeOrder,
    pub(super) version: &'a Version,
}

impl UpgradeNode<'_> {
    fn evidence(&self, progress: &NodeProgress) -> Vec<Evidence> {
        let mut evidence = vec![
            Evidence::new(
                format!("upgrade {} of {}", self.order.upgrade, self.order.node),
                word(progress.standing),
            ),
            Evidence::new(format!("mail on {}", self.order.node), &progress.mail),
        ];
        evidence.extend(
            progress.gate.as_ref().map(|gate| Evidence::new(format!("gate {}", gate.id), &gate.title)),
        );
        evidence
    }

    fn outcome(&self, progress: &NodeProgress) -> Outcome {
        let summary = format!("{} runs {}, verified by its own upgrade", self.order.node, self.version);
        Outcome::changed(summary).shown(self.evidence(progress))
    }

    /// Its upgrade ended without success. It is not begun again: what was done is looked at by a person. Whoever has
    /// brought the node to the new version since, by whatever way, has done what is wanted here.
    async fn ended(&self, ctx: &Context<'_>, progress: &NodeProgress) -> Answer<Option<Outcome>> {
        let product = ctx.state.plan.as_ref().map(|plan| plan.product.clone()).unwrap_or_default();
        let facts = nodes(ctx)?.facts(&self.order.node, &product).await?;
        if facts.server == self.order.server
            && facts.version.as_ref() == Some(self.version)
            && facts.unfinished.is_none()
        {
            let summary =
                format!("{} runs {}, by another way than this upgrade", self.order.node, self.version);
            return Ok(Some(Outcome::changed(summary).shown(self.evidence(progress))));
        }
        let found = facts.version.map_or_else(|| "no such product".to_owned(), |version| version.to_string());
        let mut failure = Failure::new(
            Code::NodeFailed,
            format!("the upgrade of {} was {}", self.order.node, word(progress.standing)),
        )
        .expected(format!("version {} on {}", self.version, self.order.node))
        .found(found)
        .hint(format!(
            "`mailsec report` on {0} says why; bring {0} to the new version by an upgrade of its own, then answer retry \
             - or abandon, and make a new cluster plan for the nodes that are left",
            self.order.node
        ));
        if let Some(why) = &progress.failure {
            failure = failure.cause(why);
        }
        Err(failure.ask())
    }
}

#[async_trait]
impl Operate for UpgradeNode<'_> {
    async fn observe(&self, ctx: &Context<'_>) -> Answer<Observation> {
        Ok(match nodes(ctx)?.progress(self.order).await {
            Ok(None) => {
                let of = format!("orders and journal of {}", self.order.node);
                Observation::NotApplied { evidence: vec![Evidence::new(of, "neither has this upgrade")] }
            }
            Ok(Some(progress))
                if progress.standing == NodeStanding::Succeeded && progress.plan == self.order.plan =>
            {
                Observation::Applied(self.outcome(&progress))
            }
            Ok(Some(progress)) => Observation::Partial { evidence: self.evidence(&progress) },
            // The order is given again, which changes nothing where it was taken, and fails with the reason where not.
            Err(failure) => Observation::Partial {
                evidence: vec![Evidence::new(format!("node {}", self.order.node), failure.to_string())],
            },
        })
    }

    async fn apply(&self, ctx: &Context<'_>, permit: &Permit) -> Answer<Outcome> {
        nodes(ctx)?.begin(permit, self.order).await?;
        Ok(Outcome::changed("handed over"))
    }

    async fn follow(&self, ctx: &Context<'_>) -> Answer<Option<Outcome>> {
        let Some(progress) = nodes(ctx)?.progress(self.order).await? else {
            return Err(Failure::new(Code::NodeUnreachable, "the node has lost its order")
                .expected(format!("upgrade {} on {}", self.order.upgrade, self.order.node))
                .found("neither an order nor an upgrade of that id")
                .hint("see that its state folder is the one that was meant, then answer retry")
                .ask());
        };
        if progress.plan != self.order.plan {
            return Err(Failure::new(Code::PlanStale, "the node runs another plan under this upgrade's id")
                .expected(format!("plan {}", self.order.plan.short()))
                .found(format!("plan {}", progress.plan.short())));
        }
        match progress.standing {
            NodeStanding::Ordered | NodeStanding::Running | NodeStanding::Paused => Ok(None),
            NodeStanding::Succeeded => Ok(Some(self.outcome(&progress))),
            NodeStanding::RolledBack | NodeStanding::Abandoned => self.ended(ctx, &progress).await,
        }
    }
}

fn word(standing: NodeStanding) -> &'static str {
    match standing {
        NodeStanding::Ordered => "ordered, not taken up yet",
        NodeStanding::Running => "under way",
        NodeStanding::Paused => "paused",
        NodeStanding::Succeeded => "succeeded",
        NodeStanding::RolledBack => "rolled back",
        NodeStanding::Abandoned => "abandoned",
    }
}

pub(super) struct CheckCluster<'a> {
    pub(super) nodes: &'a [ExpectedNode],
}

#[async_trait]
impl Operate for CheckCluster<'_> {
    async fn observe(&self, _ctx: &Context<'_>) -> Answer<Observation> {
        Ok(Observation::NotApplied { evidence: Vec::new() })
    }

    async fn apply(&self, ctx: &Context<'_>, _permit: &Permit) -> Answer<Outcome> {
        let product = ctx.state.plan.as_ref().map(|plan| plan.product.clone()).unwrap_or_default();
        let (mut evidence, mut wrong, mut passing) = (Vec::new(), Vec::new(), true);
        for node in self.nodes {
            let found = match nodes(ctx)?.facts(&node.node, &product).await {
                Ok(facts) => unlike(node, &facts),
                Err(failure) => {
                    passing &= failure.remedy == Remedy::Retry;
                    vec![failure.to_string()]
                }
            };
            if found.is_empty() {
                evidence.push(Evidence::new(
                    format!("node {}", node.node),
                    format!("version {}, its services run, its agents are enabled", node.version),
                ));
            }
            wrong.extend(found.into_iter().map(|what| format!("{}: {what}", node.node)));
        }
        if wrong.is_empty() {
            return Ok(
                Outcome::same(format!("all {} nodes are as they must be", self.nodes.len())).shown(evidence)
            );
        }
        let failure = Failure::new(Code::ClusterNotWhole, "the cluster is not whole")
            .expected("every node with its version, its services running and its agents enabled")
            .found(wrong.join("; "))
            .hint("put right what the message names, then answer retry; no other node is begun meanwhile");
        // A service that is just starting, a node that is just restarting.
        Err(if passing { failure.retry() } else { failure.ask() })
    }
}

/// What of a node is not as it must be.
fn unlike(node: &ExpectedNode, facts: &NodeFacts) -> Vec<String> {
    let mut wrong = Vec::new();
    if facts.server != node.server {
        return vec![format!("this is the server {}, not {}", facts.server, node.server)];
    }
    match &facts.version {
        Some(version) if *version == node.version => {}
        Some(version) => wrong.push(format!("version {version} instead of {}", node.version)),
        None => wrong.push(format!("the product is not there, version {} was expected", node.version)),
    }
    if let Some(upgrade) = facts.unfinished {
        wrong.push(format!("the upgrade {upgrade} is not finished"));
    }
    if !facts.services.iter().any(|service| service.name.same(&ServiceName::transport())) {
        wrong.push("there is no transport service".to_owned());
    }
    for service in &facts.services {
        let starts = matches!(service.start, StartMode::Automatic | StartMode::AutomaticDelayed);
        if starts && !service.is_running() {
            wrong.push(format!("the service {} does not run", service.name));
        }
        if !starts && service.name.same(&ServiceName::transport()) {
            wrong.push("transport is set not to start by itself".to_owned());
        }
    }
    let own = facts.own_agents.iter().filter(|_| node.upgraded);
    let before = node.scanners.iter().filter(|_| !node.upgraded);
    if node.upgraded && !node.scanners.is_empty() && facts.own_agents.is_empty() {
        wrong.push("no agent of the product is registered".to_owned());
    }
    for id in own.chain(before) {
        match facts.agents.iter().find(|agent| agent.id.same(id)) {
            Some(agent) if agent.enabled => {}
            Some(_) => wrong.push(format!("the agent {id} is disabled")),
            None => wrong.push(format!("the agent {id} is not registered")),
        }
    }
    wrong.extend(
        facts.without_assembly.iter().map(|id| format!("the assembly of the agent {id} is not on disk")),
    );
    wrong
}
