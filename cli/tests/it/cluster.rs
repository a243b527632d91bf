//! Three servers as nodes of a cluster, each with its own service as a real process, and the run that takes them in order.

use crate::harness::{INSTALL, Place, Ran, Running, SECRET, SILENT, copy, fast_folder, picture};
use mailsec_core::{
    engine::{Loaded, load},
    host::NodeOrder,
    journal::WitnessReader,
    plan::{Operation, Plan},
    upgrade::{Finish, Standing},
};
use mailsec_simulator::{
    Fate, oracle,
    worlds::{installers, vipre},
};
use std::{
    fs,
    path::{Path, PathBuf},
    thread::sleep,
    time::{Duration, Instant},
};
use tempfile::TempDir;

const NODES: [&str; 3] = ["MAIL01", "MAIL02", "MAIL03"];
const INSTALLED: u32 = 11_707;
/// After this it hangs.
const HANGS: Duration = Duration::from_secs(60);

/// Four folders: three nodes, and the server where the cluster's run runs.
pub(crate) struct Cluster {
    dir: PathBuf,
    pub(crate) admin: Place,
    pub(crate) nodes: Vec<Place>,
    _own: Option<TempDir>,
}

impl Cluster {
    pub(crate) fn at(dir: PathBuf, own: Option<TempDir>) -> Self {
        let nodes = NODES.iter().map(|name| Place::at(dir.join(name))).collect();
        Self { admin: Place::at(dir.join("ADMIN")), nodes, dir, _own: own }
    }

    /// Planned; the second node may have a fault, or an installer that a person runs.
    pub(crate) fn planned(second: &[&str], attended: bool) -> Self {
        let own = fast_folder();
        let cluster = Self::at(own.path().to_owned(), Some(own));
        for place in cluster.nodes.iter().chain([&cluster.admin]) {
            let folder = place.folder.display().to_string();
            let name = place.folder.file_name().unwrap().to_str().unwrap();
            let faults = second.iter().filter(|_| name == "MAIL02").flat_map(|fault| ["--fault", fault]);
            let arguments = ["world", "create", &folder, "--name", name].into_iter().chain(faults);
            Ran::from(place.program().args(arguments).output().unwrap()).exits(0);
        }
        let mut arguments: Vec<String> = ["cluster", "plan"].map(str::to_owned).into();
        for (index, node) in cluster.nodes.iter().enumerate() {
            let file = cluster.dir.join(format!("{index}.json")).display().to_string();
            let how: &[&str] = if attended && index == 1 { &SILENT[3..] } else { &SILENT };
            let plan = ["plan", "--out", &file].into_iter().chain(INSTALL).chain(how.iter().copied());
            node.run(plan).exits(0);
            arguments.push(file);
        }
        arguments.extend(["--out".to_owned(), cluster.plan_file()]);
        cluster.admin.run(arguments.iter().map(String::as_str)).exits(0);
        cluster
    }

    fn plan_file(&self) -> String {
        self.dir.join("cluster.json").display().to_string()
    }

    /// Another folder as this one is now.
    fn copied(&self, to: PathBuf) -> Self {
        copy(&self.dir, &to);
        Self::at(to, None)
    }

    fn plan(&self) -> Plan {
        Plan::read(&fs::read(self.plan_file()).unwrap()).unwrap()
    }

    fn orders(&self) -> Vec<NodeOrder> {
        let steps = self.plan().steps.into_iter();
        let order = steps.filter_map(|step| match step.operation {
            Operation::UpgradeNode { order, .. } => Some(order),
            _ => None,
        });
        order.collect()
    }

    /// A node's service, as Windows would run it.
    pub(crate) fn service(&self, node: usize) -> Running {
        let place = &self.nodes[node];
        Running::start(place, SECRET.into_iter().chain(["--no-input", "service", "run", "--node"]))
    }

