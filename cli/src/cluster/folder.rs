//! The nodes, each reached by its state folder.

use super::{
    files::{Looked, Orders, WorkOrder},
    places::{Places, kept_plan},
};
use crate::{output::say, people::actor, place::State};
use async_trait::async_trait;
use mailsec_core::{
    Failure, Permit,
    engine::{load, progress_of},
    failure::Code,
    host::{Answer, NodeFacts, NodeOrder, NodeProgress, NodeStanding, Nodes},
    journal::{WitnessReader, WitnessState},
    plan::{Operation, Plan, Step},
    values::NodeName,
};
use std::{
    collections::BTreeMap,
    path::Path,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// How long a node may take to look at itself.
const LOOK_LIMIT: Duration = Duration::from_secs(90);

/// The nodes of a cluster.
pub(crate) struct FolderNodes {
    state: State,
    places: Places,
    /// Real time for a while of the engine's: simulated nodes need less.
    rest: Option<Duration>,
    said: Mutex<BTreeMap<NodeName, String>>,
}

impl FolderNodes {
    /// As the cluster's run keeps them. `rest` replaces each while that is waited.
    pub(crate) fn open(state: &State, rest: Option<Duration>) -> Result<Self, Failure> {
        let places = Places::read(state, &[])?;
        Ok(Self { state: state.clone(), places, rest, said: Mutex::default() })
    }

    fn place(&self, node: &NodeName) -> Answer<&Path> {
        self.places.of(node).ok_or_else(|| {
            Failure::new(Code::NodeUnreachable, format!("it is not known where {node} is"))
                .expected(format!("--node {node}=FOLDER at `mailsec cluster run`"))
                .ask()
        })
    }

    fn orders(&self, node: &NodeName) -> Answer<Orders> {
        let place = self.place(node)?;
        let orders = Orders::new(place.join("orders"));
        if orders.are_taken() {
            return Ok(orders);
        }
        Err(Failure::new(Code::NodeUnreachable, format!("the state folder of {node} cannot be reached"))
            .expected("a folder in which a mailsec service takes orders")
            .found(place.display().to_string())
            .hint(format!("see that {node} is up; on it, `mailsec service install --node` has orders taken"))
            .retry())
    }

    /// How the upgrade stands by the node's journal; `None` when it has none of that id.
    fn journaled(&self, order: &NodeOrder) -> Answer<Option<NodeProgress>> {
        let found = match WitnessReader::new(self.place(&order.node)?.join("journal")).read(order.upgrade) {
            Ok(found) => found,
            Err(failure) if failure.code == Code::UpgradeNotFound => return Ok(None),
            Err(failure) => return Err(failure.retry()),
        };
        match &found.state {
            // The node mends its journal itself when it opens it next.
            WitnessState::Damaged(damage) => Err(damage.failure().retry()),
            _ => Ok(Some(progress_of(&load(&found.envelopes)))),
        }
    }

    /// Says how a node fares when that has changed.
    fn say(&self, node: &NodeName, progress: &NodeProgress) {
        let line = match (&progress.gate, &progress.step, progress.standing) {
            (Some(gate), ..) => {
                format!(
                    "          {node} asks: {}; answer it there: mailsec answer {} ANSWER",
                    gate.title, gate.id
                )
            }
            (None, _, NodeStanding::Ordered) => format!("          {node} has its order"),
            (None, _, NodeStanding::Paused) => format!("          {node} is paused; resume it there"),
            (None, Some(step), NodeStanding::Running) => format!("          {node} {step}"),
            _ => return,
        };
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        if said.get(node) != Some(&line) {
            say(&line);
            said.insert(node.clone(), line);
        }
    }
}

#[async_trait]
impl Nodes for FolderNodes {
    async fn begin(&self, _permit: &Permit, order: &NodeOrder) -> Answer<()> {
        let plan = kept_plan(&self.state, order.plan)?;
        let orders = self.orders(&order.node)?;
        match self.journaled(order)? {
            Some(progress) if progress.plan == order.plan => return Ok(()),
            Some(progress) => {
                return Err(Failure::new(
                    Code::PlanStale,
                    "the node has another plan under this upgrade's id",
                )
                .expected(format!("plan {}", order.plan.short()))
                .found(format!("plan {}", progress.plan.short())));
            }
            None => {}
        }
        orders.give(&WorkOrder { order: order.clone(), by: actor(), plan }).map_err(Failure::retry)
    }

    async fn progress(&self, order: &NodeOrder) -> Answer<Option<NodeProgress>> {
        let orders = self.orders(&order.node)?;
        let progress = match self.journaled(order)? {
            None => ordered(&orders, order)?,
            journaled => journaled,
        };
        if let Some(progress) = &progress {
            self.say(&order.node, progress);
        }
        Ok(progress)
    }

    async fn facts(&self, node: &NodeName, product: &str) -> Answer<NodeFacts> {
        let orders = self.orders(node)?;
        let id = uuid::Uuid::now_v7();
        orders.ask(id, product).map_err(Failure::retry)?;
        let began = Instant::now();
        let answer = loop {
            match orders.answer(id) {
                Ok(Some(Looked::Facts(facts))) => break Ok(*facts),
                Ok(Some(Looked::Failed(failure))) => break Err((*failure).retry()),
                Ok(None) if began.elapsed() < LOOK_LIMIT => self.rest(Duration::from_secs(1)).await,
                Ok(None) => {
                    break Err(Failure::new(
                        Code::NodeUnreachable,
                        format!("{node} does not look at itself"),
                    )
                    .expected(format!("an answer of its mailsec service within {} s", LOOK_LIMIT.as_secs()))
                    .found("none")
                    .hint("see that the service runs there, and is not at work on another upgrade")
                    .retry());
                }
                Err(failure) => break Err(failure.retry()),
            }
        };
        orders.forget(id);
        answer
    }

    async fn rest(&self, how_long: Duration) {
        tokio::time::sleep(self.rest.unwrap_or(how_long)).await;
    }
}

/// How a node stands whose journal does not have the upgrade yet.
fn ordered(orders: &Orders, order: &NodeOrder) -> Answer<Option<NodeProgress>> {
    if let Some(why) = orders.refusal(order.upgrade)? {
        return Err(Failure::new(Code::NodeRefused, format!("{} refused its order", order.node))
            .cause(why)
            .hint("put right what it names, then answer retry: the order is given again")
            .ask());
    }
    Ok(orders.has(order.upgrade).then(|| NodeProgress {
        plan: order.plan,
        standing: NodeStanding::Ordered,
        step: None,
        gate: None,
        mail: "not touched yet".to_owned(),
        failure: None,
    }))
}

/// A node, and how it stands.
pub(crate) type NodeStands = (NodeName, Result<Option<NodeProgress>, Failure>);

/// How each node of a plan stands, for whoever only looks.
pub(crate) fn standings(nodes: &FolderNodes, orders: &[NodeOrder]) -> Vec<NodeStands> {
    let stands = |order: &NodeOrder| match nodes.journaled(order)? {
        None => ordered(&nodes.orders(&order.node)?, order),
        journaled => Ok(journaled),
    };
    orders.iter().map(|order| (order.node.clone(), stands(order))).collect()
}

/// The orders of a cluster's plan.
pub(crate) fn orders_of(plan: &Plan) -> Vec<NodeOrder> {
    let order = |step: &Step| match &step.operation {
        Operation::UpgradeNode { order, .. } => Some(order.clone()),
        _ => None,
    };
    plan.steps.iter().filter_map(order).collect()
}
