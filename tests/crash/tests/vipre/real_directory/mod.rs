//! V5 to V9 against a real domain controller: the plans that touch an account, on the simulated server in a domain of
//! Samba's, with the process ended at every point of their account steps. Each ends with the account that the plan
//! wants, with one account of that name, and with none of somebody else's changed.

mod host;

use futures::executor::block_on;
use host::{Died, InDomain, Pointed, Points, account_steps};
use mailsec_core::{
    Failure,
    engine::{Engine, NoWatcher, Stop, begin},
    failure::Code,
    host::{Credentials, Directory, Host},
    journal::{Journal, MemoryJournal, Stamp},
    plan::{Operation, Plan},
    product::{MailSecurityProduct, Severity},
    upgrade::{Event, Finish},
    values::{AccountName, Secret, SecretRef, UpgradeId},
};
use mailsec_crash_tests::{Case, Person, cases};
use mailsec_domain::{ADMINISTRATOR, ADMINISTRATOR_PASSWORD, Admin, BASE, Domain, NETBIOS, Scope};
use mailsec_simulator::{SimHost, worlds::vipre};
use mailsec_vipre::Vipre;
use mailsec_windows::{DirectoryConfig, Encryption, LdapDirectory, SecretSources};
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    time::Duration,
};

/// The account that is created, or used instead of the present one.
const OTHER: &str = "svc-mail";
const VERSION: &str = "0.1.0";

fn id() -> UpgradeId {
    UpgradeId::from_u128(7)
}

/// A domain with the service's account in it.
struct Place {
    domain: Domain,
    admin: Admin,
    case: Case,
    /// Users of the domain when nothing has been done.
    users: usize,
}

impl Place {
    fn new(case: &str) -> Self {
        let domain = Domain::start().unwrap();
        let mut admin = domain.admin().unwrap();
        admin.user("svc-vipre", vipre::PASSWORD).unwrap();
        let case = cases::case(case).unwrap();
        if case.name == "another account used" {
            admin.user(OTHER, vipre::PASSWORD).unwrap();
        }
        let users = count(&mut admin, "(objectClass=user)");
        Self { domain, admin, case, users }
    }

    /// As it was: the account that was created is gone, and the password that was reset is the former one.
    fn again(&mut self) {
        if matches!(self.case.wanted().account, mailsec_core::product::AccountChoice::Create { .. })
            && count(&mut self.admin, &format!("(sAMAccountName={OTHER})")) > 0
        {
            self.admin.delete(&Admin::dn(OTHER)).unwrap();
        }
        self.admin.password("svc-vipre", vipre::PASSWORD).unwrap();
        assert_eq!(count(&mut self.admin, "(objectClass=user)"), self.users);
    }

    fn server(&self, points: &Arc<Points>) -> InDomain {
        let secrets = SecretSources::new();
        for (name, secret) in self.case.secrets() {
            secrets.set(name, secret);
        }
        secrets.set(SecretRef::new("directory-password"), Secret::new(ADMINISTRATOR_PASSWORD));
        let config = DirectoryConfig {
            server: Some(self.domain.server()),
            nameserver: None,
            encryption: Encryption::Ldaps,
            domain: NETBIOS.to_owned(),
            base: BASE.to_owned(),
            container: None,
            bind_name: ADMINISTRATOR.to_owned(),
            bind_secret: SecretRef::new("directory-password"),
            trust: Some(self.domain.certificate()),
            limit: Duration::from_secs(60),
        };
        let sim = SimHost::in_memory(self.case.world()).with_secrets(Arc::new(self.case.secrets()));
        let ldap = LdapDirectory::new(Some(config), secrets.clone());
        InDomain { sim, ldap, secrets, points: Arc::clone(points) }
    }
}

fn count(admin: &mut Admin, filter: &str) -> usize {
    admin.find(BASE, Scope::Subtree, filter, &["cn"]).unwrap().len()
}

fn planned(server: &InDomain, case: &Case) -> Plan {
    let wanted = case.wanted();
    let facts = block_on(Vipre.gather(server, &wanted)).unwrap();
    let installation = Vipre.detect(&facts).unwrap().unwrap();
    let findings = Vipre.assess(&installation, &facts, &wanted);
    assert!(findings.iter().all(|finding| finding.severity != Severity::Blocker), "{findings:?}");
    Vipre.plan(&installation, &facts, &wanted, server.clock().now(), VERSION).unwrap()
}

