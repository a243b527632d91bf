//! The way back: from a failure at each step, with a crash at every point of it.

use mailsec_core::{
    host::{StartMode, TransportService},
    plan::{Choice, UnscannedPolicy},
    product::{AccountChoice, UpgradeRequest},
    upgrade::{Finish, GateKind},
    values::{Secret, SecretRef, ServerPath},
};
use mailsec_crash_tests::{
    Crash, End, Person, Secrets, Takes, Trial, accounts_work, given, obliging, plan, plan_with, report,
    request, unchanged,
};
use mailsec_simulator::{
    CrashAt, Fault, World, oracle,
    worlds::{installers, vipre, vipre_45},
};

/// What makes one step fail for good, before the point of no return.
struct Trouble {
    step: &'static str,
    request: fn(&mut UpgradeRequest),
    strikes: fn(&mut World),
}

fn usual(_: &mut UpgradeRequest) {}

fn apply(world: &mut World, fault: &Fault) {
    fault.apply(world);
}

const TROUBLES: &[Trouble] = &[
    Trouble {
        step: "check-installer",
        request: usual,
        strikes: |world| world.disk.put(&ServerPath::new(installers::RIGHT), "another file", world.now),
    },
    Trouble {
        step: "back-up-settings",
        request: usual,
        strikes: |world| apply(world, &Fault::FileUnreadable(vipre::path(r"Settings\Config.xml"))),
    },
    Trouble {
        step: "check-account",
        request: usual,
        strikes: |world| {
            if let Some(user) = world.directory.users.get_mut("svc-vipre") {
                user.groups.push("Night Shift".to_owned());
            }
        },
    },
    Trouble {
        step: "restart-plugin-manager",
        request: |request| request.account = AccountChoice::Reset { generate: true },
        strikes: |world| apply(world, &Fault::ServiceDoesNotStart(vipre::SERVICE.to_owned(), 1)),
    },
    Trouble {
        step: "snapshot-agents",
        request: usual,
        strikes: |world| {
            let hub = TransportService::Hub;
            let rows = world.agent_rows(hub).unwrap_or_default();
            let left = rows.iter().filter(|row| row.name != vipre::AGENTS[1].0.into()).cloned().collect();
            _ = world.set_agent_rows(hub, left);
        },
    },
    Trouble {
        step: "unregister-agents",
        request: usual,
        // The Exchange shell needs it; a boot must not bring it back.
        strikes: |world| {
            _ = world.person_stops("W3SVC");
            _ = world.service_mut("W3SVC").map(|service| service.start = StartMode::Manual);
        },
    },
    Trouble {
        step: "run-installer",
        request: |request| request.installer = ServerPath::new(installers::FAILS),
        strikes: |_| {},
    },
];

impl Trouble {
    fn trial(&self, unscanned: UnscannedPolicy) -> Trial {
        let mut wanted = request();
        wanted.unscanned = unscanned;
        (self.request)(&mut wanted);
        let secrets = if wanted.account == AccountChoice::Keep { given() } else { Secrets::new() };
        plan_with(vipre_45(), &wanted, secrets).unwrap().struck_by(self.strikes)
    }
}

/// Rolled back, and the server as it was; a password that was reset stays, and the service has it.
fn back_again(trial: &Trial, end: &End) -> Vec<String> {
    let mut wrong = unchanged(&trial.before, trial);
    if *end != End::Finished(Finish::RolledBack) {
        let last = trial.events().into_iter().rev().take(2).map(|event| format!("{event:?}"));
        wrong.push(format!("{end:?}: {}", last.collect::<Vec<_>>().join("; ")));
    }
    wrong
}

