//! What the vendor's article asks for, point by point, where no crash is needed to show it.

use futures::executor::block_on;
use mailsec_core::{
    host::{PendingRestart, PendingWeight},
    plan::{Choice, Snapshot},
    product::{
        AccountChoice, BackupChoice, InstallerChoice, MailSecurityProduct, RulesChoice, UpgradeRequest,
    },
    upgrade::{Event, Finish, GateKind, StepResult},
    values::{AccountName, ServerPath, StepId},
};
use mailsec_crash_tests::{
    End, Person, Secrets, Trial, obliging, plan, plan_with, request, subject, unchanged,
};
use mailsec_simulator::{
    SimHost, World,
    explore::{Crash, Takes},
    faults::Fault,
    oracle,
    tape::CrashAt,
    worlds::{self, vipre, vipre_45},
};
use mailsec_vipre::Vipre;

fn finished(trial: &mut Trial) {
    let person = Person::new(&trial.host, obliging);
    assert_eq!(trial.run(&person), End::Finished(Finish::Succeeded));
}

fn wanted(change: impl FnOnce(&mut UpgradeRequest)) -> UpgradeRequest {
    let mut wanted = request();
    change(&mut wanted);
    wanted
}

#[test]
fn the_product_is_called_by_the_name_of_its_version() {
    let trial = plan(vipre_45(), &request()).unwrap();
    assert_eq!(trial.plan.naming.before, "VIPRE Email Security for Exchange");
    assert_eq!(trial.plan.naming.after, "VIPRE Email Security - Server Edition");
    assert!(trial.findings.iter().any(|finding| finding.message.contains("changes its name")));
}

#[test]
fn the_folder_and_the_service_are_found_and_it_is_said_how() {
    let host = SimHost::in_memory(vipre_45());
    let facts = block_on(Vipre.gather(&host, &request())).unwrap();
    let found = Vipre.detect(&facts).unwrap().unwrap();
    assert_eq!(found.folder.as_str(), vipre::FOLDER);
    assert_eq!(found.folder_found, "InstallLocation of the package");
    assert_eq!(found.services[0].display, "VIPRE Email Security Plugin Manager".into());
    assert_eq!(found.services[0].account, vipre::ACCOUNT.into());
}

#[test]
fn the_backup_is_a_copy_of_every_file_and_can_be_left_out_only_with_a_reason() {
    let mut trial = plan(vipre_45(), &request()).unwrap();
    finished(&mut trial);
    let Some(Snapshot::Backup { target, files, .. }) =
        trial.loaded().state.output(&StepId::new("back-up-settings")).cloned()
    else {
        panic!("no backup")
    };
    let (settings, copy) = (vipre::path("Settings"), target.join("files"));
    let world = trial.host.world();
    let mut compared = 0;
    for file in trial.before.disk.below(&settings) {
        let copied = world.disk.read(&copy.join(file.path.below(&settings).unwrap())).unwrap();
        assert_eq!(copied.digest(), file.content.digest(), "{}", file.path);
        compared += 1;
    }
    assert_eq!(compared, files);
    assert!(!target.is_under(&ServerPath::new(vipre::FOLDER)));

    let skip = wanted(|r| r.backup = BackupChoice::Skip("a snapshot of the machine exists".to_owned()));
    let trial = plan(vipre_45(), &skip).unwrap();
    let reason = ("back-up".to_owned(), "a snapshot of the machine exists".to_owned());
    assert!(trial.plan.choices.left_out.contains(&reason));
}

#[test]
fn exported_rules_are_asked_for_until_they_are_there_new_and_not_empty() {
    let file = ServerPath::new(r"C:\ProgramData\mailsec\rules.xml");
    let export = wanted(|r| r.rules = RulesChoice::Export(file.clone()));
    let mut trial = plan(vipre_45(), &export).unwrap();
    // An export of another time lies there already.
    trial.change(|world| world.person_saves(&file, b"<Rules />")).unwrap();
    trial.change(|world| world.pass(std::time::Duration::from_secs(60))).unwrap();
    let save = |content: &'static [u8], file: ServerPath| {
        move |host: &SimHost| host.change(|world| world.person_saves(&file, content)).unwrap().unwrap()
    };
    let (empty, good) = (save(b"", file.clone()), save(b"<Rules />", file.clone()));
    let person = Person::new(&trial.host, move |host, gate, _| {
        match gate.id.to_string().as_str() {
            "export-rules#1" => {}
            "export-rules#2" => empty(host),
            "export-rules#3" => good(host),
            other => panic!("{other}"),
        }
        Some(Choice::Done)
    });
    assert_eq!(trial.run(&person), End::Finished(Finish::Succeeded));
    assert_eq!(person.asked().len(), 3);
}

