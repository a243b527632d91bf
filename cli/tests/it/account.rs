//! `account`, on a simulated server and in a real domain: shown and agreed to before anything changes, finished when it
//! was cut off, and never somebody else's account.

use crate::harness::{Place, Ran, fast_folder, says};
use mailsec_domain::{ADMINISTRATOR, ADMINISTRATOR_PASSWORD, Admin, BASE, Domain, NETBIOS};
use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

const UNFINISHED: &str = "being made by mailsec, by hand";
const MADE: &str = "made by mailsec, by hand";
const PASSWORD: [&str; 2] = ["--secret", "account-password=env:TEST_PASSWORD"];

#[test]
fn an_account_that_is_fit_and_one_that_is_not() {
    let place = Place::vipre();
    let check = ["account", "check", r"LAB\svc-vipre", "--log-on"];
    let fit = place.changes_nothing(PASSWORD.into_iter().chain(check)).exits(0);
    assert!(fit.stdout.contains("accepted by the directory"), "{fit}");
    says!(place, place.changes_nothing(["account", "check", r"LAB\svc-missing"]), @r"
    exit: 30
    ----- stdout -----
    ----- stderr -----
    error[account-not-found]: there is no account LAB\svc-missing
      hint:     `mailsec account create` makes one
    ");
    let wrong = ["--secret", "account-password=env:USER"].into_iter().chain(check);
    let wrong = place.changes_nothing(wrong.chain(["--json"])).exits(30);
    assert_eq!(wrong.json()["wrong"][0]["code"], "password-wrong");
}

#[test]
fn nothing_changes_without_a_yes_or_with_a_wrong_word() {
    let place = Place::vipre();
    let new = ["account", "create", r"LAB\svc-new"];
    says!(place, place.changes_nothing(PASSWORD.into_iter().chain(new)), @r"
    exit: 30
    ----- stdout -----
    ----- stderr -----
    LAB\svc-new will be created in MAIL01:
      a standard user, disabled at first
      its password: the secret account-password
      then enabled; neither it nor its password expires
    error[request-refused]: not begun: nobody said yes
      expected: yes at the keyboard, or --yes
      hint:     nothing was changed
    ");
    let reset = ["account", "reset", r"LAB\svc-vipre"];
    place.changes_nothing(PASSWORD.into_iter().chain(reset)).exits(30);
    place.changes_nothing(new.into_iter().chain(["--yes"])).exits(30);
    place.changes_nothing(new.into_iter().chain(["--generate"])).exits(2);
    place.changes_nothing(["account", "create", "svc-new", "--yes"]).exits(2);
    place.changes_nothing(["account", "create", r"LAB\a-name-of-more-than-twenty", "--yes"]).exits(2);
    let taken = PASSWORD.into_iter().chain(["account", "create", r"LAB\svc-vipre", "--yes"]);
    place.changes_nothing(taken).exits(30);
    let service = reset.into_iter().chain(["--yes", "--service", "MSExchangeTransport"]);
    place.changes_nothing(PASSWORD.into_iter().chain(service)).exits(2);
}

#[test]
fn a_reset_gives_the_service_the_password_and_restarts_it() {
    let place = Place::vipre();
    let service = place.world().services[vipre_service().as_str()].clone();
    let file = place.folder.with_file_name("made.txt");
    let to = file.display().to_string();
    let words =
        ["account", "reset", r"LAB\svc-vipre", "--yes", "--generate", "--password-to", &to, "--service"];
    let ran = place.run(words.into_iter().chain([service.name.as_str()])).exits(0);
    let made = fs::read_to_string(&file).unwrap();
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(!format!("{ran}").contains(&made), "it is in the file alone");
    let world = place.world();
    assert_eq!(world.vault.directory["svc-vipre"], made);
    assert_eq!(mailsec_simulator::oracle::accounts_work(&world), Ok(()));
    assert!(world.services[vipre_service().as_str()].started > service.started);
}

fn vipre_service() -> String {
    mailsec_simulator::worlds::vipre::SERVICE.to_ascii_lowercase()
}

/// A real domain, and the command that works on its directory alone.
struct Real {
    domain: Domain,
    folder: tempfile::TempDir,
}

impl Real {
    fn start() -> Self {
        let (domain, folder) = (Domain::start().unwrap(), fast_folder());
        let config = serde_json::json!({ "directory": {
            "server": domain.server(), "domain": NETBIOS, "base": BASE, "bind_name": ADMINISTRATOR,
            "bind_secret": "directory-password", "trust": domain.certificate(),
        }});
        fs::write(folder.path().join("config.json"), config.to_string()).unwrap();
        Self { domain, folder }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mailsec"));
        command
            .env_clear()
            .envs([("BIND", ADMINISTRATOR_PASSWORD), ("NEW", "Another-Good-77")])
            .args(["--state".as_ref(), self.folder.path().as_os_str()])
            .args(["--no-input", "account"])
            .args(arguments)
            .args(["--secret", "directory-password=env:BIND"])
            .stdin(Stdio::null());
        Ran::from(command.output().unwrap())
    }
}

#[test]
fn an_account_of_a_real_domain_is_created_checked_and_given_another_password() {
    let real = Real::start();
    let file = real.file("made.txt");
    let made = |file: &Path| fs::read_to_string(file).unwrap();
    let name = r"LAB\svc-new";
    let missing = real.run(&["check", name]).exits(30);
    assert!(missing.stderr.contains("account-not-found"), "{missing}");
    let to = file.display().to_string();
    let create = ["create", name, "--yes", "--generate", "--password-to", &to];
    let ran = real.run(&[&create[..], &["--json"]].concat()).exits(0);
    assert_eq!(ran.json()["created"], true);
    assert!(!format!("{ran}").contains(&made(&file)));
    let from = format!("account-password=file:{to}");
    real.run(&["check", name, "--log-on", "--secret", &from]).exits(0);
    real.run(&create).exits(2);
    let again = real.run(&["create", name, "--yes", "--secret", &from]).exits(30);
    assert!(again.stderr.contains("account-exists"), "{again}");
    real.run(&["reset", name, "--yes", "--secret", "account-password=env:NEW"]).exits(0);
    real.run(&["check", name, "--log-on", "--secret", "account-password=env:NEW"]).exits(0);
    let service =
        real.run(&["reset", name, "--yes", "--service", "x", "--secret", "account-password=env:NEW"]);
    assert!(service.exits(2).stderr.contains("--service needs a server"));
}

/// Each state that a creation can be cut off in.
#[test]
fn a_creation_that_was_cut_off_is_finished_and_no_other_account_is() {
    let real = Real::start();
    let mut admin = real.domain.admin().unwrap();
    let create = ["create", r"LAB\svc-half", "--yes", "--secret", "account-password=env:NEW"];
    let half = |admin: &mut Admin, mark: &str| {
        let kind = [
            ("objectClass", "user"),
            ("sAMAccountName", "svc-half"),
            ("userAccountControl", "514"),
            ("description", mark),
        ];
        admin.add(&Admin::dn("svc-half"), &kind).unwrap();
    };
    half(&mut admin, "of somebody else");
    let refused = real.run(&create).exits(30);
    assert!(refused.stderr.contains("account-exists"), "{refused}");
    assert_eq!(admin.value("svc-half", "pwdLastSet").unwrap().as_deref(), Some("0"), "left alone");
    for password in [None, Some("Before-The-Crash-1")] {
        admin.delete(&Admin::dn("svc-half")).unwrap();
        half(&mut admin, UNFINISHED);
        if let Some(password) = password {
            admin.password("svc-half", password).unwrap();
        }
        let ran = real.run(&create).exits(0);
        assert!(ran.stderr.contains("left half made"), "{ran}");
        assert_eq!(admin.value("svc-half", "userAccountControl").unwrap().as_deref(), Some("66048"));
        assert_eq!(admin.value("svc-half", "description").unwrap().as_deref(), Some(MADE));
    }
    admin.delete(&Admin::dn("svc-half")).unwrap();
    half(&mut admin, UNFINISHED);
    make_admin(&mut admin, "svc-half");
    let risen = real.run(&create).exits(30);
    assert!(risen.stderr.contains("account-is-admin"), "{risen}");
    assert_eq!(standing(&mut admin, "svc-half"), ["514", "0"], "no password, not enabled");
}

fn make_admin(admin: &mut Admin, user: &str) {
    let members = ["Administrator", user].map(Admin::dn);
    admin.set(&Admin::dn("Domain Admins"), "member", &[&members[0], &members[1]]).unwrap();
}

/// Whether it is enabled, and when its password was set.
fn standing(admin: &mut Admin, user: &str) -> [String; 2] {
    ["userAccountControl", "pwdLastSet"].map(|name| admin.value(user, name).unwrap().unwrap_or_default())
}

#[test]
fn an_account_that_was_finished_once_and_then_retired_is_left_alone() {
    let real = Real::start();
    let mut admin = real.domain.admin().unwrap();
    let create = ["create", r"LAB\svc-old", "--yes", "--secret", "account-password=env:NEW"];
    real.run(&create).exits(0);
    admin.set(&Admin::dn("svc-old"), "userAccountControl", &["66050"]).unwrap();
    make_admin(&mut admin, "svc-old");
    let before = standing(&mut admin, "svc-old");
    let ran = real.run(&create).exits(30);
    assert!(ran.stderr.contains("account-exists"), "{ran}");
    assert_eq!(standing(&mut admin, "svc-old"), before);
}

/// What can be known before is said before; what comes after says that the password is another one now.
#[test]
fn a_reset_that_cannot_be_proven_changes_nothing_or_says_that_it_was_done() {
    let real = Real::start();
    let mut admin = real.domain.admin().unwrap();
    let reset = |user: &str| {
        let name = format!(r"LAB\{user}");
        real.run(&["reset", &name, "--yes", "--secret", "account-password=env:NEW"])
    };
    let unfit =
        [("svc-off", "userAccountControl", "66050"), ("svc-over", "accountExpires", "133485408000000000")];
    for (user, attribute, value) in unfit {
        admin.user(user, "Some-Good-Pass-1").unwrap();
        admin.set(&Admin::dn(user), attribute, &[value]).unwrap();
        let before = standing(&mut admin, user);
        let ran = reset(user).exits(30);
        assert!(ran.stderr.contains("account-unfit") && ran.stderr.contains("nothing was changed"), "{ran}");
        assert_eq!(standing(&mut admin, user), before);
    }
    // Nothing but a log-on shows it.
    admin.user("svc-never", "Some-Good-Pass-1").unwrap();
    admin.set(&Admin::dn("svc-never"), "logonHours", &["\0".repeat(21).as_str()]).unwrap();
    let ran = reset("svc-never").exits(1);
    assert!(ran.stderr.contains(r"the password of LAB\svc-never was reset"), "{ran}");
    assert!(ran.stderr.contains("530"), "{ran}");
}

#[test]
fn a_service_that_a_reset_did_not_come_to_is_named() {
    let place = Place::with_faults("vipre-4.5", &["service-does-not-start"]);
    let service = mailsec_simulator::worlds::vipre::SERVICE;
    let words = ["account", "reset", r"LAB\svc-vipre", "--yes", "--service", service, "--secret"];
    let mut command = place.command(words.into_iter().chain(["account-password=env:NEW"]));
    let ran = Ran::from(command.env("NEW", "Another-Good-77").output().unwrap()).exits(1);
    assert!(ran.stderr.contains(r"the password of LAB\svc-vipre was reset"), "{ran}");
    assert!(ran.stderr.contains(service) && ran.stderr.contains("account reset"), "{ran}");
    assert_eq!(place.world().vault.directory["svc-vipre"], "Another-Good-77");
}

/// A link that somebody laid where the password is to be written.
#[test]
fn a_password_is_written_to_a_new_file_only() {
    let place = Place::vipre();
    let (file, other) = (place.folder.with_file_name("made.txt"), place.folder.with_file_name("other.txt"));
    std::os::unix::fs::symlink(&other, &file).unwrap();
    let to = file.display().to_string();
    let words = ["account", "reset", r"LAB\svc-vipre", "--yes", "--generate", "--password-to", &to];
    let ran = place.changes_nothing(words).exits(2);
    assert!(ran.stderr.contains("there already"), "{ran}");
    assert!(!other.exists() && file.is_symlink(), "nothing went through the link, nor in its place");
    // Found out before there is an account without a password.
    let nowhere = place.folder.with_file_name("none").join("made.txt").display().to_string();
    let words = ["account", "create", r"LAB\svc-new", "--yes", "--generate", "--password-to", &nowhere];
    let ran = place.changes_nothing(words).exits(1);
    assert!(ran.told().contains("in a folder that is there; nothing was changed"), "{ran}");
}

#[test]
fn an_administrator_of_a_real_domain_is_not_fit_and_a_policy_is_kept() {
    let real = Real::start();
    let mut admin = real.domain.admin().unwrap();
    admin.user("svc-admin", "Some-Good-Pass-1").unwrap();
    admin.set(&Admin::dn("svc-admin"), "description", &[MADE]).unwrap();
    admin.group("Crew", "-2147483646", &[&Admin::dn("svc-admin")]).unwrap();
    let members = ["Administrator", "Crew"].map(Admin::dn);
    admin.set(&Admin::dn("Domain Admins"), "member", &[&members[0], &members[1]]).unwrap();
    let ran = real.run(&["check", r"LAB\svc-admin"]).exits(30);
    assert!(ran.stdout.contains("Crew > Domain Admins"), "{ran}");
    admin.set(BASE, "minPwdLength", &["60"]).unwrap();
    let short =
        real.run(&["reset", r"LAB\svc-admin", "--yes", "--secret", "account-password=env:NEW"]).exits(1);
    assert!(short.stderr.contains("password-policy"), "{short}");
    let create = ["create", r"LAB\svc-weak", "--yes", "--secret", "account-password=env:NEW"];
    let short = real.run(&create).exits(1);
    assert!(
        short
            .told()
            .contains("half made and disabled: `mailsec account create` with another password finishes it"),
        "{short}"
    );
    assert_eq!(standing(&mut admin, "svc-weak"), ["514", "0"]);
}
