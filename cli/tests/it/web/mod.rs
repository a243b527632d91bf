//! The local web page: in a real browser, and over bare sockets by those who should not come in.

mod attacks;
mod browser;
mod door;
mod driven;
mod elsewhere;
mod listed;
mod served;
mod tls;
mod watched;

use crate::harness::{INSTALL, Place, SECRET, SILENT};

/// What the rules' export is saved as.
const EXPORT: &str = r"C:\ProgramData\mailsec\export\custom-rules.export";
/// Everything silent, but for the rules, which a person exports.
const ASKS_ONCE: [&str; 3] = [SILENT[0], SILENT[1], SILENT[2]];

/// An upgrade that waits at its first gate, with no process.
fn at_a_gate() -> Place {
    let place = Place::vipre();
    let arguments = ["--no-input", "run", "--yes"];
    place.run(SECRET.into_iter().chain(arguments).chain(INSTALL).chain(ASKS_ONCE)).exits(10);
    place
}

/// A person exports the rules.
fn save_rules(place: &Place) {
    let folder = place.folder.display().to_string();
    let saved = place.program().args(["world", "act", &folder, "save", EXPORT, "rules"]).output().unwrap();
    assert!(saved.status.success());
}
