//! Three servers of a cluster, one after the other: interrupted everywhere, each is upgraded once and in its turn.

use async_trait::async_trait;
use mailsec_core::{
    Code, Failure,
    engine::{Desk, Message, Stop},
    journal::Journal,
    plan::{NodeRole, Operation, Plan, Undo, lint},
    product::{InstallerChoice, UpgradeRequest},
    upgrade::{Event, Finish, Gate, Request, Standing, State},
};
use mailsec_crash_tests::{
    Cluster, End, Person, again, every_point_of_the_nodes, every_point_of_the_run, given, obliging, report,
    request,
};
use mailsec_simulator::{
    Fault, World,
    worlds::{installers, vipre, vipre_45, with},
};
use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicUsize, Ordering},
};

const NODES: [&str; 3] = ["MAIL01", "MAIL02", "MAIL03"];

fn whole(_name: &str) -> World {
    vipre_45()
}

/// The second node's installer fails.
fn second_fails(name: &str) -> World {
    if name == "MAIL02" { with(vipre_45(), &[Fault::InstallerExit(1603)]) } else { vipre_45() }
}

fn cluster() -> Cluster {
    Cluster::plan(&NODES, whole, |_| request(), false)
}

/// Why the last step failed.
fn last_failure(cluster: &Cluster) -> mailsec_core::Failure {
    let failed = cluster.events().into_iter().rev().find_map(|event| match event {
        Event::StepFailed { failure, .. } => Some(failure),
        _ => None,
    });
    failed.unwrap()
}

fn untouched(cluster: &Cluster, name: &str) -> bool {
    let begun = cluster.nodes.with(name, |member| member.journal.upgrades().unwrap());
    begun.is_empty() && cluster.picture(name) == self::cluster().picture(name)
}

#[test]
fn each_node_is_upgraded_once_and_in_its_turn() {
    let mut cluster = cluster();
    let end = cluster.run();
    assert_eq!(cluster.wrong(&end, &BTreeMap::new()), Vec::<String>::new());
    let done: Vec<String> = cluster
        .events()
        .iter()
        .filter_map(|event| match event {
            Event::StepApplied { step, .. } => Some(step.to_string()),
            _ => None,
        })
        .collect();
    let expected = [
        "check-cluster-0",
        "upgrade-node-1",
        "check-cluster-1",
        "upgrade-node-2",
        "check-cluster-2",
        "upgrade-node-3",
        "check-cluster-3",
    ];
    assert_eq!(done, expected);
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

#[test]
fn after_a_failure_the_others_are_untouched_and_nothing_is_tried_again_by_itself() {
    let mut cluster = Cluster::plan(&NODES, second_fails, |_| request(), false);
    assert_eq!(cluster.run(), End::Waiting("upgrade-node-2#1".to_owned()));
    let failure = last_failure(&cluster);
    assert_eq!(failure.code, Code::NodeFailed, "{failure}");
    assert!(failure.causes.iter().any(|cause| cause.contains("installer-failed")), "{failure:?}");
    assert!(untouched(&cluster, "MAIL03"));
    assert_eq!(cluster.run(), End::Waiting("upgrade-node-2#1".to_owned()), "it stays there");
    // To say "again" is not enough: the node's upgrade is over, and it is not begun a second time.
    let answered = AtomicUsize::new(0);
    let insists = Person::new(&cluster.host, move |host, gate, state| {
        (answered.fetch_add(1, Ordering::Relaxed) < 3).then(|| again(host, gate, state)).flatten()
    });
    assert_eq!(cluster.run_with(&insists), End::Waiting("upgrade-node-2#4".to_owned()));
    let upgrades = cluster.nodes.with("MAIL02", |member| member.journal.upgrades().unwrap());
    assert_eq!(upgrades, [cluster.order[1].upgrade]);
    let gives_up = Person::away(&cluster.host).asking(0, Request::Abandon);
    assert_eq!(cluster.run_with(&gives_up), End::Finished(Finish::Abandoned));
    assert!(untouched(&cluster, "MAIL03"));
}

#[test]
fn a_node_that_a_person_upgraded_by_hand_counts_when_it_shows_it() {
    let mut cluster = Cluster::plan(&NODES, second_fails, |_| request(), false);
    assert_eq!(cluster.run(), End::Waiting("upgrade-node-2#1".to_owned()));
    cluster.nodes.with("MAIL02", |member| {
        let (account, password) = (vipre::account().unwrap(), given().into_values().next().unwrap());
        let path = mailsec_core::values::ServerPath::new(installers::RIGHT);
        let done =
            member.host.change(|world| world.person_installs(&path, Some((&account, &password)))).unwrap();
        done.unwrap();
    });
    let person = Person::new(&cluster.host, again);
    assert_eq!(cluster.run_with(&person), End::Finished(Finish::Succeeded));
    let summaries: Vec<String> =
        cluster.loaded().report.steps.iter().map(|step| step.summary.clone()).collect();
    assert!(summaries[3].contains("by another way"), "{summaries:?}");
}

/// Ends the process when it has been asked so often, as if it were told to.
struct Ends(AtomicUsize);

#[async_trait]
impl Desk for Ends {
    fn messages(&self) -> Result<Vec<Message>, Failure> {
        match self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)) {
            Ok(_) => Ok(Vec::new()),
            Err(_) => Err(Failure::new(Code::RequestRefused, "this process was told to end")),
        }
    }

    fn taken(&self, _message: &Message, _refused: Option<&Failure>) {}

    async fn ask(&self, _gate: &Gate, _state: &State) -> Option<Message> {
        None
    }
}