#[test]
fn a_failure_at_each_step_is_taken_back_with_a_crash_at_every_point_of_the_way() {
    let mut wrong = Vec::new();
    let mut runs = 0;
    for trouble in TROUBLES {
        for unscanned in [UnscannedPolicy::Hold, UnscannedPolicy::Allow] {
            let planned = trouble.trial(unscanned);
            let mut calm = planned.again();
            let end = calm.run(&Person::away(&calm.host));
            let mut say = |what: &str, found: Vec<String>| {
                if !found.is_empty() {
                    wrong.push(format!("{}, {unscanned:?}, {what}: {}", trouble.step, found.join("; ")));
                }
            };
            say("undisturbed", back_again(&calm, &end));
            for crash in Crash::BOTH {
                for (point, label) in calm.host.points().iter().enumerate() {
                    let mut trial = planned.again();
                    trial.crash = Takes::Down(crash);
                    trial.host.set_tape(CrashAt::new(point));
                    let end = trial.run(&Person::new(&trial.host, obliging));
                    runs += 1;
                    // A boot may end the trouble: a service that was stopped starts, a start works the second time.
                    if end != End::Finished(Finish::Succeeded) {
                        say(&format!("{crash:?}, point {point} ({label})"), back_again(&trial, &end));
                    }
                    // Unless the trouble itself is an agent that somebody took away.
                    if unscanned == UnscannedPolicy::Hold
                        && trouble.step != "snapshot-agents"
                        && let Err(found) = oracle::none_unscanned(&trial.host.world())
                    {
                        say(&format!("{crash:?}, point {point} ({label})"), vec![found]);
                    }
                }
            }
        }
    }
    println!("{runs} runs");
    report(&wrong);
}

#[test]
fn a_way_back_that_needs_the_former_password_asks_for_it_and_goes_on() {
    let mut wanted = request();
    let account = mailsec_core::values::AccountName::parse(r"LAB\svc-mail").unwrap();
    wanted.account = AccountChoice::Create { account, generate: true };
    wanted.installer = ServerPath::new(installers::FAILS);
    let mut trial = plan_with(vipre_45(), &wanted, Secrets::new()).unwrap();
    let before = trial.host.world();
    let person = Person::away(&trial.host);
    assert!(matches!(trial.run(&person), End::Waiting(gate) if gate.starts_with("set-service-account")));
    assert_eq!(person.asked().last().unwrap().0, GateKind::UndoFailed);
    // Until then the service can log on: the new account is not deleted under it.
    assert_eq!(accounts_work(&trial.host.world()), Ok(()));

    let former = [(SecretRef::new("former-account-password"), Secret::new(vipre::PASSWORD))];
    let mut trial = trial.with_secrets(former.into());
    let person = Person::new(&trial.host, |_, gate, _| Some(gate.choices[0]));
    assert_eq!(trial.run(&person), End::Finished(Finish::RolledBack));
    assert_eq!(unchanged(&before, &trial), [""; 0]);
    assert!(!trial.host.world().directory.users.contains_key("svc-mail"));
}

#[test]
fn what_mail_depends_on_cannot_be_left_out() {
    let mut trial = plan(vipre_45(), &request()).unwrap();
    trial.change(|world| apply(world, &Fault::ServiceDoesNotStart("MSExchangeTransport".to_owned(), 1)));
    let person = Person::new(&trial.host, |_, gate, _| {
        assert!(gate.id.to_string().starts_with("release-mail"), "{gate:?}");
        assert_eq!(gate.choices, [Choice::Retry, Choice::Abandon]);
        Some(Choice::Retry)
    });
    assert_eq!(trial.run(&person), End::Finished(Finish::Succeeded));
    assert_eq!(oracle::none_unscanned(&trial.host.world()), Ok(()));
}

#[test]
fn a_program_that_broke_off_half_way_is_nothing_to_guess_about() {
    let mut wanted = request();
    wanted.installer = ServerPath::new(installers::RIGHT_EXE);
    let mut trial = plan(vipre_45(), &wanted).unwrap();
    trial.change(|world| apply(world, &Fault::InstallerExit(1603)));
    let person = Person::new(&trial.host, |_, gate, _| {
        assert_eq!(gate.why, GateKind::InDoubt);
        assert_eq!(gate.choices, [Choice::Retry, Choice::CountAsDone, Choice::RollBack, Choice::Abandon]);
        Some(Choice::Retry)
    });
    assert_eq!(trial.run(&person), End::Finished(Finish::Succeeded));
    assert_eq!(person.asked().len(), 1);
}
