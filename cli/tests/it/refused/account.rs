//! An account that must not be the service's, and secrets that do not fit.

use super::run;
use crate::harness::{INSTALL, Place, Ran, SECRET, says};
use mailsec_simulator::worlds::vipre;

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
