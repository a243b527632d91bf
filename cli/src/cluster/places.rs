//! What a cluster's run keeps beside its journal: where the nodes are, and their plans.

use super::files;
use crate::{output, place::State};
use mailsec_core::{
    Failure,
    failure::Code,
    plan::{Operation, Plan},
    values::{Digest, NodeName},
};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

/// The state folder of each node.
#[derive(Clone, Debug, Default)]
pub(crate) struct Places(BTreeMap<NodeName, PathBuf>);

impl Places {
    /// As they were kept, and as `NAME=FOLDER` says now.
    pub(crate) fn read(state: &State, named: &[String]) -> Result<Self, Failure> {
        let mut places: BTreeMap<NodeName, PathBuf> = files::read(&path(state))?.unwrap_or_default();
        for text in named {
            let (name, folder) =
                text.split_once('=').filter(|(_, folder)| !folder.is_empty()).ok_or_else(|| {
                    Failure::new(Code::BadArgument, "--node does not say where a node is")
                        .expected(r"NAME=FOLDER, for example MAIL01=\\MAIL01\C$\ProgramData\mailsec")
                        .found(format!("{text:?}"))
                })?;
            let folder = std::path::absolute(folder)
                .map_err(|error| output::system("this path cannot be made absolute", error))?;
            places.insert(NodeName::parse(name)?, folder);
        }
        Ok(Self(places))
    }

    /// Kept for whoever resumes the run.
    pub(crate) fn keep(&self, state: &State) -> Result<(), Failure> {
        files::write(&path(state), &self.0)
    }

    pub(crate) fn of(&self, node: &NodeName) -> Option<&Path> {
        self.0.get(node).map(PathBuf::as_path)
    }

    /// Those of the plan's nodes: each has a place of its own, where orders are taken. `named` is what was given for this
    /// run.
    pub(crate) fn of_plan(mut self, plan: &Plan, named: &[String]) -> Result<Self, Failure> {
        let nodes = || {
            plan.steps.iter().filter_map(|step| match &step.operation {
                Operation::UpgradeNode { order, .. } => Some(&order.node),
                _ => None,
            })
        };
        let missing: Vec<&str> =
            nodes().filter(|node| self.of(node).is_none()).map(NodeName::as_str).collect();
        if !missing.is_empty() {
            return Err(Failure::new(Code::BadArgument, "it is not known where every node is")
                .expected(r"--node NAME=FOLDER for each, with the node's mailsec state folder")
                .found(format!("none for {}", missing.join(", ")))
                .hint("nothing was begun"));
        }
        for node in nodes() {
            if let Some(other) = nodes().find(|other| *other != node && self.of(other) == self.of(node)) {
                return Err(Failure::new(Code::BadArgument, "two nodes have the same folder")
                    .found(format!("{node} and {other}"))
                    .hint("nothing was begun"));
            }
        }
        let known = |name: &str| nodes().any(|node| node.as_str().eq_ignore_ascii_case(name));
        let strange = named.iter().filter_map(|text| text.split_once('=')).find(|(name, _)| !known(name));
        if let Some((name, _)) = strange {
            return Err(Failure::new(Code::BadArgument, "the plan has no such node")
                .expected(nodes().map(NodeName::as_str).collect::<Vec<_>>().join(", "))
                .found(name)
                .hint("nothing was begun"));
        }
        let wanted: Vec<NodeName> = nodes().cloned().collect();
        self.0.retain(|node, _| wanted.contains(node));
        Ok(self)
    }
}

fn path(state: &State) -> PathBuf {
    state.folder().join("nodes.json")
}

fn plan_path(state: &State, hash: Digest) -> PathBuf {
    state.folder().join("plans").join(format!("{hash}.json"))
}

/// Keeps a node's plan beside the cluster's state.
pub(crate) fn keep_plan(state: &State, plan: &Plan) -> Result<(), Failure> {
    let path = plan_path(state, plan.hash());
    if let Some(folder) = path.parent() {
        crate::place::private_folder(folder)?;
    }
    output::save(&path, "node's plan", &plan.sealed())
}

/// A node's plan, by its hash.
pub(super) fn kept_plan(state: &State, hash: Digest) -> Result<Plan, Failure> {
    let path = plan_path(state, hash);
    let damaged = |failure: Failure| {
        failure.hint("give the node's plan to `mailsec cluster plan` again, then answer retry").ask()
    };
    let bytes = std::fs::read(&path).map_err(|error| {
        damaged(
            Failure::new(Code::PlanDamaged, "the plan of a node cannot be read")
                .found(path.display().to_string())
                .cause(error),
        )
    })?;
    let plan = Plan::read(&bytes).map_err(damaged)?;
    if plan.hash() == hash {
        return Ok(plan);
    }
    Err(damaged(
        Failure::new(Code::PlanDamaged, "this is another plan than the one that the cluster's plan names")
            .expected(format!("plan {}", hash.short()))
            .found(format!("plan {}", plan.hash().short())),
    ))
}
