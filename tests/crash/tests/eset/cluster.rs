//! An ESET Cluster of three nodes: the configuration is imported once, what the cluster does not share is asked for on each
//! node, and wherever it is interrupted each node is upgraded once and in its turn.

use mailsec_core::{
    plan::{ClusterNode, NodeRole, Operation, Plan, cluster_plan, lint},
    product::UpgradeRequest,
    upgrade::Finish,
};
use mailsec_crash_tests::{
    Cluster, End, Trial, eset::request, every_point_of_the_nodes, every_point_of_the_run,
    people::eset::obliging, report, subject,
};
use mailsec_simulator::{World, worlds::eset};
use std::collections::BTreeMap;

const NODES: [&str; 3] = ["MAIL01", "MAIL02", "MAIL03"];

fn world(_name: &str) -> World {
    eset::eset_73()
}

fn wanted(name: &str) -> UpgradeRequest {
    let role = if name == NODES[0] { NodeRole::First } else { NodeRole::Other };
    UpgradeRequest { role: Some(role), ..request() }
}

fn cluster() -> Cluster {
    Cluster::plan_with(&NODES, world, wanted, obliging, false)
}

fn imports(plan: &Plan) -> bool {
    plan.steps
        .iter()
        .any(|step| matches!(&step.operation, Operation::Vendor { name, .. } if name == "import-settings"))
}

#[test]
fn one_node_imports_and_the_others_are_given_the_settings_and_asked_for_the_rest() {
    let mut cluster = cluster();
    let importers: Vec<bool> = cluster.order.iter().map(|node| imports(&node.plan)).collect();
    assert_eq!(importers, [true, false, false]);
    let end = cluster.run();
    assert_eq!(cluster.wrong(&end, &BTreeMap::new()), Vec::<String>::new());
    for (place, node) in cluster.order.iter().enumerate() {
        let loaded = cluster.nodes.with(node.node.as_str(), |member| member.loaded(node.upgrade)).unwrap();
        let joined = loaded.report.gates.iter().find(|gate| gate.step.as_str() == "join-cluster").unwrap();
        let asked: Vec<&str> = joined.items.iter().map(|item| item.item.id.as_str()).collect();
        let expected: &[&str] = if place == 0 { &[] } else { &["user-interface", "scheduled-tasks"] };
        assert_eq!(asked, expected, "{}", node.node);
        // Nothing that was there before is missing on any node.
        let review = loaded.report.steps.iter().find(|step| step.id.as_str() == "compare-settings").unwrap();
        assert!(review.summary.contains(" 0 lost"), "{}", review.summary);
    }
}

#[test]
fn a_cluster_in_which_two_nodes_import_or_none_does_is_refused() {
    let mut order = cluster().order;
    let made = order[0].plan.made;
    let broken = |order: &[ClusterNode]| -> Vec<String> {
        let plan = cluster_plan(order, false, "ADMIN", made, "0.1.0").unwrap();
        lint(&plan).into_iter().map(|failure| failure.to_string()).collect()
    };
    assert_eq!(broken(&order), Vec::<String>::new());
    order.swap(0, 1);
    assert_eq!(broken(&order).len(), 1, "the first node does not import: {:?}", broken(&order));
    order.swap(0, 1);
    order[1].plan.role = Some(NodeRole::First);
    assert_eq!(broken(&order).len(), 1, "two nodes import: {:?}", broken(&order));
    order[1].plan.role = None;
    assert_eq!(broken(&order).len(), 1, "a node's part is not known: {:?}", broken(&order));
}

#[test]
fn in_place_a_node_keeps_what_it_has_and_somebody_sees_that_the_cluster_is_whole() {
    let mut trial: Trial = subject("in place, a node of a cluster").trial();
    assert!(!imports(&trial.plan));
    let person = subject("in place, a node of a cluster").person(&trial.host);
    assert_eq!(trial.run(&person), End::Finished(Finish::Succeeded));
    assert!(person.asked().iter().any(|(_, gate)| gate.starts_with("see-cluster")), "{:?}", person.asked());
}

#[test]
fn the_run_crashes_at_each_of_its_points() {
    let swept = every_point_of_the_run(cluster);
    println!("{} runs of the cluster that crashed", swept.runs);
    assert!(swept.runs > 50, "only {} runs", swept.runs);
    report(&swept.wrong);
}

#[test]
fn a_node_crashes_at_each_of_its_points() {
    let swept = every_point_of_the_nodes(cluster);
    println!("{} runs in which a node crashed", swept.runs);
    assert!(swept.runs > 500, "only {} runs", swept.runs);
    report(&swept.wrong);
}