#[test]
fn a_created_account_is_a_plain_user_that_never_expires_and_the_service_logs_on_with_it() {
    let account = AccountName::parse(r"LAB\svc-mail").unwrap();
    let create = wanted(|r| r.account = AccountChoice::Create { account: account.clone(), generate: true });
    let mut trial = plan_with(vipre_45(), &create, Secrets::new()).unwrap();
    finished(&mut trial);
    let world = trial.host.world();
    let user = &world.directory.users["svc-mail"];
    assert!(user.enabled && user.password_never_expires && user.account_never_expires);
    assert_eq!((user.groups.as_slice(), user.primary.as_str()), ([].as_slice(), "Domain Users"));
    assert_eq!(world.service(vipre::SERVICE).unwrap().account, r"LAB\svc-mail".into());
    assert_eq!(mailsec_crash_tests::accounts_work(&world), Ok(()));
}

#[test]
fn the_attended_installer_is_asked_for_in_the_words_of_the_article_and_then_verified() {
    let attended = wanted(|r| r.mode = InstallerChoice::Attended);
    let mut trial = plan(vipre_45(), &attended).unwrap();
    // First the person says that it is done, and it is not.
    let person = Person::new(&trial.host, |host, gate, state| {
        let todo = gate.question.todo.join("\n");
        for words in [vipre::ACCOUNT, "choose Yes", "contact the vendor's support"] {
            assert!(todo.contains(words), "{words}: {todo}");
        }
        if gate.id.to_string() != "run-installer#1" {
            assert!(gate.question.why.contains("did not verify"), "{}", gate.question.why);
            mailsec_crash_tests::installs(host, gate, state);
        }
        Some(Choice::Done)
    });
    assert_eq!(trial.run(&person), End::Finished(Finish::Succeeded));
    assert_eq!(person.asked().iter().map(|(why, _)| *why).collect::<Vec<_>>(), [GateKind::Planned; 2]);
}

#[test]
fn a_restart_that_an_attended_installer_asks_for_happens_whatever_is_interrupted() {
    let attended = wanted(|r| r.mode = InstallerChoice::Attended);
    let wants = |world: &mut World| Fault::InstallerExit(3010).apply(world);
    let calm = plan(vipre_45(), &attended).unwrap().struck_by(wants);
    let mut whole = calm.again();
    finished(&mut whole);
    for crash in Crash::BOTH {
        for point in 0..whole.host.points().len() {
            let mut trial = calm.again();
            trial.crash = Takes::Down(crash);
            trial.host.set_tape(CrashAt::new(point));
            finished(&mut trial);
            let again = trial.host.look(|world| world.boots > trial.before.boots && !world.wants_restart());
            assert!(again, "{crash} at point {point}");
        }
    }
    let events = whole.events();
    assert!(events.iter().any(|event| matches!(event, Event::RestartProven { .. })));
}

#[test]
fn a_restart_that_a_person_overlooked_is_seen_on_the_server_and_one_that_noise_asks_for_is_not() {
    let attended = wanted(|r| r.mode = InstallerChoice::Attended);
    let product = vipre::path(r"Definitions\old.dll");
    // The simulated installer leaves the second of these as well: then it stands there twice.
    let noise =
        format!("{product} (deleted)\nC:\\Config.Msi\\51c7a.rbf (deleted)\nC:\\Scanner\\defs.tmp (deleted)");
    for wants in [false, true] {
        let mut trial = plan(vipre_45(), &attended).unwrap().struck_by(|world| {
            world.pending.push(PendingRestart {
                sign: "PendingFileRenameOperations".to_owned(),
                detail: noise.clone(),
                weight: PendingWeight::Warn,
            });
            if wants {
                Fault::InstallerExit(3010).apply(world);
            }
        });
        let person = Person::new(&trial.host, |host, gate, state| {
            mailsec_crash_tests::installs(host, gate, state);
            Some(Choice::Done)
        });
        assert_eq!(trial.run(&person), End::Finished(Finish::Succeeded));
        let restarts =
            trial.events().iter().filter(|event| matches!(event, Event::RestartProven { .. })).count();
        assert_eq!(restarts, usize::from(wants), "whether it wants one: {wants}");
        assert_eq!(trial.host.look(World::wants_restart), !wants);
    }
}

/// As with an installer that replaced many files of long names and was not restarted for: they go with the intents of the
/// installer and of the removal.
#[test]
fn no_list_of_renames_is_too_long_for_the_journal() {
    let attended = wanted(|r| r.mode = InstallerChoice::Attended);
    let line = |at: usize| format!("{} (deleted)", vipre::path(&format!(r"Data\{at:0>1100}.dat")));
    let mut trial = plan(vipre_45(), &attended).unwrap().struck_by(|world| {
        world.pending.push(PendingRestart {
            sign: "PendingFileRenameOperations".to_owned(),
            detail: (0..200).map(line).collect::<Vec<_>>().join("\n"),
            weight: PendingWeight::Warn,
        });
    });
    let person = Person::new(&trial.host, |host, gate, state| {
        mailsec_crash_tests::installs(host, gate, state);
        Some(Choice::Done)
    });
    assert_eq!(trial.run(&person), End::Finished(Finish::Succeeded));
    // What was not kept counts as new.
    assert!(trial.events().iter().any(|event| matches!(event, Event::RestartProven { .. })));
}

