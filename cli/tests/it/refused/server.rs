//! A server that is not ready.

use super::run;
use crate::harness::{INSTALL, Place, says};

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