/// The second node's installer is run by a person.
fn second_attended(name: &str) -> UpgradeRequest {
    let mut wanted = request();
    if name == "MAIL02" {
        wanted.mode = InstallerChoice::Attended;
    }
    wanted
}

#[test]
fn a_run_that_is_killed_while_a_node_waits_for_a_person_goes_on_afterwards() {
    let mut cluster = Cluster::plan(&NODES, whole, second_attended, false);
    cluster.nodes.with("MAIL02", |member| member.deed = |_, _, _| None);
    for looks in [40, 30, 20] {
        let ended = cluster.process(&Ends(AtomicUsize::new(looks))).unwrap_err();
        assert_eq!(ended.code, Code::RequestRefused);
        assert!(untouched(&cluster, "MAIL03"));
    }
    let upgrade = cluster.order[1].upgrade;
    cluster.nodes.with("MAIL02", |member| {
        let gate = member.loaded(upgrade).unwrap().state.gate.unwrap();
        assert_eq!(gate.id.as_str(), "run-installer#1");
        member.deed = obliging;
        member.asleep = false;
    });
    let end = cluster.run();
    assert_eq!(cluster.wrong(&end, &BTreeMap::new()), Vec::<String>::new());
}

#[test]
fn a_damaged_plan_is_never_given_to_a_node() {
    let mut cluster = cluster();
    let plan = cluster.order[1].plan.clone();
    for damage in [
        (|bytes: &mut Vec<u8>| bytes.truncate(200)) as fn(&mut Vec<u8>),
        |bytes| {
            let text = String::from_utf8(bytes.clone()).unwrap();
            *bytes = text.replace("\"limit_secs\": 300", "\"limit_secs\": 301").into_bytes();
        },
        Vec::clear,
    ] {
        cluster.nodes.change_plan(plan.hash(), |bytes| *bytes = plan.sealed());
        cluster.nodes.change_plan(plan.hash(), damage);
        assert!(matches!(cluster.run(), End::Waiting(gate) if gate.starts_with("upgrade-node-2#")));
        assert_eq!(last_failure(&cluster).code, Code::PlanDamaged);
        assert!(untouched(&cluster, "MAIL02") && untouched(&cluster, "MAIL03"));
    }
    cluster.nodes.change_plan(plan.hash(), |bytes| *bytes = plan.sealed());
    let end = cluster.run_with(&Person::new(&cluster.host, again));
    assert_eq!(cluster.wrong(&end, &BTreeMap::new()), Vec::<String>::new());
}

