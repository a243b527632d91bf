//! What the vendor's pages ask for, point by point, where no crash is needed to show it.

use futures::executor::block_on;
use mailsec_core::{
    failure::Code,
    plan::{Choice, Operation, Snapshot},
    product::{Finding, MailSecurityProduct, Method, Severity, UpgradeRequest},
    upgrade::{Event, Finish, GateKind, StepResult},
    values::{ServerPath, StepId, Version},
};
use mailsec_crash_tests::{
    End, Person, Trial, eset::request, people::eset::obliging, plan, planned, subject,
};
use mailsec_eset::Eset;
use mailsec_simulator::{
    SimHost, World, oracle,
    worlds::{
        eset::{self, Build},
        eset_installers as installers,
    },
};

fn wanted(change: impl FnOnce(&mut UpgradeRequest)) -> UpgradeRequest {
    let mut wanted = request();
    change(&mut wanted);
    wanted
}

fn finished(trial: &mut Trial) {
    let person = Person::new(&trial.host, obliging);
    assert_eq!(trial.run(&person), End::Finished(Finish::Succeeded));
}

fn refused(world: World, request: &UpgradeRequest) -> Vec<Finding> {
    let findings = plan(world, request).err().expect("a refusal");
    findings.into_iter().filter(|finding| finding.severity == Severity::Blocker).collect()
}

fn values(trial: &Trial, step: &str) -> std::collections::BTreeMap<String, String> {
    match trial.loaded().state.output(&StepId::new(step)) {
        Some(Snapshot::Vendor { values, .. }) => values.clone(),
        other => panic!("{step} left {other:?}"),
    }
}

fn done_at(trial: &Trial, step: &str) -> usize {
    let applied = |event: &Event| matches!(event, Event::StepApplied { step: done, .. } | Event::RestartProven { step: done, .. } if done.as_str() == step);
    trial.events().iter().position(applied).unwrap_or_else(|| panic!("{step} was not done"))
}

#[test]
fn the_product_is_found_by_its_own_key_and_it_is_said_how() {
    let found = |world| {
        let host = SimHost::in_memory(world);
        let facts = block_on(Eset.gather(&host, &request())).unwrap();
        Eset.detect(&facts).unwrap()
    };
    let installation = found(eset::eset_65()).unwrap();
    assert_eq!(installation.name, eset::NAME);
    assert_eq!(installation.version, Version::parse("6.5.10059.0").unwrap());
    assert_eq!(installation.folder, Build::V65.folder());
    assert!(installation.folder_found.starts_with("InstallDir in HKLM"), "{}", installation.folder_found);
    assert_eq!(installation.product_code.as_deref(), Some(Build::V65.code()));
    assert_eq!(installation.agents[0].id.name, Build::V65.agent().0.into());

    // Without the key the installed package tells, and it is said.
    let mut world = eset::eset_65();
    let view = mailsec_core::host::RegistryView::Wide;
    world.registry.remove(view, mailsec_simulator::world::eset::INFO);
    assert_eq!(found(world).unwrap().folder_found, "InstallLocation of the package");

    // ESET's other products have the same key, and are not meant.
    let mut world = eset::eset_65();
    for build in [Build::V65] {
        for (key, _) in installers::keys(build) {
            for name in ["ProductName", "DisplayName"] {
                if world.registry.value(view, &key, name).is_some() {
                    world.registry.set(view, &key, name, "ESET Server Security");
                }
            }
        }
    }
    assert_eq!(found(world), None);
}

#[test]
fn the_plan_says_whether_an_upgrade_is_needed_and_which_versions_are_bad() {
    let need = |world: World, installer: &str| {
        let trial = plan(world, &wanted(|r| r.installer = ServerPath::new(installer))).unwrap();
        let about = |finding: &&Finding| finding.code == Code::VersionUnsupported;
        trial.findings.iter().find(about).map(|finding| (finding.severity, finding.message.clone())).unwrap()
    };
    let (severity, text) = need(eset::eset_73(), installers::TO_111);
    assert_eq!(severity, Severity::Warning);
    assert!(text.contains("vulnerable"), "{text}");
    let (severity, text) = need(eset::eset_65(), installers::TO_111);
    assert_eq!(severity, Severity::Note);
    assert!(text.contains("no source names this version as bad"), "{text}");
}

