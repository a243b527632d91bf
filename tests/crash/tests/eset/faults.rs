//! What goes wrong on servers, by name: it strikes after the plan was made. Each row says how the upgrade ends with
//! nobody there but the one who answers the plan's own questions, and what a person then needs to get to the end.

use mailsec_core::{
    plan::{Choice, Operation},
    upgrade::{Finish, GateKind},
    values::ServerPath,
};
use mailsec_crash_tests::{
    End, Person, Trial,
    eset::{request, settings_password},
    people::eset::{import_file, obliging},
    plan, plan_with, subject, unchanged,
};
use mailsec_simulator::{
    World,
    catalogue::{self, Scene},
    oracle,
    world::eset::SETTINGS_PASSWORD,
    worlds::{eset, eset_installers},
};

fn ended(end: &End) -> String {
    match end {
        End::Finished(how) => format!("{how:?}"),
        End::Waiting(gate) => format!("asks: {gate}"),
        other => format!("{other:?}"),
    }
}

const MANUAL: &str = "manual, 6.5 to 11.1, held";
const IN_PLACE: &str = "in place, held";

/// The fault, and the end by the manual method and in place.
type Row = (&'static str, [&'static str; 2]);

const TABLE: &[Row] = &[
    ("export tool fails", ["asks: export-settings"; 2]),
    ("export is not there", ["asks: export-settings"; 2]),
    ("export is empty", ["asks: export-settings"; 2]),
    ("export is foreign", ["asks: export-settings"; 2]),
    ("export of another build", ["asks: export-settings"; 2]),
    ("settings are lost in the import", ["Succeeded"; 2]),
    ("installer wants a restart", ["Succeeded"; 2]),
    ("installer has begun a restart", ["Succeeded"; 2]),
    ("another installation runs", ["Succeeded"; 2]),
    ("installer fails", ["RolledBack"; 2]),
    ("installer is cancelled", ["asks: uninstall", "asks: run-installer"]),
    ("locked agent assembly", ["Succeeded"; 2]),
    ("locked agent assembly fails the installer", ["RolledBack"; 2]),
    ("missing assembly after the installation", ["asks: register-agents"; 2]),
    ("spontaneous reboot", ["Succeeded"; 2]),
    ("restart does not happen", ["Succeeded"; 2]),
    ("disk full", ["asks: export-settings"; 2]),
    ("service does not start", ["Succeeded"; 2]),
    ("transport does not start", ["asks: release-mail"; 2]),
    ("mail is refused", ["asks: probe-mail"; 2]),
    ("agents.config is damaged", ["RolledBack"; 2]),
];

#[test]
fn every_named_fault_ends_in_a_safe_state() {
    let mut found: Vec<(&str, [String; 2])> = Vec::new();
    for (method, name) in [MANUAL, IN_PLACE].into_iter().enumerate() {
        let subject = subject(name);
        let sound = &subject.planned().before;
        for (fault, strikes) in catalogue::eset(&Scene::of(&subject.planned().plan, sound)) {
            let mut trial = subject.trial().struck_by(|world| strikes.apply(world));
            let end = ended(&trial.run(&Person::new(&trial.host, obliging)));
            // Gates have numbers, which tell nothing here.
            let end = end.split('#').next().unwrap_or_default().to_owned();
            if end == "RolledBack" || end.contains("export-settings") {
                assert_eq!(unchanged(&trial.before, &trial), [""; 0], "{fault}");
            }
            assert_eq!(oracle::none_unscanned(&trial.host.world()), Ok(()), "{fault}");
            if end.starts_with("asks") {
                put_right_and_retry(trial, sound, fault);
            }
            match found.iter_mut().find(|(known, _)| *known == fault) {
                Some((_, ends)) => ends[method] = end,
                None => found.push((fault, [end, String::new()])),
            }
        }
    }
    let table: Vec<_> = TABLE.iter().map(|(name, ends)| (*name, ends.map(str::to_owned))).collect();
    assert_eq!(found, table);
}

fn put_right_and_retry(mut trial: Trial, sound: &World, name: &str) {
    trial.change(|world| catalogue::put_right(world, sound));
    let person = Person::new(&trial.host, |host, gate, state| match gate.why {
        GateKind::Failed => Some(Choice::Retry),
        _ => obliging(host, gate, state),
    });
    assert_eq!(trial.run(&person), End::Finished(Finish::Succeeded), "{name}");
    assert_eq!(oracle::transport_in_effect(&trial.host.world()), Ok(()), "{name}");
}

