//! Facts as files: captured when asked for, and kept with every plan.

use crate::harness::{INSTALL, Place, SECRET, SILENT, says};
use mailsec_core::product::Captured;
use mailsec_simulator::worlds::{eset, vipre};
use std::{fs, os::unix::fs::PermissionsExt};

#[test]
fn a_server_is_captured_into_a_file_of_its_owner() {
    let place = Place::vipre();
    let file = place.file("facts.json");
    let ran =
        place.changes_nothing(["capture", "--out", &file.display().to_string()].into_iter().chain(INSTALL));
    says!(place, ran, @r"
    exit: 0
    ----- stdout -----
    vipre on MAIL01
    VIPRE Email Security for Exchange 4.5.1.0

         1  Exchange servers
        14  services
         1  installed packages
        11  transport agents
         0  signs of a pending restart
         0  running installations
         3  files and folders
         5  files of settings
         1  volumes
         1  installers
         1  accounts
         2  running programs

    No passwords are in it; names of services, accounts, programs and folders are.
    Taken [TIME].
    Digest [HASH].
    Written to [WORLD]/facts.json
    ----- stderr -----
    ");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let captured = Captured::read(&fs::read(&file).unwrap()).unwrap();
    assert_eq!((captured.facts.server.as_str(), captured.product.as_str()), ("MAIL01", "vipre"));
    assert!(!place.file("state").exists(), "what was not asked for was written");
}

#[test]
fn without_a_file_it_is_kept_beside_the_journal() {
    let place = Place::vipre();
    let ran = place.changes_nothing(["--json", "capture"].into_iter().chain(INSTALL)).exits(0);
    let told = ran.json();
    let digest = told["digest"].as_str().unwrap();
    let file = place.file("state/facts").join(format!("{digest}.json"));
    assert_eq!(told["file"], file.display().to_string());
    assert_eq!(Captured::read(&fs::read(file).unwrap()).unwrap().digest().to_string(), digest);
}

#[test]
fn every_plan_s_facts_are_kept() {
    let place = Place::vipre();
    let plan =
        place.changes_nothing(["--json", "plan"].into_iter().chain(INSTALL).chain(SILENT)).exits(0).json();
    let kept = place.file("state/facts").join(format!("{}.json", plan["plan"]["facts"].as_str().unwrap()));
    assert_eq!(fs::metadata(&kept).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::metadata(kept.parent().unwrap()).unwrap().permissions().mode() & 0o777, 0o700);
    let before = Captured::read(&fs::read(&kept).unwrap()).unwrap();
    assert_eq!(before.taken.to_string(), plan["plan"]["made"].as_str().unwrap());
    fs::remove_file(&kept).unwrap();
    let run = ["--no-input", "run", "--yes"];
    place.run(SECRET.into_iter().chain(run).chain(INSTALL).chain(SILENT)).exits(0);
    let count = fs::read_dir(kept.parent().unwrap()).unwrap().count();
    assert_eq!(count, 1, "run keeps those of its own plan");
}

/// A plan is good without them, so their loss is said and is no failure.
#[test]
fn facts_that_cannot_be_kept_do_not_stop_a_plan() {
    let place = Place::vipre();
    fs::create_dir_all(place.file("state")).unwrap();
    fs::write(place.file("state/facts"), "no folder").unwrap();
    let ran = place.changes_nothing(["plan"].into_iter().chain(INSTALL).chain(SILENT)).exits(0);
    assert!(ran.stderr.contains("facts are not kept"), "{ran}");
}

#[test]
fn no_secret_of_the_server_is_in_the_facts() {
    for (kind, secret, installer) in [
        ("vipre-4.5", vipre::PASSWORD, INSTALL[1]),
        ("eset-protected", eset::PASSWORD, mailsec_simulator::worlds::eset_installers::TO_111),
    ] {
        let place = Place::new(kind);
        let world = fs::read_to_string(place.file("world.json")).unwrap();
        assert!(world.contains(secret), "the server knows no secret that could be found");
        let file = place.file("facts.json");
        place.run(["capture", "--installer", installer, "--out", &file.display().to_string()]).exits(0);
        assert!(!fs::read_to_string(file).unwrap().contains(secret));
    }
}

#[test]
fn what_cannot_be_captured_is_said() {
    let place = Place::new("no-product");
    let ran = place.changes_nothing(["capture"].into_iter().chain(INSTALL));
    assert_eq!(ran.code, Some(30), "{ran}");
    let place = Place::vipre();
    says!(place, place.changes_nothing(["capture"]), @r"
    exit: 2
    ----- stdout -----
    ----- stderr -----
    error[bad-argument]: no installer was named
      expected: --installer with its path on the server, for example
                C:\Install\setup.exe
      hint:     copy the vendor's installer to the server first; `mailsec methods`
                says which
    ");
    let folder = place.folder.display().to_string();
    says!(place, place.changes_nothing(["capture", "--out", &folder].into_iter().chain(INSTALL)), @"
    exit: 1
    ----- stdout -----
    ----- stderr -----
    error[file-unwritable]: the facts cannot be written
      expected: a path in a folder that is there and may be written
      found:    [WORLD]
      because:  Is a directory (os error 21)
      hint:     nothing was written; name another path, or make its folder
    ");
}