#[test]
fn a_node_out_of_reach_is_waited_for_and_then_asked_about() {
    // While it is checked, and while it restarts on its way.
    let mut passing = cluster();
    passing.nodes.with("MAIL02", |member| (member.away, member.away_when_begun) = (2, 100));
    let end = passing.run();
    assert_eq!(passing.wrong(&end, &BTreeMap::new()), Vec::<String>::new());

    let mut long = cluster();
    long.nodes.with("MAIL02", |member| member.away_when_begun = 400);
    assert_eq!(long.run(), End::Waiting("upgrade-node-2#1".to_owned()));
    assert_eq!(last_failure(&long).code, Code::NodeUnreachable);
    long.nodes.with("MAIL02", |member| member.away = 0);
    let end = long.run_with(&Person::new(&long.host, again));
    assert_eq!(long.wrong(&end, &BTreeMap::new()), Vec::<String>::new());

    // Before anything was begun, nothing is.
    let mut never = cluster();
    never.nodes.with("MAIL03", |member| member.away = u32::MAX);
    assert_eq!(never.run(), End::Finished(Finish::RolledBack));
    assert!(NODES.iter().all(|name| untouched(&never, name)));
}

#[test]
fn a_server_under_another_nodes_name_is_not_taken() {
    let mut cluster = cluster();
    cluster.nodes.with("MAIL02", |member| {
        member.host.change(|world| "MAIL09".clone_into(&mut world.server)).unwrap();
    });
    let renamed = mailsec_simulator::SimHost::in_memory(cluster.nodes.with("MAIL02", |m| m.host.world()));
    cluster.nodes.with("MAIL02", |member| member.host = renamed);
    assert_eq!(cluster.run(), End::Finished(Finish::RolledBack));
    let failure = last_failure(&cluster);
    assert_eq!(failure.code, Code::ClusterNotWhole);
    assert!(failure.found.unwrap().contains("MAIL02: this is the server MAIL09, not MAIL02"));
    assert!(untouched(&cluster, "MAIL01") && untouched(&cluster, "MAIL03"));
}

#[test]
fn a_node_that_falls_ill_holds_up_those_after_it() {
    let mut cluster = cluster();
    // Just when the first node is done, the third one's transport stops.
    let upgrade = cluster.order[0].upgrade;
    let first_is_done = |cluster: &Cluster| {
        let loaded = cluster.nodes.with("MAIL01", |member| member.loaded(upgrade));
        loaded.is_some_and(|loaded| matches!(loaded.state.standing, Standing::Finished(_)))
    };
    for _ in 0..30 {
        if !first_is_done(&cluster) {
            _ = cluster.process(&Ends(AtomicUsize::new(4)));
        }
    }
    assert!(first_is_done(&cluster));
    cluster.nodes.with("MAIL03", |member| {
        member.host.change(|world| world.person_stops("MSExchangeTransport")).unwrap().unwrap();
    });
    assert_eq!(cluster.run(), End::Waiting("check-cluster-1#1".to_owned()));
    assert!(untouched(&cluster, "MAIL02"));
    assert!(
        last_failure(&cluster)
            .found
            .unwrap()
            .contains("MAIL03: the service MSExchangeTransport does not run")
    );
}

