//! The stand-in of ESET Mail Security does what the sources say of the real one, so that the upgrade's tests mean something.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "the helpers of a test may fail it too")]

use mailsec_lab::{Lab, Package, layout};
use mailsec_lab_standins::eset::{defaults, taken_in, years_of_use};

const FILE: &str = r"C:\lab\settings.xml";

fn with(package: Package) -> Lab {
    let lab = Lab::new().unwrap();
    lab.install_eset(package).unwrap();
    lab
}

fn ecmd(lab: &Lab, word: &str) -> u32 {
    lab.run(&[&format!(r"{}\ecmd.exe", layout::ESET_FOLDER), word, FILE]).unwrap().code
}

fn uninstall(lab: &Lab, package: Package, properties: &[&str]) -> u32 {
    let words = ["msiexec", "/x", package.product_code(), "/qn"];
    lab.run(&[words.as_slice(), properties].concat()).unwrap().code
}

#[test]
fn removed_and_installed_afresh_it_has_defaults_and_takes_settings_only_when_it_may() {
    let lab = with(Package::Eset65);
    assert_eq!(lab.eset_version().unwrap().as_deref(), Some("6.5.10059"));
    assert_eq!(
        lab.agents().unwrap().last().map(|agent| agent.name.clone()).as_deref(),
        Some(layout::ESET_AGENT)
    );
    assert_eq!(ecmd(&lab, "/getcfg"), 0);
    assert_eq!(ecmd(&lab, "/setcfg"), 1, "import is off");

    lab.stop_service(layout::TRANSPORT_SERVICE).unwrap();
    lab.eset(&["protect", "Lab-Settings-1"]).unwrap();
    let before = lab.eset_state().unwrap();
    // Windows would say 1603.
    assert_eq!(uninstall(&lab, Package::Eset65, &[]), 1627);
    assert_eq!(uninstall(&lab, Package::Eset65, &["PASSWORD=wrong"]), 1627);
    assert_eq!(
        (lab.eset_state().unwrap(), lab.eset_version().unwrap().as_deref()),
        (before, Some("6.5.10059"))
    );
    assert_eq!(uninstall(&lab, Package::Eset65, &["PASSWORD=Lab-Settings-1"]), 0);
    assert_eq!((lab.eset_state().unwrap(), lab.eset_version().unwrap()), (None, None));
    assert!(!lab.agents().unwrap().iter().any(|agent| agent.name == layout::ESET_AGENT));

    lab.install(Package::Eset111, &[]).unwrap().success().unwrap();
    let fresh = lab.eset_state().unwrap().unwrap();
    assert_eq!((fresh.import_enabled, &fresh.password, &fresh.settings), (false, &None, &defaults(11)));
    assert_eq!(ecmd(&lab, "/setcfg"), 1, "import is off");
    lab.eset(&["import", "on"]).unwrap();
    lab.eset(&["protect", "Lab-Settings-2"]).unwrap();
    assert_eq!(ecmd(&lab, "/setcfg"), 1, "not signed");
    lab.eset(&["sign", FILE, "Lab-Settings-2"]).unwrap();
    assert_eq!(ecmd(&lab, "/setcfg"), 0);
    assert_eq!(lab.eset_state().unwrap().unwrap().settings, taken_in(years_of_use(6), 6, 11));
}

#[test]
fn installed_over_an_older_version_it_keeps_settings_and_registers_its_agent_last() {
    let lab = with(Package::Eset73);
    let mut agents = lab.agents().unwrap();
    agents.rotate_right(1);
    agents[0].enabled = false;
    lab.write_agents(&agents).unwrap();
    lab.eset(&["protect", "Lab-Settings-1"]).unwrap();
    lab.stop_service(layout::TRANSPORT_SERVICE).unwrap();
    lab.install(Package::Eset111, &[]).unwrap().success().unwrap();
    let state = lab.eset_state().unwrap().unwrap();
    assert_eq!(state.settings, taken_in(years_of_use(7), 7, 11));
    assert_eq!(state.password.as_deref(), Some("Lab-Settings-1"));
    assert_eq!(lab.eset_version().unwrap().as_deref(), Some("11.1.10010"));
    let last = lab.agents().unwrap().pop().unwrap();
    assert_eq!((last.name.as_str(), last.enabled), (layout::ESET_AGENT, true));
    lab.reboot().unwrap();
    assert_eq!(lab.service(layout::ESET_SERVICE).unwrap().unwrap().state, "Running");
}

#[test]
fn the_fourth_version_has_no_command_line_tool_and_a_person_exports() {
    let lab = with(Package::Eset45);
    assert!(!lab.linux_path(layout::ESET_FOLDER).join("ecmd.exe").exists());
    lab.eset(&["export", FILE]).unwrap();
    assert_eq!(uninstall(&lab, Package::Eset45, &[]), 0);
    lab.reboot().unwrap();
    lab.install(Package::Eset111, &[]).unwrap().success().unwrap();
    lab.eset(&["import", "on"]).unwrap();
    assert_eq!(ecmd(&lab, "/setcfg"), 0);
    let settings = lab.eset_state().unwrap().unwrap().settings;
    assert_eq!(settings.lists, years_of_use(4).lists);
    assert!(settings.rules.is_empty(), "rules of 4.x cannot be taken over");
}
