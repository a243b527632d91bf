//! A cluster's own run: its steps are handed over and followed, and people interrupt the following.

use crate::complaint;
use mailsec_core::{journal::Lines, upgrade::Request};
use mailsec_crash_tests::{Cluster, Crash, End, Person, again, parallel, report, request};
use mailsec_simulator::{
    Calm, CrashAt, Fault, World,
    worlds::{vipre_45, with},
};

const NODES: [&str; 2] = ["MAIL01", "MAIL02"];

fn whole(_name: &str) -> World {
    vipre_45()
}

fn second_fails(name: &str) -> World {
    if name == "MAIL02" { with(vipre_45(), &[Fault::InstallerExit(1603)]) } else { vipre_45() }
}

fn replays(cluster: &Cluster) -> Option<String> {
    complaint(&cluster.journal.lines(cluster.upgrade).unwrap())
}

#[test]
fn a_cluster_s_run_crashed_at_its_points() {
    let make = || Cluster::plan(&NODES, whole, |_| request(), true);
    let mut calm = make();
    calm.host.set_tape(Calm);
    let person = Person::new(&calm.host, again);
    calm.run_with(&person);
    assert_eq!(replays(&calm), None);
    let points: Vec<usize> = (0..calm.host.points().len()).step_by(5).collect();
    let each = |index: usize| {
        let mut cluster = make();
        let crash = Crash::BOTH[index % 2];
        cluster.machine_crash = crash == Crash::Machine;
        cluster.host.set_tape(CrashAt::new(points[index / 2]));
        let person = Person::new(&cluster.host, again);
        cluster.run_with(&person);
        replays(&cluster).map(|why| format!("{crash} at {}: {why}", points[index / 2]))
    };
    let wrong = parallel::each(points.len() * 2, parallel::cores(), each, |_| ());
    report(&wrong.into_iter().flatten().collect::<Vec<_>>());
}

#[test]
fn somebody_pauses_it_while_a_node_is_followed_and_gives_up_on_one_that_failed() {
    for (turn, wish) in
        [(9, Request::Pause), (15, Request::Abandon), (15, Request::RollBack), (30, Request::Pause)]
    {
        let mut cluster = Cluster::plan(&NODES, second_fails, |_| request(), false);
        let person = Person::new(&cluster.host, |_, _, _| None).asking(turn, wish);
        let mut end = cluster.run_with(&person);
        assert_eq!(replays(&cluster), None, "{wish} at turn {turn}, {end:?}");
        if end == End::Paused {
            let person = Person::new(&cluster.host, |_, _, _| None).asking(0, Request::Resume);
            end = cluster.run_with(&person);
        }
        if matches!(end, End::Waiting(_)) {
            let person = Person::new(&cluster.host, |_, _, _| None).asking(0, Request::Abandon);
            end = cluster.run_with(&person);
        }
        assert!(matches!(end, End::Finished(_)), "{end:?}");
        assert_eq!(replays(&cluster), None, "{wish} at turn {turn}");
    }
}
