//! Command lines that are wrong: hosts, ids, secrets.

use crate::harness::{INSTALL, Place, Ran, says};
use std::{
    ffi::OsStr,
    fs::{self, OpenOptions},
    os::unix::{ffi::OsStrExt, fs::PermissionsExt},
};

/// The program without `--host`.
fn bare(place: &Place, arguments: &[&str]) -> Ran {
    place.program().args(arguments).output().map(Ran::from).unwrap()
}

#[test]
fn no_host() {
    let place = Place::vipre();
    says!(place, bare(&place, &["detect"]), @"
    exit: 2
    ----- stdout -----
    ----- stderr -----
    error[bad-argument]: this machine is not an Exchange server
      expected: Windows, or `--host sim:FOLDER` for a simulated server
      hint:     `mailsec demo` shows a whole upgrade; `mailsec world create FOLDER`
                makes a server to try things on
    ");
    says!(place, bare(&place, &["status"]), @"
    exit: 2
    ----- stdout -----
    ----- stderr -----
    error[bad-argument]: this machine is not an Exchange server
      expected: Windows, or `--host sim:FOLDER` for a simulated server
      hint:     `mailsec demo` shows a whole upgrade; `mailsec world create FOLDER`
                makes a server to try things on
    ");
}

#[test]
fn a_host_that_is_none() {
    let place = Place::vipre();
    says!(place, bare(&place, &["--host", "MAIL01", "detect"]), @r#"
    exit: 2
    ----- stdout -----
    ----- stderr -----
    error[bad-argument]: --host names no server
      expected: `windows`, `sim:FOLDER`, or `eset-connect:REGION`
      found:    "MAIL01"
    "#);
    says!(place, bare(&place, &["--host", "sim:", "detect"]), @r#"
    exit: 2
    ----- stdout -----
    ----- stderr -----
    error[bad-argument]: --host names no server
      expected: `windows`, `sim:FOLDER`, or `eset-connect:REGION`
      found:    "sim:"
    "#);
    says!(place, bare(&place, &["--host", "windows", "detect"]), @"
    exit: 2
    ----- stdout -----
    ----- stderr -----
    error[bad-argument]: this machine is not an Exchange server
      expected: Windows, or `--host sim:FOLDER` for a simulated server
      hint:     `mailsec demo` shows a whole upgrade; `mailsec world create FOLDER`
                makes a server to try things on
    ");
}

#[test]
fn a_folder_without_a_server() {
    let place = Place::vipre();
    let nowhere = Place::at(place.file("nowhere"));
    says!(place, nowhere.run(["detect"]), @r"
    exit: 1
    ----- stdout -----
    ----- stderr -----
    error[world]: there is no simulated server in that folder
      expected: world.json
      found:    [WORLD]/nowhere
      hint:     make one with `mailsec world create FOLDER`
    ");
    assert!(!nowhere.folder.exists(), "looking for a server made a folder");
    let folder = nowhere.folder.display().to_string();
    says!(place, bare(&place, &["world", "show", &folder]), @r"
    exit: 1
    ----- stdout -----
    ----- stderr -----
    error[world]: there is no simulated server in that folder
      expected: world.json
      found:    [WORLD]/nowhere
      hint:     make one with `mailsec world create FOLDER`
    ");
    says!(place, bare(&place, &["world", "cut-power", &folder]), @r"
    exit: 1
    ----- stdout -----
    ----- stderr -----
    error[world]: there is no simulated server in that folder
      expected: world.json
      found:    [WORLD]/nowhere
      hint:     make one with `mailsec world create FOLDER`
    ");
    assert!(!nowhere.folder.exists(), "looking for a server made a folder");
}

#[test]
fn a_server_whose_file_is_damaged() {
    let place = Place::vipre();
    fs::write(place.file("world.json"), "{").unwrap();
    says!(place, place.run(["detect"]), @"
    exit: 1
    ----- stdout -----
    ----- stderr -----
    error[world]: the simulated world in [WORLD]/world.json
      cannot be used
      because:  EOF while parsing an object at line [LINE] column [COLUMN]
      hint:     remove the folder, and make a new server with `mailsec world create`
    ");
}

#[test]
fn a_folder_that_has_a_server() {
    let place = Place::vipre();
    let folder = place.folder.display().to_string();
    says!(place, bare(&place, &["world", "create", &folder]), @r"
    exit: 1
    ----- stdout -----
    ----- stderr -----
    error[world]: there is a simulated server in that folder already
      found:    [WORLD]
      hint:     remove the folder, or choose another
    ");
}

#[test]
fn a_kind_and_a_fault_that_do_not_exist() {
    let place = Place::vipre();
    let folder = place.file("other").display().to_string();
    says!(place, bare(&place, &["world", "create", &folder, "--kind", "exchange-2003"]), @r#"
    exit: 2
    ----- stdout -----
    ----- stderr -----
    error[bad-argument]: there is no such server
      found:    "exchange-2003"
      hint:     `mailsec world list` shows them
    "#);
    says!(place, bare(&place, &["world", "create", &folder, "--fault", "earthquake"]), @r#"
    exit: 2
    ----- stdout -----
    ----- stderr -----
    error[bad-argument]: there is no such fault
      found:    "earthquake"
      hint:     `mailsec world list` shows them
    "#);
}

#[test]
fn no_upgrade_yet() {
    let place = Place::vipre();
    says!(place, place.changes_nothing(["status"]), @r"
    exit: 30
    ----- stdout -----
    ----- stderr -----
    error[upgrade-not-found]: there is no upgrade yet
      found:    journal [WORLD]/state/journal
      hint:     `mailsec run` begins one
    ");
    says!(place, place.changes_nothing(["resume"]), @r"
    exit: 30
    ----- stdout -----
    ----- stderr -----
    error[upgrade-not-found]: there is no upgrade yet
      found:    journal [WORLD]/state/journal
      hint:     `mailsec run` begins one
    ");
    says!(place, place.changes_nothing(["cancel"]), @r"
    exit: 30
    ----- stdout -----
    ----- stderr -----
    error[upgrade-not-found]: there is no upgrade yet
      found:    journal [WORLD]/state/journal
      hint:     `mailsec run` begins one
    ");
}

#[test]
fn an_upgrade_that_does_not_exist() {
    let place = Place::vipre();
    let unknown = "01a1ffd6-381b-70f0-8166-9ad05ec6d762";
    says!(place, place.changes_nothing(["status", "--upgrade", unknown]), @r"
    exit: 30
    ----- stdout -----
    ----- stderr -----
    error[upgrade-not-found]: there is no such upgrade in this journal
      found:    journal [WORLD]/state/journal
      hint:     `mailsec journal verify` names those that there are
    ");
    says!(place, place.changes_nothing(["report", "--upgrade", "last-night"]), @r#"
    exit: 2
    ----- stdout -----
    ----- stderr -----
    error[bad-argument]: this is not an upgrade's id
      expected: a UUID, as `mailsec status` shows it
      found:    "last-night"
    "#);
}

#[test]
fn a_service_where_there_is_no_windows() {
    let place = Place::vipre();
    says!(place, place.changes_nothing(["service", "install"]), @"
    exit: 2
    ----- stdout -----
    ----- stderr -----
    error[bad-argument]: services of this kind are Windows' own
      hint:     on the Exchange server: `mailsec service install`; elsewhere
                `mailsec resume` does the same by hand
    ");
}

#[test]
fn a_secret_in_an_argument_is_not_repeated() {
    let place = Place::vipre();
    let ran = place.changes_nothing(["--secret", "service-account-password=hunter2", "detect"]);
    assert!(!ran.to_string().contains("hunter2"), "the secret was repeated:\n{ran}");
    says!(place, ran, @"
    exit: 2
    ----- stdout -----
    ----- stderr -----
    error[bad-argument]: --secret does not name a source
      expected: NAME=env:VARIABLE, NAME=file:PATH or NAME=credential:TARGET
      hint:     secrets are never given in arguments, which every user of the
                machine can see
    ");
    let ran = place.changes_nothing(["--secret", "hunter2", "detect"]);
    assert!(!ran.to_string().contains("hunter2"), "the secret was repeated:\n{ran}");
    let ran = place.changes_nothing(["--secret", "service-account-password=plain:hunter2", "detect"]);
    assert!(!ran.to_string().contains("hunter2"), "the secret was repeated:\n{ran}");
}

#[test]
fn a_variable_that_is_not_set() {
    let place = Place::vipre();
    let source = "service-account-password=env:NO_SUCH_VARIABLE";
    says!(place, place.changes_nothing(["--secret", source, "run", "--yes"].into_iter().chain(INSTALL)), @"
    exit: 30
    ----- stdout -----
    ----- stderr -----
    error[secret-missing]: the secret service-account-password is not in the
      environment
      expected: the variable NO_SUCH_VARIABLE, in Unicode
      hint:     set it for this program alone, or use NAME=file:PATH
    ");
}

#[test]
fn a_secret_file_that_others_can_read() {
    let place = Place::vipre();
    let path = place.file("password");
    fs::write(&path, "hunter2\n").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    let source = format!("service-account-password=file:{}", path.display());
    says!(place, place.changes_nothing(["--secret", &source, "detect"]), @r"
    exit: 30
    ----- stdout -----
    ----- stderr -----
    error[access-denied]: the file with the secret can be read by others
      expected: mode 600
      found:    mode 644, [WORLD]/password
      hint:     chmod 600, and change the secret if others use this machine
    ");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    place.changes_nothing(["--secret", &source, "detect"]).exits(0);
    fs::remove_file(&path).unwrap();
    says!(place, place.changes_nothing(["--secret", &source, "detect"]), @"
    exit: 30
    ----- stdout -----
    ----- stderr -----
    error[secret-missing]: the file with the secret service-account-password cannot
      be read
      expected: a file that holds the secret and nothing else
      found:    [WORLD]/password
      because:  No such file or directory (os error 2)
    ");
}

#[test]
fn an_empty_secret() {
    let place = Place::vipre();
    let path = place.file("password");
    fs::write(&path, "\n").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    let source = format!("service-account-password=file:{}", path.display());
    says!(place, place.changes_nothing(["--secret", &source, "detect"]), @r"
    exit: 30
    ----- stdout -----
    ----- stderr -----
    error[secret-missing]: the secret service-account-password is empty
      expected: at least one character
      hint:     see that its source has been filled
    ");
}

#[test]
fn an_argument_that_is_no_text_is_refused_and_a_path_that_is_none_is_taken() {
    let place = Place::vipre();
    for (before, odd) in [("status", &b"\xff"[..]), ("--host", b"sim:\xff")] {
        let mut command = place.program();
        let ran = command.args(["--json", before]).arg(OsStr::from_bytes(odd)).output().map(Ran::from);
        assert_eq!(ran.unwrap().exits(2).json()["error"]["code"], "bad-argument");
    }
    let folder = place.folder.join(OsStr::from_bytes(b"\xff"));
    let state = |arguments: &[&str]| {
        let mut command = place.command(["--json", "--state"]);
        command.arg(&folder).args(arguments).output().map(Ran::from).unwrap()
    };
    let ran = state(&["--no-input", "run", "--yes", "--installer", INSTALL[1]]).exits(10);
    assert_eq!(ran.json()["stop"], "gate-open");
    let mut report = place.command(["--json", "--state"]);
    report.arg(&folder).args(["report", "--format", "text", "--out"]).arg(folder.join("report"));
    report.output().map(Ran::from).unwrap().exits(0);
}

#[test]
fn an_answer_that_nobody_can_have_read_is_no_success() {
    let place = Place::vipre();
    let full = |arguments: &[&str]| {
        let mut command = place.command(arguments.iter().copied());
        command.stdout(OpenOptions::new().write(true).open("/dev/full").unwrap());
        command.output().map(Ran::from).unwrap()
    };
    for arguments in [&["detect"][..], &["--json", "detect"], &["--help"], &["--version"]] {
        let ran = full(arguments).exits(1);
        assert!(ran.told().contains("cannot be written to stdout because: No space left"), "{ran}");
    }
    // How the upgrade stands says more.
    let ran = full(&["--no-input", "run", "--yes", "--installer", INSTALL[1]]).exits(10);
    assert!(ran.told().contains("cannot be written to stdout"), "{ran}");
    full(&["--json", "check", "--installer", "vipre.exe"]).exits(2);
    // A reader that has read enough is another matter.
    // Whoever watches for it ends with it, though the upgrade waits.
    let watch = ["--json", "status", "--watch"];
    full(&watch).exits(1);
    for arguments in [&["detect"][..], &watch] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut command = place.command(arguments.iter().copied());
        command.stdout(writer).output().map(Ran::from).unwrap().exits(0);
    }
}

#[test]
fn a_state_that_is_a_file() {
    let place = Place::vipre();
    let file = place.file("state");
    fs::write(&file, "in the way").unwrap();
    for (arguments, below) in [(&["detect"][..], ""), (&["status"], ""), (&["resume"], "/below")] {
        let state = format!("{}{below}", file.display());
        let ran = place.run(["--state", &state].into_iter().chain(arguments.iter().copied())).exits(2);
        let told = format!(
            "the place of the journal is not a folder expected: a folder, or a name that is free found: {state}"
        );
        assert!(ran.told().contains(&told), "{ran}");
    }
}

#[test]
fn a_field_that_the_configuration_does_not_have() {
    let place = Place::vipre();
    let file = place.file("config.json");
    fs::write(&file, r#"{ "directry": { "password": "hunter2" } }"#).unwrap();
    says!(place, place.changes_nothing(["--config", file.to_str().unwrap(), "detect"]), @r#"
    exit: 2
    ----- stdout -----
    ----- stderr -----
    error[bad-argument]: the configuration is not as it must be
      expected: JSON with smtp, smtp_recipient, directory, pickup, canary, otlp; see
                docs/configuration.md
      found:    the field "directry": [WORLD]/config.json,
                line [LINE], column [COLUMN]
      hint:     did you mean directory? passwords do not belong there; `secret`
                names one that --secret gives
    "#);
}

#[test]
fn a_folder_as_the_file_of_a_secret() {
    let place = Place::vipre();
    let source = format!("service-account-password=file:{}", place.folder.display());
    says!(place, place.changes_nothing(["--secret", &source, "detect"]), @"
    exit: 30
    ----- stdout -----
    ----- stderr -----
    error[secret-missing]: the file with the secret service-account-password cannot
      be read
      expected: a file that holds the secret and nothing else
      found:    [WORLD]
      because:  is a directory
    ");
}
