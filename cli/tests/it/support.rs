//! The bundle that goes to a vendor's support.

use crate::harness::{Place, SECRET, SILENT};
use mailsec_simulator::{
    folder,
    worlds::{installers, vipre},
};
use serde_json::Value;
use std::fs;

#[test]
fn a_bundle_for_support_has_the_log_the_report_and_what_is_installed_and_no_secret() {
    let place = Place::vipre();
    let run = ["--no-input", "run", "--yes", "--installer", installers::FAILS];
    place.run(SECRET.into_iter().chain(run).chain(SILENT)).exits(20);
    // An installer that is careless with what it is given.
    let log = vipre_log(&place);
    let careless = format!("Property(S): SIMPASSWORD = {}\r\nreturn value 3\r\n", vipre::PASSWORD);
    let mut world = place.world();
    world.disk.put(&log, careless, world.now);
    fs::write(place.file(folder::WORLD_FILE), serde_json::to_vec(&world).unwrap()).unwrap();

    let file = place.file("bundle.json");
    place.run(["journal", "export", "--out", &file.display().to_string()]).exits(0);
    let text = fs::read_to_string(&file).unwrap();
    assert!(!text.contains(vipre::PASSWORD));
    let bundle: Value = serde_json::from_str(&text).unwrap();
    let attached =
        |name: &str| bundle["attached"][name].as_str().unwrap_or_else(|| panic!("no {name}: {bundle}"));
    assert_eq!(attached(log.file_name()), "Property(S): SIMPASSWORD = *****\nreturn value 3\n");
    assert!(attached("report.txt").contains("installer-failed"), "{}", attached("report.txt"));
    let server: Value = serde_json::from_str(attached("server.json")).unwrap();
    assert_eq!(server["installation"]["version"], vipre::OLD_VERSION);
    assert!(server["exchange"]["version"].is_string(), "{server}");

    // Somewhere else, without that server, the journal is read and the rest stays what it is.
    let other = Place::vipre();
    other.run(["journal", "import", &file.display().to_string()]).exits(0);
    let state = other.file("state").display().to_string();
    let again = other.file("again.json").display().to_string();
    other.program().args(["--state", &state, "journal", "export", "--out", &again]).status().unwrap();
    let again: Value = serde_json::from_slice(&fs::read(again).unwrap()).unwrap();
    assert_eq!(again["lines"], bundle["lines"]);
    assert!(again["attached"]["server.json"].as_str().unwrap().contains("unknown"), "{again}");
}

fn vipre_log(place: &Place) -> mailsec_core::values::ServerPath {
    let world = place.world();
    let file = world.disk.files.values().find(|file| file.path.file_name().starts_with("install-vipre-"));
    file.unwrap_or_else(|| panic!("the installer left no log")).path.clone()
}
