//! An installer that must not run.

use super::{run, run_installer};
use crate::harness::{INSTALL, Place, says};
use mailsec_simulator::worlds::installers;

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