#[test]
fn the_export_is_proven_before_the_uninstall_and_the_settings_come_back() {
    let mut trial = subject("manual, 6.5 to 11.1, held").trial();
    assert_eq!(trial.plan.steps.iter().filter(|step| step.no_return).count(), 1);
    finished(&mut trial);
    assert!(done_at(&trial, "export-settings") < done_at(&trial, "uninstall"));
    let now = trial.host.world().eset_settings().unwrap();
    for (path, node) in &Build::V65.set_up().nodes {
        assert_eq!(now.nodes.get(path), Some(node), "{path:?}");
    }
    // What is new in the new version has its default.
    assert_eq!(now.get("plugins/SimAntispam/settings/SimBackscatter"), Some("1"));
}

#[test]
fn every_method_restarts_the_server_and_proves_it() {
    for (name, restart, installed) in [
        ("manual, 6.5 to 11.1, held", "restart-after-uninstall", "uninstall"),
        ("in place, held", "restart-server", "run-installer"),
    ] {
        let mut trial = subject(name).trial();
        finished(&mut trial);
        assert_eq!(trial.host.world().boots, trial.before.boots + 1, "{name}");
        assert!(done_at(&trial, installed) < done_at(&trial, restart), "{name}");
    }
    // On the way by hand it lies between uninstall and installation.
    let mut trial = subject("manual, 6.5 to 11.1, held").trial();
    finished(&mut trial);
    assert!(done_at(&trial, "restart-after-uninstall") < done_at(&trial, "run-installer"));
}

#[test]
fn rules_of_4_x_are_listed_and_each_is_set_up_again_or_given_up_by_name() {
    let mut trial = subject("manual, 4.5 to 11.1").trial();
    finished(&mut trial);
    let report = trial.loaded().report;
    let inventory = report.steps.iter().find(|step| step.id.as_str() == "inventory-rules").unwrap();
    let listed: Vec<&str> = inventory.evidence.iter().map(|fact| fact.of.as_str()).collect();
    assert_eq!(listed, ["rule No programs", "rule Large mail"]);
    assert!(inventory.evidence[0].seen.contains("delete attachment"), "{:?}", inventory.evidence);
    let gate = report.gates.iter().find(|gate| gate.step.as_str() == "review-rules").unwrap();
    let text = format!("{gate:?}");
    for words in ["No programs", "Large mail", "nobody needs it any more", "Ada"] {
        assert!(text.contains(words), "{words}: {text}");
    }
    // From 6.x on rules are part of what is imported, and nobody is asked.
    let later = subject("manual, 6.5 to 11.1, held").trial();
    assert!(later.plan.step(&StepId::new("review-rules")).is_none());
}

#[test]
fn settings_before_and_after_are_compared_down_to_the_entries_of_lists() {
    let mut trial = subject("manual, 4.5 to 11.1").trial();
    finished(&mut trial);
    let counts = values(&trial, "compare-settings");
    // Two rules are lost, as declared; antispam settings that are new have their defaults.
    assert_eq!(counts["alarms"], "0", "{counts:?}");
    assert_eq!(counts["lost"], "2", "{counts:?}");
    assert_eq!(counts["newly-defaulted"], "2", "{counts:?}");
    assert_eq!(counts["changed"], "0", "{counts:?}");
    let now = trial.host.world().eset_settings().unwrap();
    for list in ["SimWhitelist/1", "SimWhitelist/2", "SimBlacklist/1"] {
        let path = format!("plugins/SimAntispam/settings/{list}");
        assert_eq!(now.get(&path), Build::V45.set_up().get(&path));
    }
}