    /// The services of all nodes, at work.
    pub(crate) fn services(&self) -> Vec<Running> {
        let services = (0..NODES.len()).map(|node| self.service(node)).collect();
        self.until("the nodes take orders", || {
            self.nodes.iter().all(|node| node.file("state/orders").is_dir())
        });
        services
    }

    pub(crate) fn run_arguments(&self) -> Vec<String> {
        let mut arguments = ["--no-input", "cluster", "run", "--yes", "--plan"].map(str::to_owned).to_vec();
        arguments.push(self.plan_file());
        for (name, node) in NODES.iter().zip(&self.nodes) {
            arguments.extend(["--node".to_owned(), format!("{name}={}", node.file("state").display())]);
        }
        arguments
    }

    fn run(&self) -> Ran {
        self.admin.run(self.run_arguments().iter().map(String::as_str))
    }

    fn resume(&self) -> Ran {
        self.admin.run(["--no-input", "cluster", "resume"])
    }

    /// What a journal has of its only upgrade.
    pub(crate) fn loaded(&self, journal: &Path) -> Option<Loaded> {
        let reader = WitnessReader::new(journal);
        let upgrades = reader.upgrades().unwrap();
        assert!(upgrades.len() < 2, "more than one upgrade: {upgrades:?}");
        Some(load(&reader.read(*upgrades.first()?).ok()?.envelopes))
    }

    pub(crate) fn of_node(&self, node: usize) -> Option<Loaded> {
        self.loaded(&self.nodes[node].journal())
    }

    #[track_caller]
    pub(crate) fn until(&self, what: &str, holds: impl Fn() -> bool) {
        let began = Instant::now();
        while !holds() {
            assert!(began.elapsed() < HANGS, "it does not come to this: {what}");
            sleep(Duration::from_millis(3));
        }
    }

    /// What is not as it must be after success.
    fn wrong(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        for (node, order) in self.nodes.iter().zip(self.orders()) {
            let name = &order.node;
            let reader = WitnessReader::new(node.journal());
            if reader.upgrades().unwrap() != [order.upgrade] {
                wrong.push(format!("{name} has the upgrades {:?}", reader.upgrades()));
                continue;
            }
            let standing = load(&reader.read(order.upgrade).unwrap().envelopes).state.standing;
            if standing != Standing::Finished(Finish::Succeeded) {
                wrong.push(format!("{name} is {standing:?}"));
            }
            let mut world = node.world();
            world.settle(&mut Fate::calm()).unwrap();
            let installs = world.events.iter().filter(|event| event.id == INSTALLED).count();
            if installs != 1 {
                wrong.push(format!("{name}: {installs} installations"));
            }
            let installed = picture(&world).0.get(&format!("product {}", vipre::NEW_NAME)).cloned();
            if installed.as_deref() != Some(vipre::NEW_VERSION) {
                wrong.push(format!("{name} has {installed:?}"));
            }
            let held = [
                oracle::no_mail_lost(&world),
                oracle::none_unscanned(&world),
                oracle::transport_in_effect(&world),
            ];
            wrong.extend(held.into_iter().filter_map(Result::err).map(|what| format!("{name}: {what}")));
        }
        let verified = self.admin.run(["--state", &self.cluster_state(), "journal", "verify"]);
        if verified.code != Some(0) {
            wrong.push(format!("the cluster's journal is not sound:\n{verified}"));
        }
        wrong
    }

    pub(crate) fn cluster_state(&self) -> String {
        self.admin.file("state/cluster").display().to_string()
    }

    fn untouched(&self, node: usize) -> bool {
        self.of_node(node).is_none() && self.nodes[node].world().installed_version(vipre::OLD_NAME).is_some()
    }
}

