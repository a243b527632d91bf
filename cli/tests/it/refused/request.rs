//! What was asked for does not fit, and how a refusal is told.

use super::run;
use crate::harness::{INSTALL, Place, says};
use mailsec_simulator::worlds::installers;

#[test]
fn less_time_without_mail_than_the_steps_need() {
    let place = Place::vipre();
    says!(place, run(&place, INSTALL.into_iter().chain(["--max-stopped", "5"])), @r#"
    exit: 30
    ----- stdout -----
    ----- stderr -----
    error[plan-lint]: the plan breaks the rule "the mail budget covers what the
      steps typically take"
      found:    held or down [SPAN] of at most [SPAN], unscanned 0 s of at most 0 s
      hint:     raise --max-stopped or --max-unscanned, or leave them out
    "#);
}

#[test]
fn nobody_to_say_yes() {
    let place = Place::vipre();
    let ran = place.changes_nothing(["run"].into_iter().chain(INSTALL));
    says!(place, format!("exit: {:?}\n{}", ran.code, ran.stderr.split("error[").last().unwrap()), @r"
    exit: Some(30)
    request-refused]: not begun: nobody said yes
      expected: yes at the keyboard, or --yes
      hint:     nothing was changed
    ");
}

#[test]
fn neither_an_installer_nor_a_plan() {
    let place = Place::vipre();
    says!(place, place.changes_nothing(["run"]), @r"
    exit: 2
    ----- stdout -----
    ----- stderr -----
    error[bad-argument]: no installer was named
      expected: --installer with its path on the server, for example
                C:\Install\setup.exe
      hint:     copy the vendor's installer to the server first; `mailsec methods`
                says which
    ");
}

#[test]
fn an_error_is_also_json() {
    let place = Place::vipre();
    let ran =
        place.changes_nothing(["--json", "--no-input", "run", "--yes", "--installer", installers::OLDER]);
    says!(place, ran, @r#"
    exit: 30
    ----- stdout -----
    {
      "error": {
        "code": "blocked",
        "expected": "later than 4.5.1.0",
        "found": "4.0.0.0",
        "hint": "download the present version from the vendor",
        "message": "the upgrade cannot begin: the installer does not lead to a newer version [version-not-newer]",
        "remedy": "none"
      },
      "exit": 30
    }
    ----- stderr -----
    error[blocked]: the upgrade cannot begin: the installer does not lead to a newer
      version [version-not-newer]
      expected: later than 4.5.1.0
      found:    4.0.0.0
      hint:     download the present version from the vendor
    "#);
}

#[test]
fn a_check_names_everything_at_once() {
    let place = Place::new("nested-admin");
    says!(place, place.changes_nothing(["check", "--installer", installers::BAD_SIGNATURE]), @r"
    exit: 30
    ----- stdout -----
    blocker  the installer's signature does not hold [package-signature]
               expected: a valid signature
               found: signed, and the signature does not hold: the file was changed
               after it was signed
             > download it again from the vendor; `--accept-unsigned REASON` goes on
               without the proof
    blocker  LAB\svc-vipre has administrator rights [account-is-admin]
               expected: a standard domain user, neither Domain Admin nor Exchange
               administrator
               found: member through Night Shift > On Call > Domain Admins; Night
               Shift > On Call > Domain Admins > Administrators
             > plan again with --create-account DOMAIN\name, which makes a standard
               user for the service
    note     a program of the product is open; it will be closed [process-busy]
               process [PID]: C:\Program Files (x86)\VIPRE Email
               Security\SimConsole.exe

    The upgrade cannot begin.
    ----- stderr -----
    ");
}