#[test]
fn what_the_installers_gate_says_of_an_error_leads_back() {
    let attended = wanted(|r| r.mode = InstallerChoice::Attended);
    let mut trial = plan(vipre_45(), &attended)
        .unwrap()
        .struck_by(|world| (0..3).for_each(|_| Fault::InstallerExit(1603).apply(world)));
    let person = Person::new(&trial.host, |host, gate, state| {
        mailsec_crash_tests::installs(host, gate, state);
        let says = |words: &str| gate.question.todo.iter().any(|todo| todo.contains(words));
        assert!(says("on any other error") && says("answer roll-back") && !says("abandon"), "{gate:?}");
        Some(Choice::RollBack)
    });
    assert_eq!(trial.run(&person), End::Finished(Finish::RolledBack));
    assert_eq!(person.asked().len(), 1);
    assert_eq!(unchanged(&trial.before, &trial), [""; 0]);
}

#[test]
fn an_attended_installer_that_left_the_service_another_account_is_noticed() {
    let attended = wanted(|r| r.mode = InstallerChoice::Attended);
    let mut trial = plan(vipre_45(), &attended).unwrap();
    let set = |host: &SimHost, account: &str| {
        let account = account.to_owned();
        host.change(|world| {
            world.services.get_mut(vipre::SERVICE.to_lowercase().as_str()).unwrap().account = account.into()
        })
        .unwrap();
    };
    let person = Person::new(&trial.host, move |host, gate, state| match gate.why {
        GateKind::Planned => {
            mailsec_crash_tests::installs(host, gate, state);
            set(host, "LocalSystem");
            Some(Choice::Done)
        }
        _ => {
            assert_eq!(gate.id.to_string(), "verify-service-account#2");
            assert!(gate.question.why.contains("LocalSystem"), "{}", gate.question.why);
            set(host, vipre::ACCOUNT);
            Some(Choice::Retry)
        }
    });
    assert_eq!(trial.run(&person), End::Finished(Finish::Succeeded));
    assert_eq!(person.asked().len(), 2);
}

#[test]
fn an_agent_that_was_disabled_before_is_disabled_after() {
    let mut trial = plan(worlds::one_agent_disabled(), &request()).unwrap();
    finished(&mut trial);
    let flags = |agents: Vec<mailsec_core::host::Agent>| -> Vec<_> {
        agents.into_iter().map(|agent| (agent.id.name, agent.enabled, agent.priority)).collect()
    };
    assert_eq!(flags(trial.before.agents().unwrap()), flags(trial.host.world().agents().unwrap()));
    assert_eq!(oracle::none_unscanned(&trial.host.world()), Ok(()));
}

#[test]
fn the_console_is_closed_and_the_interruption_of_mail_is_in_the_report() {
    for name in ["silent, held", "silent, unscanned"] {
        let mut trial = subject(name).trial();
        assert!(!trial.before.processes.is_empty());
        finished(&mut trial);
        assert!(trial.host.world().processes.is_empty(), "{name}");
        let (mail, world) = (trial.loaded().report.mail, trial.host.world().mail);
        let stopped = mail.held_ms + mail.down_ms;
        assert!(stopped.abs_diff(world.closed_ms) < 100, "{name}: {mail:?}");
        assert!(mail.unscanned_ms.abs_diff(world.unscanned_ms) < 100, "{name}: {mail:?}");
    }
}

#[test]
fn the_report_proves_that_the_new_version_runs() {
    let mut trial = plan(vipre_45(), &request()).unwrap();
    finished(&mut trial);
    let report = trial.loaded().report;
    assert_eq!(report.finish, Some(Finish::Succeeded));
    for id in ["verify-version-at-end", "verify-agents", "start-plugin-manager", "probe-mail"] {
        let step = report.steps.iter().find(|step| step.id.as_str() == id).unwrap();
        assert_eq!(step.result, StepResult::Done, "{id}");
        assert!(!step.evidence.is_empty(), "{id}");
    }
    assert_eq!(trial.host.world().installed_version(vipre::NEW_NAME).as_deref(), Some(vipre::NEW_VERSION));
    assert!(report.mail_within_budget);
    assert!(!trial.events().iter().any(|event| matches!(event, Event::StepFailed { .. })));
}

#[test]
fn an_installer_that_outlives_its_time_limit_is_waited_for_and_not_run_again() {
    let mut trial = plan(vipre_45(), &request())
        .unwrap()
        .with_plan(|plan| {
            for step in &mut plan.steps {
                if step.id.as_str() == "run-installer" {
                    step.limit_secs = 20;
                }
            }
        })
        .unwrap();
    finished(&mut trial);
    let completed = trial.host.world().events.iter().filter(|event| event.id == 11_707).count();
    assert_eq!(completed, 1);
}
