//! The rules of a cluster's plan.

use super::{NodeRole, Operation, Plan, Undo};
use std::collections::BTreeSet;

type Say<'a> = dyn FnMut(&str, String, &str) + 'a;

/// Checks them, beside those of every plan.
pub(super) fn lint(plan: &Plan, say: &mut Say<'_>) {
    if !plan.drives_nodes() {
        return;
    }
    let (mut names, mut servers, mut plans, mut upgrades) =
        <(BTreeSet<_>, BTreeSet<_>, BTreeSet<_>, BTreeSet<_>)>::default();
    let mut roles = Vec::new();
    let mut checked = false;
    for step in &plan.steps {
        match &step.operation {
            Operation::CheckCluster { .. } => checked = true,
            Operation::UpgradeNode { order, role, .. } => {
                if !checked {
                    say(
                        "the cluster is checked before each node",
                        format!("step {}", step.id),
                        "check it before",
                    );
                }
                checked = false;
                names.insert(&order.node);
                servers.insert(order.server.to_lowercase());
                plans.insert(order.plan);
                upgrades.insert(order.upgrade);
                roles.push(*role);
                if !matches!(step.undo, Undo::Keep(_)) {
                    say("an upgraded node is kept", format!("step {}", step.id), "set its undo to keep");
                }
            }
            _ => {}
        }
    }
    if !checked {
        say(
            "the cluster is checked at the end",
            plan.steps.last().map(|step| step.id.to_string()).unwrap_or_default(),
            "check it after the last node",
        );
    }
    if roles.len() < 2 {
        say(
            "a cluster has at least two nodes",
            roles.len().to_string(),
            "a single server needs no cluster's plan",
        );
    }
    if [names.len(), servers.len(), plans.len(), upgrades.len()].iter().any(|count| *count != roles.len()) {
        say(
            "no node is taken twice",
            format!("{} nodes", roles.len()),
            "name each node, plan and upgrade once",
        );
    }
    // Where nodes share their configuration, an import on one reaches all; a second one would undo what came between.
    let importers = roles.iter().filter(|role| **role == Some(NodeRole::First)).count();
    if roles.iter().any(Option::is_some) && (importers != 1 || roles.first() != Some(&Some(NodeRole::First)))
    {
        say(
            "exactly one node imports the whole configuration, and it is the first",
            format!("{importers} nodes import it"),
            "make the first node's plan with --node-role first and the others' with --node-role other",
        );
    }
    if roles.iter().any(Option::is_some) && roles.iter().any(Option::is_none) {
        say(
            "each node has a role, or none has",
            format!("{} nodes without", roles.iter().filter(|role| role.is_none()).count()),
            "make all plans with --node-role",
        );
    }
}
