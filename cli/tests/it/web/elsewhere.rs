//! Upgrades that are made elsewhere, in a real browser: a cluster's nodes, and the devices of a management server.

use super::{browser::Browser, served::Served};
use crate::{
    cluster::Cluster,
    harness::{Place, Ran, Running, SECRET, Tenant},
};
use mailsec_simulator::worlds::{installers, vipre};
use std::process::{Child, Stdio};

/// The page of the only upgrade, and its address.
fn opened(served: &Served, list: &str) -> (Browser, String) {
    let mut browser = Browser::start();
    browser.opens(&served.door());
    browser.waits_for("document.querySelector('.upgrades a') !== null");
    browser.is_for_everybody(list);
    browser.clicks(".upgrades a", "", "document.querySelector('.phases') !== null");
    let path = browser.evaluates("location.pathname").unwrap().as_str().unwrap().to_owned();
    (browser, path)
}

fn acts(node: &Place, deed: &[&str]) {
    let folder = node.folder.display().to_string();
    let command = ["world", "act", &folder].into_iter().chain(deed.iter().copied());
    Ran::from(node.program().args(SECRET).args(command).output().unwrap()).exits(0);
}

#[test]
fn a_cluster_is_watched_with_its_nodes_and_what_they_ask() {
    let cluster = Cluster::planned(&[], true);
    let services = cluster.services();
    let arguments = cluster.run_arguments();
    let running = Running::start(&cluster.admin, arguments.iter().map(String::as_str));
    let gate = || cluster.of_node(1).and_then(|loaded| loaded.state.gate).map(|gate| gate.id.to_string());
    cluster.until("the second node asks", || gate().is_some());

    let served = Served::spawn(cluster.admin.command(["cluster", "serve", "--listen", "127.0.0.1:0"]));
    assert!(served.said.contains("this cluster's"), "{}", served.said);
    let (mut browser, path) = opened(&served, "cluster-list");
    browser.waits_for("document.body.innerText.includes('mailsec answer run-installer#1 ANSWER')");
    let text = browser.text();
    for said in ["MAIL01", "succeeded", "MAIL02", "asks: Run the installer", "MAIL03", "not begun"] {
        assert!(text.contains(said), "{said}:\n{text}");
    }
    for said in [
        &format!("by process {}", running.id()),
        "Cluster MAIL01, MAIL02, MAIL03: under way",
        "MAIL02 asks: Run the installer",
        "begin no further node",
    ] {
        assert!(text.contains(said), "{said}:\n{text}");
    }
    browser.is_for_everybody("cluster-under-way");

    // The node is answered; the page follows, though the cluster's own journal says nothing of it.
    acts(&cluster.nodes[1], &["install", installers::RIGHT, "--account", vipre::ACCOUNT]);
    cluster.nodes[1].run(["answer", &gate().unwrap(), "done"]).exits(0);
    running.ends().exits(0);
    browser.waits_for("document.querySelector('h1').textContent.includes('succeeded')");
    browser.is_for_everybody("cluster-over");
    browser.opens(&served.url(&format!("{path}/report")));
    browser.is_for_everybody("cluster-report");
    browser.opens(&served.url(&format!("{path}/plan")));
    browser.is_for_everybody("cluster-plan");
    drop(services);
}

#[test]
fn a_clusters_own_question_is_answered_on_its_page() {
    let cluster = Cluster::planned(&["installer-fails"], false);
    let services = cluster.services();
    cluster.admin.run(cluster.run_arguments().iter().map(String::as_str)).exits(21);
    let served = Served::spawn(cluster.admin.command(["cluster", "serve", "--listen", "127.0.0.1:0"]));
    let (mut browser, path) = opened(&served, "cluster-list-asked");
    let text = browser.text();
    for said in ["rolled back", "by no process: once the question is answered, mailsec cluster resume"] {
        assert!(text.contains(said), "{said}:\n{text}");
    }
    // Nothing leads back from a node that has its order.
    assert!(!text.contains("Roll back:"), "{text}");
    browser.is_for_everybody("cluster-gate");
    browser.clicks("a.button", "Read the question", "document.querySelector('form.answer') !== null");
    browser.is_for_everybody("cluster-question");
    browser.clicks("label.choice", "abandon", "document.querySelector('[value=abandon]').checked");
    browser.types("textarea[name=note]", "the node goes by hand");
    browser.clicks("form.answer button", "Answer", "document.querySelector('.taken') !== null");
    assert!(browser.text().contains("`mailsec cluster resume` goes on"), "{}", browser.text());
    cluster.admin.run(["--no-input", "cluster", "resume"]).exits(22);
    browser.waits_for("document.querySelector('h1').textContent.includes('abandoned')");
    browser.is_for_everybody("cluster-abandoned");
    browser.opens(&served.url(&path));
    drop(services);
}

#[test]
fn devices_of_a_management_server_are_watched_and_their_question_is_answered() {
    let tenant = Tenant::new(&["EX1", "EX2"]);
    tenant.plans(&["EX1", "EX2"], &["--restart"]).exits(0);
    tenant.server.tenant().device("EX2").looks = None;
    let mut running = Process(tenant.runs().stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
    let served = Served::spawn(tenant.command(["serve", "--listen", "127.0.0.1:0"]));
    while tenant.server.tenant().created == 0 {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    let (mut browser, path) = opened(&served, "remote-list");
    browser.waits_for(&format!("document.body.innerText.includes('by process {} since')", running.0.id()));
    let text = browser.text();
    assert!(text.contains("not watched"), "{text}");
    browser.is_for_everybody("remote-under-way");
    {
        let mut server = tenant.server.tenant();
        server.device("EX2").fails = Some("exit code 1603".to_owned());
        server.device("EX2").looks = Some(0);
    }
    assert_eq!(running.0.wait().unwrap().code(), Some(21));
    browser.waits_for("document.querySelector('.asked a.button') !== null");
    let text = browser.text();
    assert!(
        text.contains(
            "by no process: once the question is answered, mailsec --host eset-connect:eu resume goes on"
        ),
        "{text}"
    );
    browser.is_for_everybody("remote-gate");
    browser.clicks("a.button", "Read the question", "document.querySelector('form.answer') !== null");
    assert!(browser.text().contains("EX2"), "{}", browser.text());
    browser.is_for_everybody("remote-question");
    tenant.server.tenant().device("EX2").fails = None;
    browser.clicks("label.choice", "retry", "document.querySelector('[value=retry]').checked");
    browser.clicks("form.answer button", "Answer", "document.querySelector('.taken') !== null");
    tenant.run(["resume"]).exits(0);
    browser.waits_for("document.querySelector('h1').textContent.includes('succeeded')");
    browser.is_for_everybody("remote-over");
    for page in ["plan", "report"] {
        browser.opens(&served.url(&format!("{path}/{page}")));
        browser.is_for_everybody(&format!("remote-{page}"));
    }
}

/// Killed when it is dropped.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        _ = self.0.kill();
        _ = self.0.wait();
    }
}
