//! Runs that once went wrong, as the swarm found them and shrank them. Each must go well now.

use mailsec_crash_tests::{PRODUCTS, cases};
use mailsec_simulator::{scenario::Scenario, swarm::Arena};
use std::{fs, path::Path};

#[test]
fn what_once_went_wrong_goes_well() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(!files.is_empty());
    for file in files {
        let scenario = Scenario::read(&fs::read(&file).unwrap()).unwrap();
        let case = cases::case(&scenario.case).unwrap_or_else(|| panic!("{}: no such case", file.display()));
        let arena = Arena::of(&PRODUCTS, &case, scenario.medium).unwrap();
        let replayed = scenario.replay(&arena);
        assert_eq!(replayed.wrong, [], "{}", file.display());
        assert!(!scenario.turns.is_empty(), "{}", file.display());
        assert_eq!(replayed.unmet, [], "{}: this does not happen in it any more", file.display());
    }
}