#[test]
fn requests_are_heard_while_a_node_is_followed() {
    // Far enough that a node is under way, by the number of times that the run listens.
    let mut abandoned = Cluster::plan(&NODES, whole, second_attended, false);
    abandoned.nodes.with("MAIL02", |member| member.deed = |_, _, _| None);
    let person = Person::away(&abandoned.host).asking(60, Request::Abandon);
    assert_eq!(abandoned.run_with(&person), End::Finished(Finish::Abandoned));
    assert!(untouched(&abandoned, "MAIL03"));
    assert!(!untouched(&abandoned, "MAIL02"), "it was under way");

    let mut paused = Cluster::plan(&NODES, whole, second_attended, false);
    paused.nodes.with("MAIL02", |member| member.deed = |_, _, _| None);
    let person = Person::away(&paused.host).asking(60, Request::Pause);
    assert_eq!(paused.run_with(&person), End::Paused);
    paused.nodes.with("MAIL02", |member| {
        member.deed = obliging;
        member.asleep = false;
    });
    // No way back once a node has its order: the request is declined, and the run goes on.
    let person = Person::away(&paused.host).asking(0, Request::Resume).asking(3, Request::Cancel);
    let end = paused.run_with(&person);
    assert_eq!(paused.wrong(&end, &BTreeMap::new()), Vec::<String>::new());
    assert!(
        paused.events().iter().any(|event| matches!(event, Event::Declined { request: Request::Cancel, .. }))
    );
}

#[test]
fn maintenance_is_asked_for_before_and_after_each_node() {
    let mut cluster = Cluster::plan(&NODES, whole, |_| request(), true);
    assert_eq!(
        cluster.process(&Person::away(&cluster.host)),
        Ok(Stop::GateOpen(cluster.loaded().state.gate.map_or_else(
            || mailsec_core::values::GateId::from_text("enter-maintenance-1#1"),
            |gate| gate.id,
        )))
    );
    assert!(untouched(&cluster, "MAIL01"));
    let end = cluster.run_with(&Person::new(&cluster.host, again));
    assert_eq!(cluster.wrong(&end, &BTreeMap::new()), Vec::<String>::new());
    let gates = cluster.loaded().report.gates;
    let items: Vec<usize> = gates.iter().map(|gate| gate.items.len()).collect();
    assert_eq!(items, [0, 5, 0, 5, 0, 5]);
    assert!(gates.iter().flat_map(|gate| &gate.items).all(|line| line.answer.is_some()));
}

#[test]
fn the_lint_refuses_what_would_touch_a_node_twice_or_import_twice() {
    type Change = fn(&mut Plan);
    fn node(plan: &mut Plan, at: usize) -> &mut Operation {
        let mut nodes = plan.steps.iter_mut().filter(|step| step.operation.goes_on_elsewhere());
        &mut nodes.nth(at).unwrap().operation
    }
    fn role(plan: &mut Plan, at: usize, to: Option<NodeRole>) {
        let Operation::UpgradeNode { role, .. } = node(plan, at) else { unreachable!() };
        *role = to;
    }
    let good = cluster().plan;
    assert_eq!(lint(&good), []);
    let mut roles = good.clone();
    role(&mut roles, 0, Some(NodeRole::First));
    role(&mut roles, 1, Some(NodeRole::Other));
    role(&mut roles, 2, Some(NodeRole::Other));
    assert_eq!(lint(&roles), []);
    let table: [(&str, Change); 8] = [
        ("exactly one node imports", |plan| role(plan, 1, Some(NodeRole::First))),
        ("exactly one node imports", |plan| {
            role(plan, 0, Some(NodeRole::Other));
            role(plan, 2, Some(NodeRole::First));
        }),
        ("each node has a role", |plan| role(plan, 2, None)),
        ("no node is taken twice", |plan| *node(plan, 2) = node(plan, 1).clone()),
        ("the cluster is checked before each node", |plan| {
            plan.steps.retain(|step| step.id.as_str() != "check-cluster-1");
        }),
        ("the cluster is checked at the end", |plan| _ = plan.steps.pop()),
        ("at least two nodes", |plan| {
            plan.steps.drain(3..);
        }),
        ("an upgraded node is kept", |plan| plan.steps[1].undo = Undo::Reverse),
    ];
    for (rule, change) in table {
        let mut plan = roles.clone();
        change(&mut plan);
        let broken = lint(&plan);
        assert!(broken.iter().any(|failure| failure.message.contains(rule)), "{rule}: {broken:?}");
    }
    let mut foreign = good;
    foreign.steps[0].operation = Operation::ProbeMail;
    assert!(lint(&foreign).iter().any(|failure| failure.message.contains("here or elsewhere, not both")));
}