#[test]
fn what_is_lost_and_should_have_been_preserved_is_an_alarm_answered_by_name() {
    let mut trial = subject("manual, 6.5 to 11.1, held").trial();
    trial.change(|world| {
        world.faults.import_loses = Some("plugins/SimAntispam/settings/SimWhitelist".to_owned());
    });
    finished(&mut trial);
    let counts = values(&trial, "compare-settings");
    assert_eq!(counts["alarms"], counts["lost"]);
    assert_ne!(counts["alarms"], "0");
    let report = trial.loaded().report;
    let compared = report.steps.iter().find(|step| step.id.as_str() == "compare-settings").unwrap();
    assert!(
        compared
            .evidence
            .iter()
            .any(|fact| fact.of.contains("LOST") && fact.seen.contains("partner.example"))
    );
    let gate = report.gates.iter().find(|gate| gate.step.as_str() == "review-settings").unwrap();
    assert!(format!("{gate:?}").contains("SimWhitelist"), "{gate:?}");
}

#[test]
fn a_named_person_goes_through_all_settings_at_the_end_of_every_method() {
    for name in ["manual, 6.5 to 11.1, held", "in place, held"] {
        let mut trial = subject(name).trial();
        finished(&mut trial);
        let report = trial.loaded().report;
        let gate = report.gates.last().unwrap();
        assert_eq!((gate.step.as_str(), gate.why), ("review-settings", GateKind::Planned), "{name}");
        assert_eq!(gate.answer.as_ref().map(|answer| answer.by.as_str()), Some("Ada"), "{name}");
        let line = report.steps.last().unwrap();
        assert_eq!(line.result, StepResult::Done);
        assert!(line.evidence[0].seen.contains("preserved"), "{name}: {:?}", line.evidence);
    }
}

#[test]
fn a_method_that_does_not_apply_is_refused_with_the_reason_and_the_one_that_does() {
    let in_place = wanted(|r| r.method = Some(Method::InPlace));
    let rows: [(World, &UpgradeRequest, &str); 4] = [
        (eset::eset_65(), &in_place, "7.3 or later"),
        (eset::eset_restart_pending(), &in_place, "no pending restart"),
        (eset::eset_65(), &wanted(|r| r.method = Some(Method::Remote)), "management agent"),
        (eset::eset_65(), &wanted(|r| r.method = Some(Method::Cluster)), "manual or in-place"),
    ];
    for (world, request, expected) in rows {
        let findings = refused(world, request);
        let finding = findings.iter().find(|finding| finding.code == Code::MethodUnfit).unwrap();
        let facts = format!("{:?}", finding.evidence);
        assert!(facts.contains(expected), "{expected}: {facts}");
        assert!(finding.fix.as_ref().unwrap().contains("manual"), "{finding:?}");
    }
    // Left to itself the program takes the method that applies to any version, and says why.
    let trial = plan(eset::eset_65(), &request()).unwrap();
    let note = trial.findings.iter().find(|finding| finding.code == Code::MethodUnfit).unwrap();
    assert!(note.evidence[0].seen.contains("single server"), "{note:?}");
    assert!(Eset.methods().iter().all(|row| row.source.starts_with("https://")));
}

#[test]
fn in_place_keeps_the_product_and_its_settings_and_stops_when_something_became_pending() {
    let mut trial = subject("in place, held").trial();
    let uninstalls = |trial: &Trial| {
        trial.plan.steps.iter().any(|step| matches!(step.operation, Operation::Uninstall { .. }))
    };
    assert!(!uninstalls(&trial));
    finished(&mut trial);
    assert_eq!(values(&trial, "compare-settings")["lost"], "0");

    let mut trial = subject("in place, held").trial();
    let pending = eset::eset_restart_pending().pending;
    trial.change(|world| world.pending = pending);
    let person = Person::away(&trial.host);
    assert!(matches!(trial.run(&person), End::Waiting(gate) if gate.starts_with("nothing-pending")));
    assert!(
        !trial
            .events()
            .iter()
            .any(|event| matches!(event, Event::StepIntended { step, .. } if step.as_str() == "hold-mail"))
    );
}

