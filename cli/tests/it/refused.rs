//! What cannot begin: each is refused with a code, what was expected, what was found and a hint, and neither the
//! server nor the journal is changed.

use crate::harness::{INSTALL, Place, Ran, SECRET, says};
use mailsec_simulator::worlds::{installers, vipre};

/// A `run` that would begin at once.
fn run<'a>(place: &Place, more: impl IntoIterator<Item = &'a str>) -> Ran {
    place.changes_nothing(["--no-input", "run", "--yes"].into_iter().chain(more))
}

fn run_installer(installer: &str) -> (Place, Ran) {
    let place = Place::vipre();
    let ran = run(&place, ["--installer", installer]);
    (place, ran)
}

#[test]
fn the_installer_of_another_product() {
    let (place, ran) = run_installer(installers::WRONG_PRODUCT);
    says!(place, ran, @"
    exit: 30
    ----- stdout -----
    ----- stderr -----
    error[blocked]: the upgrade cannot begin: the installer is for another product
      [package-wrong-product]
      expected: VIPRE Email Security
      found:    Sim Other Mail Product
      hint:     give the installer of VIPRE Email Security; a file without a product
                name may be damaged: download it again
    ");
}

#[test]
fn an_installer_of_an_older_version() {
    let (place, ran) = run_installer(installers::OLDER);
    says!(place, ran, @"
    exit: 30
    ----- stdout -----
    ----- stderr -----
    error[blocked]: the upgrade cannot begin: the installer does not lead to a newer
      version [version-not-newer]
      expected: later than 4.5.1.0
      found:    4.0.0.0
      hint:     download the present version from the vendor
    ");
}

#[test]
fn an_installer_that_was_changed_after_it_was_signed() {
    let (place, ran) = run_installer(installers::BAD_SIGNATURE);
    says!(place, ran, @"
    exit: 30
    ----- stdout -----
    ----- stderr -----
    error[blocked]: the upgrade cannot begin: the installer's signature does not
      hold [package-signature]
      expected: a valid signature
      found:    signed, and the signature does not hold: the file was changed after
                it was signed
      hint:     download it again from the vendor; `--accept-unsigned REASON` goes
                on without the proof
    ");
}

#[test]
fn an_installer_that_is_not_signed() {
    let (place, ran) = run_installer(installers::UNSIGNED);
    says!(place, ran, @"
    exit: 30
    ----- stdout -----
    ----- stderr -----
    error[blocked]: the upgrade cannot begin: the installer's signature does not
      hold [package-signature]
      expected: a valid signature
      found:    not signed
      hint:     download it again from the vendor; `--accept-unsigned REASON` goes
                on without the proof
    ");
}

#[test]
fn an_installer_that_is_not_there() {
    let (place, ran) = run_installer(r"C:\Install\vipre.exe");
    says!(place, ran, @r"
    exit: 30
    ----- stdout -----
    ----- stderr -----
    error[blocked]: the upgrade cannot begin: C:\Install\vipre.exe cannot be read
      [package-missing]
      because:  C:\Install\vipre.exe does not exist [file-missing]
      hint:     copy the installer onto the server and give its path there
    ");
}

#[test]
fn an_installer_that_is_damaged() {
    let (place, ran) = run_installer(installers::DAMAGED);
    says!(place, ran, @"
    exit: 30
    ----- stdout -----
    ----- stderr -----
    error[blocked]: the upgrade cannot begin: the installer is for another product
      [package-wrong-product]
      expected: VIPRE Email Security
      found:    no product name
      hint:     give the installer of VIPRE Email Security; a file without a product
                name may be damaged: download it again
    ");
}

#[test]
fn an_installer_without_a_whole_path() {
    let (place, ran) = run_installer("vipre.exe");
    says!(place, ran, @r#"
    exit: 2
    ----- stdout -----
    ----- stderr -----
    error[bad-argument]: --installer is not a whole path on the server
      expected: a path such as C:\Install\setup.exe
      found:    "vipre.exe"
    "#);
}

#[test]
fn an_installer_with_another_digest() {
    let place = Place::vipre();
    let digest = "0".repeat(64);
    says!(place, run(&place, INSTALL.into_iter().chain(["--digest", &digest])), @"
    exit: 30
    ----- stdout -----
    ----- stderr -----
    error[blocked]: the upgrade cannot begin: the installer's digest is not the one
      that was given [package-digest]
      expected: [HASH]
      found:    [HASH]
      hint:     download it again from the vendor
    ");
}

#[test]
fn something_that_is_no_digest() {
    let place = Place::vipre();
    says!(place, run(&place, INSTALL.into_iter().chain(["--digest", "sha256:1234"])), @r"
    exit: 2
    ----- stdout -----
    ----- stderr -----
    error[bad-argument]: --digest is not a digest
      expected: 64 hex digits (BLAKE3)
      found:    sha256:1234
    ");
}

#[test]
fn a_service_account_that_is_a_domain_administrator_through_groups() {
    let place = Place::new("nested-admin");
    says!(place, run(&place, INSTALL), @r"
    exit: 30
    ----- stdout -----
    ----- stderr -----
    error[blocked]: the upgrade cannot begin: LAB\svc-vipre has administrator rights
      [account-is-admin]
      expected: a standard domain user, neither Domain Admin nor Exchange
                administrator
      found:    member through Night Shift > On Call > Domain Admins; Night Shift >
                On Call > Domain Admins > Administrators
      hint:     plan again with --create-account DOMAIN\name, which makes a standard
                user for the service
    ");
}

#[test]
fn a_service_account_that_is_a_domain_administrator_by_its_primary_group() {
    let place = Place::new("primary-group-admin");
    says!(place, run(&place, INSTALL), @r"
    exit: 30
    ----- stdout -----
    ----- stderr -----
    error[blocked]: the upgrade cannot begin: LAB\svc-vipre has administrator rights
      [account-is-admin]
      expected: a standard domain user, neither Domain Admin nor Exchange
                administrator
      found:    member through Domain Admins (primary group); Domain Admins >
                Administrators (primary group)
      hint:     plan again with --create-account DOMAIN\name, which makes a standard
                user for the service
    ");
}

#[test]
fn a_service_account_that_administers_exchange() {
    let place = Place::new("exchange-admin");
    says!(place, run(&place, INSTALL), @r"
    exit: 30
    ----- stdout -----
    ----- stderr -----
    error[blocked]: the upgrade cannot begin: LAB\svc-vipre has administrator rights
      [account-is-admin]
      expected: a standard domain user, neither Domain Admin nor Exchange
                administrator
      found:    member through Exchange Helpers > Organization Management
      hint:     plan again with --create-account DOMAIN\name, which makes a standard
                user for the service
    ");
}

#[test]
fn a_service_that_runs_as_local_system() {
    let place = Place::new("local-system");
    says!(place, run(&place, INSTALL), @r"
    exit: 30
    ----- stdout -----
    ----- stderr -----
    error[blocked]: the upgrade cannot begin: the service does not log on with an
      account of the domain [account-unfit]
      expected: DOMAIN\user, a standard user
      found:    LocalSystem
      hint:     plan with --create-account DOMAIN\name or --account DOMAIN\name
    ");
}

#[test]
fn an_account_without_its_domain() {
    let place = Place::vipre();
    says!(place, run(&place, INSTALL.into_iter().chain(["--account", "svc-vipre"])), @r#"
    exit: 2
    ----- stdout -----
    ----- stderr -----
    error[account-form]: the account has no domain
      expected: DOMAIN\user
      found:    "svc-vipre"
      hint:     give the NetBIOS domain name and the logon name, for example
                LAB\svc-vipre
    "#);
}

#[test]
fn a_new_account_without_its_domain() {
    let place = Place::vipre();
    says!(place, run(&place, INSTALL.into_iter().chain(["--create-account", "svc-vipre"])), @r#"
    exit: 2
    ----- stdout -----
    ----- stderr -----
    error[account-form]: the account has no domain
      expected: DOMAIN\user
      found:    "svc-vipre"
      hint:     give the NetBIOS domain name and the logon name, for example
                LAB\svc-vipre
    "#);
}

#[test]
fn an_account_that_does_not_exist() {
    let place = Place::vipre();
    says!(place, run(&place, INSTALL.into_iter().chain(["--account", r"LAB\svc-nobody"])), @r"
    exit: 30
    ----- stdout -----
    ----- stderr -----
    error[blocked]: the upgrade cannot begin: there is no account LAB\svc-nobody
      [account-not-found]
      hint:     create it with --create-account
    ");
}

#[test]
fn a_new_account_that_exists() {
    let place = Place::vipre();
    says!(place, run(&place, INSTALL.into_iter().chain(["--create-account", vipre::ACCOUNT])), @r"
    exit: 30
    ----- stdout -----
    ----- stderr -----
    error[blocked]: the upgrade cannot begin: LAB\svc-vipre exists already
      [account-exists]
      hint:     choose another name, or use it with --account
    ");
}

#[test]
fn a_generated_password_for_nobody() {
    let place = Place::vipre();
    says!(place, run(&place, INSTALL.into_iter().chain(["--generate-password"])), @r"
    exit: 2
    ----- stdout -----
    ----- stderr -----
    error[bad-argument]: --generate-password makes no sense here
      expected: --create-account or --reset-password with it
    ");
}

#[test]
fn a_password_that_is_generated_and_given() {
    let place = Place::vipre();
    let more = SECRET.into_iter().chain(["--reset-password", "--generate-password", "--silent"]);
    says!(place, run(&place, INSTALL.into_iter().chain(more)), @"
    exit: 2
    ----- stdout -----
    ----- stderr -----
    error[bad-argument]: service-account-password is to be made by the program, and
      was given as well
      expected: either --generate-password or --secret, not both
    ");
}

#[test]
fn a_password_that_nobody_knows_for_a_person_at_an_installer() {
    let place = Place::vipre();
    says!(place, run(&place, INSTALL.into_iter().chain(["--reset-password", "--generate-password"])), @"
    exit: 2
    ----- stdout -----
    ----- stderr -----
    error[bad-argument]: a generated password is of no use to a person at an
      installer
      expected: --silent with it, or a password that somebody knows
      hint:     nobody is ever shown what the program generates
    ");
}

#[test]
fn a_secret_that_is_not_unicode_is_not_shown() {
    use std::os::unix::ffi::OsStrExt;
    let place = Place::vipre();
    let ran = place
        .command(["--secret", "service-account-password=env:ODD", "detect"])
        .env("ODD", std::ffi::OsStr::from_bytes(b"S\xe4cret-7319"))
        .output()
        .map(Ran::from)
        .unwrap();
    assert_eq!(ran.code, Some(30));
    assert!(!format!("{}{}", ran.stdout, ran.stderr).contains("cret-7319"));
}

#[test]
fn a_full_disk() {
    let place = Place::new("disk-full");
    says!(place, run(&place, INSTALL), @r"
    exit: 30
    ----- stdout -----
    ----- stderr -----
    error[blocked]: the upgrade cannot begin: there is not enough free space for the
      backup [disk-full]
      expected: 65 MB free
      found:    0 MB free on the volume of C:\ProgramData\mailsec\backup
      hint:     free some space, or give another place with --backup-to
    ");
}

#[test]
fn settings_that_cannot_be_read() {
    let place = Place::new("unreadable-settings");
    says!(place, run(&place, INSTALL), @r"
    exit: 30
    ----- stdout -----
    ----- stderr -----
    error[blocked]: the upgrade cannot begin: C:\Program Files (x86)\VIPRE Email
      Security\Settings\Policies\Antispam.xml cannot be read [file-unreadable]
      because:  access is denied (5)
      hint:     run mailsec as an administrator who may read it, or close the
                program that holds it
    ");
}

#[test]
fn a_server_that_waits_for_a_restart() {
    let place = Place::new("restart-pending");
    says!(place, run(&place, INSTALL), @r"
    exit: 30
    ----- stdout -----
    ----- stderr -----
    error[blocked]: the upgrade cannot begin: Windows wants a restart first
      [restart-pending]
      because:  SOFTWARE\Microsoft\Windows\CurrentVersion\Component Based
                Servicing\RebootPending: the key exists
      hint:     restart the server, then plan again
    ");
}

#[test]
fn a_directory_that_does_not_answer() {
    let place = Place::with_faults("vipre-4.5", &["directory-unreachable"]);
    says!(place, run(&place, INSTALL), @"
    exit: 30
    ----- stdout -----
    ----- stderr -----
    error[blocked]: the upgrade cannot begin: no domain controller answers
      [directory]
      hint:     see that the server reaches a domain controller, then try again
    ");
}

#[test]
fn a_server_without_the_product() {
    let place = Place::new("no-product");
    says!(place, run(&place, INSTALL), @"
    exit: 30
    ----- stdout -----
    ----- stderr -----
    error[product-not-found]: no product that this program knows is installed here
      expected: VIPRE Email Security for Exchange, VIPRE Email Security - Server
                Edition, ESET Mail Security for Microsoft Exchange Server
      hint:     run mailsec on the Exchange server that carries the product
    ");
    says!(place, place.changes_nothing(["detect"]), @"
    exit: 30
    ----- stdout -----
    ----- stderr -----
    error[product-not-found]: no product that this program knows is installed here
      expected: VIPRE Email Security for Exchange, VIPRE Email Security - Server
                Edition, ESET Mail Security for Microsoft Exchange Server
      hint:     run mailsec on the Exchange server that carries the product
    ");
}

#[test]
fn a_server_without_exchange() {
    let place = Place::new("bare");
    says!(place, place.changes_nothing(["detect"]), @"
    exit: 30
    ----- stdout -----
    ----- stderr -----
    error[product-not-found]: no product that this program knows is installed here
      expected: VIPRE Email Security for Exchange, VIPRE Email Security - Server
                Edition, ESET Mail Security for Microsoft Exchange Server
      hint:     run mailsec on the Exchange server that carries the product
    ");
}

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
