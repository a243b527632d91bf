//! Whether a process drives the upgrade: its page says so, and changes when the process comes or dies, also where the
//! journal does not.

use super::{at_a_gate, browser::Browser, save_rules, served::Served};
use crate::harness::{Running, SECRET};

const DRIVEN: &str = "[...document.querySelectorAll('dt')].find(one => one.textContent === 'Driven')\
                      ?.nextElementSibling.textContent";

#[test]
fn the_page_says_which_process_drives_an_upgrade_and_when_none_does() {
    let place = at_a_gate();
    let served = Served::start(&place);
    let mut browser = Browser::start();
    browser.opens(&served.door());
    browser.shows("Upgrades of this server");
    browser.clicks(".upgrades a", "", "document.querySelector('h1').textContent.includes('MAIL01')");
    browser.waits_for(&format!(
        "{DRIVEN} === 'by no process: once the question is answered, mailsec resume, or the service, goes on'"
    ));

    save_rules(&place);
    let gate = place.run(["--json", "status"]).exits(0).json()["gate"]["id"].as_str().unwrap().to_owned();
    place.run(["answer", &gate, "done"]).exits(0);
    let running = Running::start(&place, SECRET.into_iter().chain(["--no-input", "--speed", "20", "resume"]));
    running.reaches("run-installer");
    running.stops();
    let by = format!("by process {} since ", running.id());
    browser.waits_for(&format!("{DRIVEN}.startsWith('{by}')"));
    let said = place.run(["status"]).exits(0).stdout;
    assert!(said.contains(&format!("Driven   {by}")), "{said}");
    assert_eq!(place.run(["--json", "status"]).exits(0).json()["driven"], true);

    // Nothing is written any more, and yet something has changed.
    running.kill();
    let none = "by no process: mailsec resume, or the service, goes on";
    browser.waits_for(&format!("{DRIVEN} === '{none}'"));
    let said = place.run(["status"]).exits(0).stdout;
    assert!(said.contains("Driven   by no process: `mailsec resume`, or the service, goes on"), "{said}");

    place.run(SECRET.into_iter().chain(["--no-input", "resume"])).exits(0);
    browser.shows("MAIL01: succeeded");
    assert_eq!(browser.evaluates(&format!("{DRIVEN} === undefined")), Some(true.into()));
}
