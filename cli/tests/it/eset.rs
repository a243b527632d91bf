//! ESET Mail Security by the real command: its methods, what is refused, and a whole upgrade with a person.

use crate::harness::{Place, Ran, says};
use mailsec_core::host::RegistryView;
use mailsec_simulator::worlds::{eset, eset_installers};

const TO_111: [&str; 2] = ["--installer", eset_installers::TO_111];
const SECRET: [&str; 2] = ["--secret", "eset-settings-password=env:TEST_ESET"];

/// A `run` that would begin at once.
fn run<'a>(place: &Place, more: impl IntoIterator<Item = &'a str>) -> Ran {
    place.changes_nothing(["--no-input", "run", "--yes"].into_iter().chain(more))
}

#[test]
fn the_methods_and_which_of_them_apply_here() {
    let place = Place::new("eset-6.5");
    let ran = place.changes_nothing(["--product", "eset", "methods"]).exits(0);
    says!(place, ran.stdout, @r"
    ESET Mail Security for Microsoft Exchange Server 6.5.10059.0, installed here
      manual   from any, 4.x included to any later version
               servers: one; the vendor recommends it for a single server
               needs: somebody who enables ESET CMD on the fresh product; rules of
                 4.x are set up again by hand
               source: https://help.eset.com/emsl/6.5/en-US/installation_upgrade.htm
               here: as far as this server tells, it applies
      in-place from 7.3 and later to any later version
               servers: one
               needs: no Windows update and no restart that is pending, for any
                 reason
               source:
                 https://help.eset.com/emsx/7.3/de-DE/installation_upgrade.html
               here: no: ESET Mail Security 6.5.10059.0 cannot be upgraded in place
                 [method-unfit]; expected 7.3 or later; found 6.5.10059.0
      remote   from 4.x and later to 6.x and later
               servers: many
               needs: ESET's management server, its agent on each server, and an
                 action of your own: ESET documents none that installs software
               source: https://help.eset.com/emsl/6.5/en-US/installation_upgrade.htm
               here: no: no management server manages this one [method-unfit];
                 expected ESET's management agent, the service EraAgentSvc; found no
                 such service
      cluster  from 4.x and later to 6.x and later
               servers: two or more; the vendor recommends it for them
               needs: a plan for each node with --node-role, and `mailsec cluster
                 plan` over them
               source: https://help.eset.com/emsl/6.5/en-US/installation_upgrade.htm
               here: as far as this server tells, it applies
    ");
    let rows = place.changes_nothing(["methods", "--json"]).exits(0).json();
    let applies = |product: &str| -> Vec<String> {
        let rows = rows["methods"].as_array().unwrap().iter().filter(|row| row["product"] == product);
        rows.map(|row| format!("{} {}", row["method"]["method"].as_str().unwrap(), row["applies"])).collect()
    };
    assert_eq!(applies("eset"), ["manual true", "in-place false", "remote false", "cluster true"]);
    assert_eq!(applies("vipre"), ["in-place null"]);
    // Without a server the table alone is shown.
    let bare = place.program().arg("methods").output().map(Ran::from).unwrap().exits(0);
    assert!(bare.stdout.contains("manual") && !bare.stdout.contains("here:"), "{bare}");
}

#[test]
fn a_method_that_does_not_apply() {
    let place = Place::new("eset-6.5");
    says!(place, run(&place, TO_111.into_iter().chain(["--method", "in-place"])), @"
    exit: 30
    ----- stdout -----
    ----- stderr -----
    error[blocked]: the upgrade cannot begin: ESET Mail Security 6.5.10059.0 cannot
      be upgraded in place [method-unfit]
      expected: 7.3 or later
      found:    6.5.10059.0
      hint:     plan with --method manual, which applies to any version
    ");
    says!(place, run(&place, TO_111.into_iter().chain(["--method", "cluster"])), @"
    exit: 30
    ----- stdout -----
    ----- stderr -----
    error[blocked]: the upgrade cannot begin: the method cluster is not planned on
      one server [method-unfit]
      expected: manual or in-place
      found:    cluster
      hint:     plan each node with --node-role first or other, and join the plans
                with `mailsec cluster plan`; on this server alone plan with --method
                manual
    ");
    let place = Place::new("eset-restart-pending");
    says!(place, run(&place, TO_111.into_iter().chain(["--method", "in-place"])), @r"
    exit: 30
    ----- stdout -----
    ----- stderr -----
    error[blocked]: the upgrade cannot begin: with a restart pending an upgrade in
      place may leave the former version half removed [method-unfit]
      expected: no pending Windows update and no pending restart, for any reason
      found:    SYSTEM\CurrentControlSet\Control\Session Manager,
                PendingFileRenameOperations: C:\Windows\SimDriver.sys
      hint:     install the updates, restart the server, and plan again; or plan
                with --method manual
    ");
    let secret = ["--silent", "--argument", "Password=Sim-Leak-1"];
    let ran = run(&place, TO_111.into_iter().chain(secret));
    assert!(!ran.to_string().contains("Sim-Leak-1"), "{ran}");
    says!(place, ran, @"
    exit: 2
    ----- stdout -----
    ----- stderr -----
    error[bad-argument]: the property Password holds a secret
      expected: --secret-property Password=SECRET, and --secret SECRET=env:NAME or
                file:PATH
      found:    --argument Password=..., which the plan and the journal would keep
                readable
      hint:     give it as a secret, and change it if others use this machine
    ");
    let place = Place::vipre();
    let vipre = ["--installer", mailsec_simulator::worlds::installers::RIGHT, "--method", "manual"];
    says!(place, run(&place, vipre), @r"
    exit: 30
    ----- stdout -----
    ----- stderr -----
    error[method-unfit]: this product has no method manual
      expected: in-place
      found:    manual
      hint:     `mailsec methods` shows them, with their sources
    ");
}

#[test]
fn options_of_another_product() {
    let place = Place::new("eset-6.5");
    says!(place, run(&place, TO_111.into_iter().chain(["--account", r"LAB\svc-mail"])), @"
    exit: 2
    ----- stdout -----
    ----- stderr -----
    error[bad-argument]: --account, --create-account, --reset-password or
      --credential-properties is not for ESET Mail Security
      hint:     its service runs as the system itself; leave the account's options
                out
    ");
    says!(place, run(&place, TO_111.into_iter().chain(["--no-rules", "there are none"])), @r"
    exit: 2
    ----- stdout -----
    ----- stderr -----
    error[bad-argument]: --rules-export or --no-rules is not for ESET Mail Security
      hint:     rules are part of the exported settings
    ");
    says!(place, run(&place, TO_111.into_iter().chain(["--skip-backup", "there is no time"])), @"
    exit: 2
    ----- stdout -----
    ----- stderr -----
    error[bad-argument]: --skip-backup is not for ESET Mail Security
      hint:     the exported settings are the way back, and the way on after an
                uninstall
    ");
    says!(place, run(&place, TO_111.into_iter().chain(["--product", "vipre"])), @"
    exit: 30
    ----- stdout -----
    ----- stderr -----
    error[product-not-found]: the product vipre is not installed here
      expected: VIPRE Email Security for Exchange, VIPRE Email Security - Server
                Edition
      hint:     run mailsec on the Exchange server that carries the product
    ");
    says!(place, run(&place, TO_111.into_iter().chain(["--product", "exchange"])), @"
    exit: 2
    ----- stdout -----
    ----- stderr -----
    error[bad-argument]: --product names no product
      expected: vipre, eset
      found:    exchange
      hint:     `mailsec detect` shows what is installed
    ");
    let place = Place::vipre();
    let vipre = ["--installer", mailsec_simulator::worlds::installers::RIGHT, "--settings-password"];
    says!(place, run(&place, vipre), @r"
    exit: 2
    ----- stdout -----
    ----- stderr -----
    error[bad-argument]: --settings-password is not for VIPRE Email Security
      hint:     the vendor's article names no such password
    ");
}

#[test]
fn the_package_of_another_of_esets_products() {
    let place = Place::new("eset-6.5");
    says!(place, run(&place, ["--installer", eset_installers::FILE_SERVER]), @"
    exit: 30
    ----- stdout -----
    ----- stderr -----
    error[blocked]: the upgrade cannot begin: the installer is for another product
      [package-wrong-product]
      expected: ESET Mail Security
      found:    ESET Server Security
      hint:     give the installer of ESET Mail Security; a file without a product
                name may be damaged: download it again
    ");
    says!(place, run(&place, ["--installer", eset_installers::DOMINO]), @"
    exit: 30
    ----- stdout -----
    ----- stderr -----
    error[blocked]: the upgrade cannot begin: the installer is for another mail
      server [package-wrong-product]
      expected: ESET Mail Security for Microsoft Exchange Server
      found:    ESET Mail Security for IBM Domino
      hint:     download the package for Microsoft Exchange Server
    ");
}

#[test]
fn a_settings_password_that_nobody_gave() {
    let place = Place::new("eset-protected");
    // The person at the first gate comes before it; nothing is detached yet when it is missed.
    let begin = ["--no-input", "run", "--yes", "--settings-password"];
    place.run(begin.into_iter().chain(TO_111)).exits(10);
    let before = place.picture();
    place.run(["answer", "prepare-import#1", "done"]).exits(0);
    let ran = place.run(["--no-input", "resume"]).exits(21);
    assert!(ran.stdout.contains("the secret eset-settings-password is needed"), "{ran}");
    assert_eq!(place.picture(), before);
    let place = Place::new("eset-6.5");
    let wrong = ["--silent", "--secret-property", "ACTIVATION_DATA"];
    says!(place, run(&place, TO_111.into_iter().chain(wrong)), @"
    exit: 2
    ----- stdout -----
    ----- stderr -----
    error[bad-argument]: --secret-property names no property and secret
      expected: NAME=SECRET, the value then by --secret SECRET=env:VARIABLE or
                file:PATH
      found:    something else, which is not shown: it may be a secret
    ");
}

/// The file that is to be imported, as the gate names it.
fn import_file(place: &Place) -> String {
    let status = place.run(["status", "--json"]).exits(0).json();
    let verified = status["gate"]["question"]["verified"].as_str().unwrap_or_else(|| panic!("{status}"));
    verified.split(" must have").next().unwrap().to_owned()
}

#[test]
fn a_whole_upgrade_with_a_password_a_signed_file_and_a_review() {
    let place = Place::new("eset-protected");
    let folder = place.folder.display().to_string();
    let act = |deed: &[&str]| {
        let command = ["world", "act", folder.as_str()].into_iter().chain(deed.iter().copied());
        place.program().args(command).output().map(Ran::from).unwrap().exits(0)
    };
    let command = |words: &[&str]| {
        let words = SECRET.into_iter().chain(["--no-input"]).chain(words.iter().copied());
        place.command(words).env("TEST_ESET", eset::PASSWORD).output().map(Ran::from).unwrap()
    };
    let go_on = |words: &[&str]| loop {
        match command(words) {
            ran if ran.code == Some(11) => match command(&["resume"]) {
                ran if ran.code == Some(11) => {}
                ran => break ran,
            },
            ran => break ran,
        }
    };
    command(&["run", "--yes", "--installer", eset_installers::TO_111, "--settings-password"]).exits(10);
    act(&["sign", &import_file(&place)]);
    command(&["answer", "prepare-import#1", "done"]).exits(0);
    let ran = go_on(&["resume"]).exits(10);
    assert!(ran.stdout.contains("Enable ESET CMD on the fresh product"), "{ran}");
    // The fresh product takes what is not signed too; the signature does no harm.
    act(&["enable-commands"]);
    command(&["answer", "enable-import#2", "done"]).exits(0);
    let ran = go_on(&["resume"]).exits(10);
    assert!(ran.stdout.contains("Go through the settings"), "{ran}");
    assert!(ran.stdout.contains("0 lost"), "{ran}");
    command(&["answer", "review-settings#3", "done", "--note", "gone through with Bert"]).exits(0);
    go_on(&["resume"]).exits(0);

    let world = place.world();
    let version =
        world.registry.value(RegistryView::Wide, mailsec_simulator::world::eset::INFO, "ProductVersion");
    assert_eq!(version, Some("11.1.10008.0"));
    let report = place.run(["report"]).exits(0).stdout;
    for words in ["gone through with Bert", "preserved", "Restart the server"] {
        assert!(report.contains(words), "{words}: {report}");
    }
    let witness = String::from_utf8(std::fs::read(place.witness()).unwrap()).unwrap();
    assert!(!witness.contains(eset::PASSWORD), "the password is in the journal");
}