fn begun(server: &InDomain, plan: &Plan) -> MemoryJournal {
    let mut journal = MemoryJournal::new();
    let boot = block_on(server.power().boot()).unwrap();
    let stamp = Stamp { at: server.clock().now(), boot, engine: VERSION.into() };
    begin(&mut journal, id(), plan, plan.hash(), &stamp).unwrap();
    journal
}

/// One process; an error of `Died` when it was ended.
fn process(
    server: &InDomain,
    person: &Person,
    journal: &mut MemoryJournal,
    plan: &Plan,
) -> Result<Result<Stop, Failure>, Died> {
    let mut journal =
        Pointed { inner: journal, points: Arc::clone(&server.points), steps: account_steps(plan) };
    let run = || {
        block_on(async {
            let mut watcher = NoWatcher;
            let by = (VERSION, "Ada");
            let vendor = Vipre.vendor();
            let mut engine =
                Engine::open(server, &mut journal, id(), vendor, person, &mut watcher, by).await.unwrap();
            engine.run().await
        })
    };
    catch_unwind(AssertUnwindSafe(run)).map_err(|payload| match payload.downcast::<Died>() {
        Ok(died) => *died,
        Err(panic) => std::panic::resume_unwind(panic),
    })
}

/// Runs a plan to its end, with the process ended once at this point. Returns how many points there were.
fn run(place: &mut Place, end_at: Option<usize>) -> usize {
    let points = Points::end_at(end_at);
    let server = place.server(&points);
    let plan = planned(&server, &place.case);
    let mut journal = begun(&server, &plan);
    let person = Person::new(&server.sim, place.case.deed);
    let mut died = 0;
    for _ in 0..20 {
        match process(&server, &person, &mut journal, &plan) {
            Err(Died) => died += 1,
            Ok(Ok(Stop::RestartPending)) => {}
            Ok(answer) => {
                assert_eq!(answer, Ok(Stop::Finished(Finish::Succeeded)), "{}, {end_at:?}", place.case.name);
                break;
            }
        }
    }
    assert_eq!(died, usize::from(end_at.is_some()), "{}, {end_at:?}", place.case.name);
    verify(place, &server, &plan, end_at);
    points.seen()
}

/// The real directory, and the service, are as the plan says.
fn verify(place: &mut Place, server: &InDomain, plan: &Plan, end_at: Option<usize>) {
    let at = format!("{}, {end_at:?}", place.case.name);
    let account = plan
        .steps
        .iter()
        .find_map(|step| match &step.operation {
            Operation::ProveCredentials { account, .. } => Some(account.clone()),
            _ => None,
        })
        .unwrap();
    let created = plan.steps.iter().any(|step| matches!(step.operation, Operation::CreateAccount { .. }));
    assert_eq!(count(&mut place.admin, &format!("(sAMAccountName={})", account.user())), 1, "{at}");
    assert_eq!(count(&mut place.admin, "(objectClass=user)"), place.users + usize::from(created), "{at}");
    let found = block_on(server.ldap.account(&account)).unwrap().unwrap();
    assert_eq!(found.fit_for_service(), Ok(()), "{at}");
    let value = |admin: &mut Admin, attribute: &str| admin.value(account.user(), attribute).unwrap();
    assert_eq!(value(&mut place.admin, "userAccountControl").as_deref(), Some("66048"), "{at}");
    let never = Some("9223372036854775807");
    assert_eq!(value(&mut place.admin, "msDS-UserPasswordExpiryTimeComputed").as_deref(), never, "{at}");
    if created {
        assert_eq!(found.description, format!("made by mailsec, upgrade {}", id()), "{at}");
        assert_eq!(value(&mut place.admin, "accountExpires").as_deref(), Some("0"), "{at}");
    }
    // What the service manager holds is what the directory takes.
    let world = server.sim.world();
    let service = world.service(vipre::SERVICE).unwrap();
    assert!(AccountName::parse(&service.account).unwrap().same(&account), "{at}: {}", service.account);
    let held = Secret::new(world.vault.services[&vipre::SERVICE.to_ascii_lowercase()].as_str());
    assert_eq!(block_on(server.ldap.try_credentials(&account, &held)).unwrap(), Credentials::Valid, "{at}");
}