#[test]
fn an_import_that_is_refused_asks_with_the_exact_steps_and_goes_on_once_it_is_allowed() {
    let mut trial = subject(MANUAL).trial();
    // The person says done, and has not enabled it.
    let forgetful = Person::new(&trial.host, |host, gate, state| {
        let enables = state
            .plan_steps()
            .get(gate.step)
            .is_some_and(|step| matches!(step.operation, Operation::Gate { .. }));
        if enables { Some(Choice::Done) } else { obliging(host, gate, state) }
    });
    assert!(matches!(trial.run(&forgetful), End::Waiting(gate) if gate.starts_with("import-settings")));
    let gate = trial.loaded().state.gate.unwrap();
    let todo = gate.question.todo.join("\n");
    for words in ["Enable advanced ecmd commands", "XmlSignTool.exe /version 2", "import.xml"] {
        assert!(todo.contains(words), "{words}: {todo}");
    }
    assert!(!gate.choices.contains(&Choice::Skip), "nobody leaves the settings behind by a word");
    trial.change(|world| world.person_enables_commands(false));
    let person = Person::new(&trial.host, |host, gate, state| match gate.why {
        GateKind::Failed => Some(Choice::Retry),
        _ => obliging(host, gate, state),
    });
    assert_eq!(trial.run(&person), End::Finished(Finish::Succeeded));
}

#[test]
fn a_signature_that_is_missing_asks_and_the_signed_file_is_taken() {
    let mut trial = subject(MANUAL).trial();
    fn protect(world: &mut World) {
        world.vault.products.insert(SETTINGS_PASSWORD.to_owned(), eset::PASSWORD.to_owned());
        world.person_enables_commands(true);
    }
    let unsigned = Person::new(&trial.host, |host, gate, state| {
        let enables = state
            .plan_steps()
            .get(gate.step)
            .is_some_and(|step| matches!(step.operation, Operation::Gate { .. }));
        if enables {
            host.change(protect).unwrap();
            return Some(Choice::Done);
        }
        obliging(host, gate, state)
    });
    assert!(matches!(trial.run(&unsigned), End::Waiting(gate) if gate.starts_with("import-settings")));
    let file = import_file(&trial.loaded().state).unwrap();
    trial.change(|world| world.person_signs(&file)).unwrap();
    let person = Person::new(&trial.host, |host, gate, state| match gate.why {
        GateKind::Failed => Some(Choice::Retry),
        _ => obliging(host, gate, state),
    });
    assert_eq!(trial.run(&person), End::Finished(Finish::Succeeded));
}

#[test]
fn a_file_to_be_imported_that_somebody_edited_is_refused_before_the_uninstall() {
    let mut trial = subject(MANUAL).trial();
    let person = Person::new(&trial.host, |host, gate, state| {
        let file = import_file(state).unwrap();
        if gate.id.to_string() == "prepare-import#1" {
            let edited = |world: &mut World| {
                let text = world
                    .disk
                    .read(&file)
                    .unwrap()
                    .text()
                    .unwrap()
                    .replace("partner.example", "evil.example");
                world.person_saves(&file, text.as_bytes())
            };
            host.change(edited).unwrap().unwrap();
            return Some(Choice::Done);
        }
        assert!(gate.question.why.contains("other settings than the export"), "{}", gate.question.why);
        None
    });
    assert!(matches!(trial.run(&person), End::Waiting(gate) if gate == "prepare-import#2"));
    assert_eq!(unchanged(&trial.before, &trial), [""; 0]);
}

#[test]
fn a_protected_product_is_not_removed_without_its_password_and_the_server_is_left_as_it_was() {
    for wrong in [false, true] {
        let mut wanted = request();
        wanted.settings_password = wrong;
        let mut secrets = settings_password();
        for secret in secrets.values_mut() {
            *secret = mailsec_core::values::Secret::new("Not-The-Password-1");
        }
        let mut trial = plan_with(eset::eset_protected(), &wanted, secrets).unwrap();
        let person = Person::new(&trial.host, obliging);
        assert_eq!(trial.run(&person), End::Finished(Finish::RolledBack));
        assert_eq!(unchanged(&trial.before, &trial), [""; 0]);
        let told = format!("{:?}", trial.loaded().report.steps);
        assert!(told.contains("exit code 1603"), "{told}");
        assert_eq!(told.contains("password that it was given is wrong"), wrong, "{told}");
    }
}

#[test]
fn a_settings_password_that_nobody_gave_is_asked_for_before_anything_is_detached() {
    let mut wanted = request();
    wanted.settings_password = true;
    let mut trial = plan_with(eset::eset_protected(), &wanted, Default::default()).unwrap();
    let person = Person::new(&trial.host, obliging);
    assert!(matches!(trial.run(&person), End::Waiting(gate) if gate.starts_with("settings-password")));
    assert_eq!(unchanged(&trial.before, &trial), [""; 0]);
    let mut trial = trial.with_secrets(settings_password());
    let person = Person::new(&trial.host, |host, gate, state| match gate.why {
        GateKind::Failed => Some(Choice::Retry),
        _ => obliging(host, gate, state),
    });
    assert_eq!(trial.run(&person), End::Finished(Finish::Succeeded));
}

#[test]
fn a_fresh_product_that_registers_no_agent_is_attached_all_the_same() {
    let mut wanted = request();
    wanted.installer = ServerPath::new(eset_installers::NO_AGENT);
    let mut trial = plan(eset::eset_65(), &wanted).unwrap();
    let person = Person::new(&trial.host, obliging);
    assert_eq!(trial.run(&person), End::Finished(Finish::Succeeded));
    assert_eq!(oracle::transport_in_effect(&trial.host.world()), Ok(()));
}