#[test]
fn the_import_is_settled_before_anything_is_uninstalled() {
    let mut trial = subject("manual, 6.5 to 11.1, held").trial();
    let person = Person::new(&trial.host, |_, gate, _| {
        let todo = gate.question.todo.join("\n");
        assert!(gate.id.to_string().starts_with("prepare-import"), "{gate:?}");
        for words in ["ESET CMD", "XmlSignTool.exe /version 2", "--settings-password"] {
            assert!(todo.contains(words), "{words}: {todo}");
        }
        None
    });
    assert!(matches!(trial.run(&person), End::Waiting(_)));
    assert_eq!(mailsec_crash_tests::unchanged(&trial.before, &trial), [""; 0]);

    // To a version before 11.1 the signature has another form.
    let older = wanted(|r| r.installer = ServerPath::new(installers::TO_73));
    let mut trial = plan(eset::eset_65(), &older).unwrap();
    let person = Person::new(&trial.host, |_, gate, _| {
        assert!(gate.question.todo.join("\n").contains("XmlSignTool.exe /version 1"), "{gate:?}");
        None
    });
    assert!(matches!(trial.run(&person), End::Waiting(_)));
}

#[test]
fn an_agent_of_another_name_takes_the_place_of_the_one_that_is_gone() {
    let mut trial = subject("manual, 4.5 to 11.1").trial();
    finished(&mut trial);
    let place = |world: &World, name: &str| {
        let agents = world.agents().unwrap();
        agents
            .into_iter()
            .find(|agent| agent.id.name == name.into())
            .map(|agent| (agent.priority, agent.enabled))
    };
    let (old, new) = (Build::V45.agent().0, Build::V111.agent().0);
    let world = trial.host.world();
    assert_eq!(place(&trial.before, &old), place(&world, &new));
    assert_eq!(place(&world, &old), None);
    assert_eq!(oracle::none_unscanned(&world), Ok(()));
    assert_eq!(oracle::transport_in_effect(&world), Ok(()));
}

#[test]
fn an_uninstall_cannot_be_planned_without_a_proven_export() {
    let good = subject("manual, 6.5 to 11.1, held").trial().plan.as_ref().clone();
    let mut plan = good.clone();
    for step in &mut plan.steps {
        if let Operation::Vendor { traits, .. } = &mut step.operation {
            traits.proves_export = false;
        }
    }
    let broken = mailsec_core::plan::lint(&plan);
    for rule in ["the export is proven before an uninstall", "a backup before anything is detached"] {
        assert!(broken.iter().any(|failure| failure.message.contains(rule)), "{rule}: {broken:?}");
    }
    let mut plan = good.clone();
    plan.steps.retain(|step| step.id.as_str() != "check-installer");
    let broken = mailsec_core::plan::lint(&plan);
    assert!(broken.iter().any(|failure| failure.message.contains("the installer is checked")), "{broken:?}");
    let mut plan = good;
    plan.steps.retain(|step| step.id.as_str() != "locate-product");
    let broken = mailsec_core::plan::lint(&plan);
    assert!(broken.iter().any(|failure| failure.message.contains("refers to an earlier one")), "{broken:?}");
}

#[test]
fn what_a_vendor_does_by_itself_is_explained_from_the_plan_alone() {
    for case in mailsec_crash_tests::eset::ALL {
        let plan = planned(case).trial().plan;
        let read = mailsec_core::plan::Plan::read(&plan.sealed()).unwrap();
        assert_eq!((&read, read.hash()), (&*plan, plan.hash()), "{}", case.name);
        let step = read.step(&StepId::new("export-settings")).unwrap();
        let told = mailsec_core::plan::explain(step);
        assert!(told.what.contains("settings.xml"), "{}: {told:?}", case.name);
    }
}

#[test]
fn a_choice_to_go_on_without_a_proven_export_is_not_offered() {
    let mut trial = subject("manual, 6.5 to 11.1, held").trial();
    trial.change(|world| world.faults.export = Some(mailsec_simulator::faults::SpoiltExport::Empty));
    let person = Person::new(&trial.host, |_, gate, _| {
        assert_eq!(gate.choices, [Choice::Retry, Choice::RollBack, Choice::Abandon]);
        Some(Choice::RollBack)
    });
    assert_eq!(trial.run(&person), End::Finished(Finish::RolledBack));
    assert_eq!(mailsec_crash_tests::unchanged(&trial.before, &trial), [""; 0]);
}