/// Ends the process at every point of the account steps.
fn survives(case: &str) {
    let mut place = Place::new(case);
    let points = run(&mut place, None);
    assert!(points >= 8, "{case}: only {points} points");
    for point in 0..points {
        place.again();
        run(&mut place, Some(point));
    }
    println!("{case}: ended at each of {points} points");
}

#[test]
fn v6_a_password_is_reset_in_a_real_directory_with_the_process_ended_at_every_point() {
    survives("password reset, generated");
    survives("password reset, given");
}

#[test]
fn v8_an_account_is_created_in_a_real_directory_with_the_process_ended_at_every_point() {
    survives("account created, password generated");
    survives("account created, password given");
}

#[test]
fn v5_v9_another_account_of_a_real_directory_is_used_with_the_process_ended_at_every_point() {
    survives("another account used");
}

/// The failure with this code, of a step that failed.
fn refused(journal: &MemoryJournal, code: Code) -> Failure {
    let envelopes = journal.read(id()).unwrap();
    let failures = envelopes.iter().filter_map(|envelope| match envelope.event.known() {
        Some(Event::StepFailed { failure, .. }) => Some(failure.clone()),
        _ => None,
    });
    failures.into_iter().find(|failure| failure.code == code).unwrap()
}

/// The plan is refused, whoever made the account an administrator: nested, by its primary group, or by Exchange.
#[test]
fn v7_an_administrator_of_a_real_directory_is_refused_at_the_plan_and_at_the_run() {
    let mut place = Place::new("another account used");
    let points = Points::end_at(None);
    let server = place.server(&points);
    let plan = planned(&server, &place.case);
    let other = Admin::dn(OTHER);
    place.admin.group("Mail Crew", "-2147483646", &[&other]).unwrap();
    let admins = ["Administrator", "Mail Crew"].map(Admin::dn);
    place.admin.set(&Admin::dn("Domain Admins"), "member", &[&admins[0], &admins[1]]).unwrap();

    let wanted = place.case.wanted();
    let facts = block_on(Vipre.gather(&server, &wanted)).unwrap();
    let installation = Vipre.detect(&facts).unwrap().unwrap();
    let findings = Vipre.assess(&installation, &facts, &wanted);
    let refused = findings.iter().find(|finding| finding.code == Code::AccountIsAdmin).unwrap();
    assert_eq!(refused.severity, Severity::Blocker);

    // The plan was made before: it is found again at the run, before anything is detached.
    let mut journal = begun(&server, &plan);
    let person = Person::away(&server.sim);
    let answer = process(&server, &person, &mut journal, &plan).ok();
    assert_eq!(answer, Some(Ok(Stop::Finished(Finish::RolledBack))));
    let found = self::refused(&journal, Code::AccountIsAdmin).found;
    assert!(found.unwrap().contains("Mail Crew > Domain Admins"));
    let agents = block_on(server.transport().agents()).unwrap();
    assert!(agents.len() >= vipre::AGENTS.len(), "nothing was detached");
}

/// Between the plan and the run somebody makes an account of that name, with all the rights that he likes.
#[test]
fn v8_an_account_that_somebody_else_made_meanwhile_is_not_taken_over() {
    let mut place = Place::new("account created, password generated");
    let points = Points::end_at(None);
    let server = place.server(&points);
    let plan = planned(&server, &place.case);
    let mut journal = begun(&server, &plan);
    place.admin.user(OTHER, "Somebody-Elses-1").unwrap();
    place.admin.set(&Admin::dn(OTHER), "description", &["of the accounting department"]).unwrap();
    let before = place.admin.value(OTHER, "pwdLastSet").unwrap();
    let person = Person::away(&server.sim);
    let answer = process(&server, &person, &mut journal, &plan).ok();
    assert_eq!(answer, Some(Ok(Stop::Finished(Finish::RolledBack))));
    refused(&journal, Code::AccountExists);
    assert_eq!(place.admin.value(OTHER, "pwdLastSet").unwrap(), before);
    assert_eq!(place.admin.value(OTHER, "description").unwrap().unwrap(), "of the accounting department");
    let name = AccountName::parse(&format!(r"{NETBIOS}\{OTHER}")).unwrap();
    let theirs = Secret::new("Somebody-Elses-1");
    assert_eq!(block_on(server.ldap.try_credentials(&name, &theirs)).unwrap(), Credentials::Valid);
}
