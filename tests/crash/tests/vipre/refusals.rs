//! What must be found out before anything is changed, at the plan or, when it became so afterwards, at the survey.

use mailsec_core::{
    failure::Code,
    plan::UnscannedPolicy,
    product::{AccountChoice, BackupChoice, UpgradeRequest},
    upgrade::{Event, Finish},
    values::ServerPath,
};
use mailsec_crash_tests::{End, Person, Secrets, plan, plan_with, request, unchanged};
use mailsec_simulator::{
    Fault, World,
    worlds::{self, installers, vipre, vipre_45, with},
};

type Refusal = (&'static str, fn() -> World, fn(&mut UpgradeRequest), Code);

fn as_usual(_: &mut UpgradeRequest) {}

/// Refused when the plan is made: the server is only read.
const REFUSED: &[Refusal] = &[
    (
        "another product's installer",
        vipre_45,
        |r| r.installer = ServerPath::new(installers::WRONG_PRODUCT),
        Code::PackageWrongProduct,
    ),
    (
        "an older installer",
        vipre_45,
        |r| r.installer = ServerPath::new(installers::OLDER),
        Code::VersionNotNewer,
    ),
    (
        "a signature that does not hold",
        vipre_45,
        |r| r.installer = ServerPath::new(installers::BAD_SIGNATURE),
        Code::PackageSignature,
    ),
    (
        "no signature",
        vipre_45,
        |r| r.installer = ServerPath::new(installers::UNSIGNED),
        Code::PackageSignature,
    ),
    (
        "no installer at all",
        vipre_45,
        |r| r.installer = ServerPath::new(r"C:\Install\none.msi"),
        Code::PackageMissing,
    ),
    ("nested administrator", worlds::service_account_is_nested_admin, as_usual, Code::AccountIsAdmin),
    ("administrator by primary group", worlds::admin_by_primary_group, as_usual, Code::AccountIsAdmin),
    ("Exchange administrator", worlds::service_account_is_exchange_admin, as_usual, Code::AccountIsAdmin),
    ("password that expires", worlds::password_expires, as_usual, Code::AccountUnfit),
    ("service without a domain account", worlds::service_is_local_system, as_usual, Code::AccountUnfit),
    (
        "account that exists already",
        vipre_45,
        |r| {
            r.account = AccountChoice::Create { account: vipre::account().unwrap(), generate: true };
        },
        Code::AccountExists,
    ),
    ("restart pending", worlds::restart_pending, as_usual, Code::RestartPending),
    ("no space for the backup", || with(vipre_45(), &[Fault::DiskFull(64)]), as_usual, Code::DiskFull),
    ("settings that cannot be read", worlds::unreadable_settings, as_usual, Code::FileUnreadable),
    (
        "backup into the product's folder",
        vipre_45,
        |r| r.backup = BackupChoice::To(vipre::path("Backup")),
        Code::BadArgument,
    ),
    ("directory unreachable", || with(vipre_45(), &[Fault::DirectoryUnreachable]), as_usual, Code::Directory),
];

#[test]
fn what_the_plan_refuses() {
    for (name, world, wish, code) in REFUSED {
        let mut wanted = request();
        wish(&mut wanted);
        let findings = plan(world(), &wanted).err().unwrap_or_else(|| panic!("{name}: planned"));
        assert!(findings.iter().any(|finding| finding.code == *code), "{name}: {findings:?}");
    }
}

/// True when it was planned, and not any more when it runs.
const CHANGED_SINCE: &[(&str, fn(&mut World), Code)] = &[
    (
        "another file in the installer's place",
        |w| {
            w.disk.put(&ServerPath::new(installers::RIGHT), "another", w.now);
        },
        Code::PackageDigest,
    ),
    (
        "the installer is gone",
        |w| _ = w.disk.remove(&ServerPath::new(installers::RIGHT)),
        Code::PackageMissing,
    ),
    (
        "the account was made an administrator",
        |w| {
            w.directory.users.get_mut("svc-vipre").unwrap().groups.push("Night Shift".to_owned());
        },
        Code::AccountIsAdmin,
    ),
    (
        "the password was changed",
        |w| Fault::PasswordChanged("svc-vipre".to_owned()).apply(w),
        Code::PasswordWrong,
    ),
    ("the disk is full", |w| Fault::DiskFull(64).apply(w), Code::DiskFull),
    (
        "a setting cannot be read",
        |w| Fault::FileUnreadable(vipre::path(r"Settings\Config.xml")).apply(w),
        Code::FileUnreadable,
    ),
    ("the directory does not answer", |w| Fault::DirectoryUnreachable.apply(w), Code::Directory),
];

#[test]
fn what_changed_between_plan_and_run_is_found_before_anything_is_detached() {
    for (name, strikes, code) in CHANGED_SINCE {
        for unscanned in [UnscannedPolicy::Hold, UnscannedPolicy::Allow] {
            let mut wanted = request();
            wanted.unscanned = unscanned;
            let mut trial = plan(vipre_45(), &wanted).unwrap().struck_by(strikes);
            let end = trial.run(&Person::away(&trial.host));
            assert!(matches!(end, End::Finished(Finish::RolledBack) | End::Waiting(_)), "{name}: {end:?}");
            let codes: Vec<Code> = trial.events().iter().filter_map(failed_with).collect();
            assert!(codes.contains(code), "{name}: {codes:?}");
            assert_eq!(unchanged(&trial.before, &trial), [""; 0], "{name}");
            let (world, before) = (trial.host.world(), &trial.before);
            assert_eq!(world.mail.closed_ms + world.mail.unscanned_ms, 0, "{name}: mail was touched");
            assert_eq!((&world.directory, &world.vault), (&before.directory, &before.vault), "{name}");
        }
    }
}

fn failed_with(event: &Event) -> Option<Code> {
    match event {
        Event::StepFailed { failure, .. } => Some(failure.code),
        _ => None,
    }
}

#[test]
fn a_secret_that_nobody_gave_is_asked_for_before_anything_is_detached() {
    let mut trial = plan_with(vipre_45(), &request(), Secrets::new()).unwrap();
    let person = Person::away(&trial.host);
    assert_eq!(trial.run(&person), End::Waiting("prove-credentials#1".to_owned()));
    assert_eq!(unchanged(&trial.before, &trial), [""; 0]);

    let mut trial = trial.with_secrets(mailsec_crash_tests::given());
    let person = Person::new(&trial.host, |_, gate, _| Some(gate.choices[0]));
    assert_eq!(trial.run(&person), End::Finished(Finish::Succeeded));
}