/// The cluster's run is killed at each boundary of its journal, and the next process ends the same: each node upgraded,
/// once.
#[test]
fn the_run_is_killed_at_every_boundary_of_its_journal() {
    let planned = Cluster::planned(&[], false);
    let dir = fast_folder();
    let calm = planned.copied(dir.path().join("calm"));
    calm.admin.set_faults(r#"{"log_points": true}"#);
    {
        let _services = calm.services();
        calm.run().exits(0);
    }
    assert_eq!(calm.wrong(), Vec::<String>::new());
    let points = calm.admin.take_points();
    assert!(points.len() > 20, "only {points:?}");
    let mut wrong = Vec::new();
    for (at, label) in points.iter().enumerate() {
        let cluster = planned.copied(dir.path().join(at.to_string()));
        cluster.admin.set_faults(&format!(r#"{{"kill_at": {at}}}"#));
        let services = cluster.services();
        let ran = cluster.run();
        if ran.signal != Some(9) {
            wrong.push(format!("point {at}, {label}: it was not killed:\n{ran}"));
        }
        cluster.admin.set_faults("{}");
        let begun = cluster.loaded(&cluster.admin.file("state/cluster/journal")).is_some();
        let ran = if begun { cluster.resume() } else { cluster.run() };
        let over = ran.code == Some(30) && ran.stderr.contains("this upgrade is over");
        if ran.code != Some(0) && !over {
            wrong.push(format!("point {at}, {label}: it did not succeed:\n{ran}"));
        }
        drop(services);
        wrong.extend(cluster.wrong().into_iter().map(|what| format!("point {at}, {label}: {what}")));
        _ = fs::remove_dir_all(&cluster.dir);
    }
    assert!(wrong.is_empty(), "{} went wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn the_run_and_a_nodes_service_are_killed_while_the_node_is_under_way() {
    let cluster = Cluster::planned(&[], false);
    let mut services = cluster.services();
    let arguments = cluster.run_arguments();
    let running = Running::start(&cluster.admin, arguments.iter().map(String::as_str));
    cluster.until("the second node is under way", || cluster.of_node(1).is_some());
    services.remove(1).kill();
    running.kill();
    // Not a person but the service where the run was begun takes it up.
    let state = cluster.cluster_state();
    let taken_up = Running::start(&cluster.admin, ["--state", &state, "--no-input", "service", "run"]);
    services.push(cluster.service(1));
    taken_up.ends().exits(0);
    drop(services);
    assert_eq!(cluster.wrong(), Vec::<String>::new());
}

#[test]
fn a_run_killed_while_a_node_waits_for_a_person_goes_on_when_it_was_answered_there() {
    let cluster = Cluster::planned(&[], true);
    let services = cluster.services();
    let arguments = cluster.run_arguments();
    let running = Running::start(&cluster.admin, arguments.iter().map(String::as_str));
    let gate = || cluster.of_node(1).and_then(|loaded| loaded.state.gate).map(|gate| gate.id.to_string());
    cluster.until("the second node asks", || gate().is_some());
    running.kill();
    let status = cluster.admin.run(["cluster", "status"]).exits(0).stdout;
    assert!(status.contains("MAIL02          asks: Run the installer"), "{status}");
    assert!(cluster.untouched(2));
    // Asked to pause, the run ends while the node still waits.
    let waiting = Running::start(&cluster.admin, ["--no-input", "cluster", "resume"]);
    cluster.until("the run is taken up", || {
        let loaded = cluster.loaded(&cluster.admin.file("state/cluster/journal"));
        loaded.is_some_and(|loaded| loaded.report.notes.len() >= 2)
    });
    cluster.admin.run(["--no-input", "cluster", "pause"]);
    waiting.ends().exits(12);
    // The person does what the node asks, and answers there.
    let node = &cluster.nodes[1];
    let folder = node.folder.display().to_string();
    let deed = ["world", "act", &folder, "install", installers::RIGHT, "--account", vipre::ACCOUNT];
    Ran::from(node.program().args(SECRET).args(deed).output().unwrap()).exits(0);
    node.run(["answer", &gate().unwrap(), "done"]).exits(0);
    cluster.resume().exits(0);
    // The report's own way to prove it is that of the cluster's journal, not of this server's.
    let report = cluster.admin.run(["cluster", "report"]).exits(0).stdout;
    let head = report.lines().last().and_then(|line| line.split('`').nth(1)).unwrap().to_owned();
    assert_eq!(head, "mailsec cluster journal verify", "{report}");
    let verified = cluster.admin.run(head.split(' ').skip(1)).exits(0).stdout;
    let chain = report.lines().rev().nth(1).unwrap().trim();
    assert!(verified.contains(chain), "{chain}\n{verified}");
    drop(services);
    assert_eq!(cluster.wrong(), Vec::<String>::new());
}

#[test]
fn after_a_nodes_failure_the_others_are_untouched() {
    let cluster = Cluster::planned(&["installer-fails"], false);
    let services = cluster.services();
    let ran = cluster.run().exits(21);
    assert!(ran.stdout.contains("mailsec cluster answer upgrade-node-2#1"), "{ran}");
    assert!(ran.stdout.contains("node-failed"), "{ran}");
    assert!(cluster.untouched(2));
    let ran =
        cluster.admin.run(["--no-input", "cluster", "abandon", "--note", "the window is over"]).exits(22);
    assert!(ran.stdout.contains("nodes that are upgraded stay so"), "{ran}");
    drop(services);
    assert!(cluster.untouched(2));
    assert!(cluster.nodes[1].world().installed_version(vipre::OLD_NAME).is_some(), "it was rolled back");
}

#[test]
fn folders_that_were_exchanged_are_noticed_before_anything_begins() {
    let cluster = Cluster::planned(&[], false);
    let services = cluster.services();
    let mut arguments = cluster.run_arguments();
    let at = arguments.iter().position(|text| text.starts_with("MAIL02=")).unwrap();
    arguments[at] = format!("MAIL02={}", cluster.nodes[2].file("state").display());
    arguments[at + 2] = format!("MAIL03={}", cluster.nodes[1].file("state").display());
    let ran = cluster.admin.run(arguments.iter().map(String::as_str)).exits(20);
    assert!(ran.stderr.contains("MAIL02: this is the server MAIL03, not MAIL02"), "{ran}");
    drop(services);
    assert!((0..3).all(|node| cluster.untouched(node)));
}

#[test]
fn a_plan_that_was_damaged_meanwhile_is_given_to_nobody() {
    let cluster = Cluster::planned(&[], false);
    let kept = cluster.admin.file(&format!("state/cluster/plans/{}.json", cluster.orders()[1].plan));
    let whole = fs::read(&kept).unwrap();
    fs::write(&kept, &whole[..whole.len() / 2]).unwrap();
    let services = cluster.services();
    let ran = cluster.run().exits(21);
    assert!(ran.stdout.contains("plan-damaged"), "{ran}");
    assert!(cluster.untouched(1) && cluster.untouched(2));
    fs::write(&kept, whole).unwrap();
    cluster.admin.run(["cluster", "answer", "upgrade-node-2#1", "retry"]).exits(0);
    cluster.resume().exits(0);
    drop(services);
    assert_eq!(cluster.wrong(), Vec::<String>::new());
}

#[test]
fn a_node_refuses_an_order_that_does_not_fit_and_takes_the_next() {
    let cluster = Cluster::planned(&[], false);
    // Somebody upgraded the first node since its plan was made; its check is answered from before.
    let orders = cluster.nodes[0].file("state/orders");
    let order = &cluster.orders()[0];
    let mut plan = Plan::read(&fs::read(cluster.dir.join("0.json")).unwrap()).unwrap();
    let service = cluster.service(0);
    cluster.until("the node takes orders", || orders.is_dir());
    let give = |plan: &Plan, hash: &dyn std::fmt::Display| {
        let text = serde_json::json!({
            "order": { "node": "MAIL01", "server": "MAIL01", "plan": hash.to_string(), "upgrade": order.upgrade },
            "by": "ada",
            "plan": plan,
        });
        fs::write(orders.join("new"), text.to_string()).unwrap();
        fs::rename(orders.join("new"), orders.join(format!("{}.order.json", order.upgrade))).unwrap();
    };
    let refused = orders.join(format!("{}.refused.json", order.upgrade));
    let why = || {
        cluster.until("it is refused", || refused.exists());
        let text = fs::read_to_string(&refused).unwrap();
        fs::remove_file(&refused).unwrap();
        text
    };
    let good = plan.clone();
    "MAIL09".clone_into(&mut plan.server);
    give(&plan, &plan.hash());
    assert!(why().contains("the plan was made for another server"));
    plan = good.clone();
    plan.steps.pop();
    give(&plan, &order.plan);
    assert!(why().contains("plan-damaged"));
    assert!(cluster.untouched(0));
    fs::write(orders.join("nonsense.order.json"), "{").unwrap();
    // Twice the same order is one upgrade.
    give(&good, &order.plan);
    cluster.until("it is done", || {
        cluster.of_node(0).is_some_and(|loaded| matches!(loaded.state.standing, Standing::Finished(_)))
    });
    give(&good, &order.plan);
    cluster.until("it is put away", || !orders.join(format!("{}.order.json", order.upgrade)).exists());
    assert_eq!(WitnessReader::new(cluster.nodes[0].journal()).upgrades().unwrap(), [order.upgrade]);
    drop(service);
}

#[test]
fn a_run_that_is_refused_leaves_where_the_nodes_of_the_present_one_are() {
    let cluster = Cluster::planned(&[], false);
    let strange = ["--node", "MAIL09=somewhere"];
    let arguments = cluster.run_arguments();
    let ran = cluster.admin.run(arguments.iter().map(String::as_str).chain(strange)).exits(2);
    assert!(ran.stderr.contains("the plan has no such node"), "{ran}");
    let kept = cluster.admin.file("state/cluster/nodes.json");
    assert!(!kept.exists());

    // Nobody takes orders: the run waits, and somebody ends it.
    cluster.admin.set_faults(r#"{"kill_at": 12}"#);
    assert_eq!(cluster.run().signal, Some(9));
    cluster.admin.set_faults("{}");
    let before = fs::read(&kept).unwrap();
    let other = cluster.dir.join("elsewhere").display().to_string();
    let moved = arguments.iter().map(|word| match word.strip_prefix("MAIL01=") {
        Some(_) => format!("MAIL01={other}"),
        None => word.clone(),
    });
    let moved: Vec<String> = moved.collect();
    let ran = cluster.admin.run(moved.iter().map(String::as_str)).exits(30);
    assert!(ran.stderr.contains("[upgrade-in-progress]"), "{ran}");
    assert_eq!(fs::read(&kept).unwrap(), before);
}

#[test]
fn plans_that_make_no_cluster() {
    let cluster = Cluster::planned(&[], false);
    let file = |n: usize| cluster.dir.join(format!("{n}.json")).display().to_string();
    let out = cluster.dir.join("other.json").display().to_string();
    for (plans, error) in [
        (vec![file(0)], "a cluster has at least two nodes"),
        (vec![file(0), file(0)], "each plan is for a server of its own"),
        (vec![file(0), cluster.plan_file()], "a node's plan is of one server"),
    ] {
        let arguments =
            ["cluster", "plan", "--out", &out].into_iter().chain(plans.iter().map(String::as_str));
        let ran = cluster.admin.run(arguments).exits(30);
        assert!(ran.told().contains(error), "{ran}");
    }
    let ran = cluster.admin.run(["--no-input", "run", "--yes", "--plan", &cluster.plan_file()]).exits(2);
    assert!(ran.stderr.contains("mailsec cluster run"), "{ran}");
    let ran =
        cluster.admin.run(["--no-input", "cluster", "run", "--yes", "--plan", &cluster.plan_file()]).exits(2);
    assert!(ran.stderr.contains("none for MAIL01, MAIL02, MAIL03"), "{ran}");
}
