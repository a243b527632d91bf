//! A lab with a product on it and mailsec, and what is asked of it whatever the product is.

use mailsec_core::{
    engine::load,
    journal::{Envelope, WitnessReader},
    upgrade::{Event, GateKind, Standing, State, StepState},
};
use mailsec_domain::Domain;
use mailsec_lab::{Agent, Ended, Lab, Running, SenderReport, build_for_windows};
use std::{
    fs,
    path::PathBuf,
    time::{Duration, Instant},
};

pub(crate) const DONE: u32 = 0;
pub(crate) const GATE: u32 = 10;
pub(crate) const RESTART: u32 = 11;
pub(crate) const ROLLED_BACK: u32 = 20;
/// A gate because a step failed or is in doubt.
pub(crate) const IN_DOUBT: u32 = 21;
pub(crate) const LOCKED: u32 = 31;
pub(crate) const REFUSED: u32 = 30;

const PROGRAM: &str = r"C:\mailsec\mailsec.exe";
// After a boot mailsec itself waits up to five minutes for services that Wine is slow to start on a busy machine.
const LIMIT: Duration = Duration::from_secs(420);

/// What the tests know of a product.
#[derive(Clone, Copy)]
pub(crate) struct Product {
    /// Secrets: name, source, value.
    pub(crate) secrets: &'static [(&'static str, &'static str, &'static str)],
    /// Its transport agents.
    pub(crate) agents: &'static [&'static str],
    /// The services whose state and settings are compared.
    pub(crate) services: &'static [&'static str],
    /// The installed version.
    pub(crate) version: fn(&Lab) -> Option<String>,
    /// Its settings, in a form that can be compared.
    pub(crate) settings: fn(&Lab) -> String,
}

/// The machine under test.
pub(crate) struct Machine {
    pub(crate) lab: Lab,
    product: Product,
    _domain: Option<Domain>,
}

/// What must be as before, or as planned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Picture {
    version: Option<String>,
    settings: String,
    agents: Vec<Agent>,
    services: Vec<(String, String, String, Option<String>)>,
}

/// A command's end, to be judged.
#[derive(Debug)]
pub(crate) struct Told(Ended);

impl Told {
    #[track_caller]
    pub(crate) fn is(&self, code: u32) {
        self.is_one_of(&[code]);
    }

    pub(crate) fn stderr(&self) -> &str {
        &self.0.stderr
    }

    pub(crate) fn stdout(&self) -> &str {
        &self.0.stdout
    }

    pub(crate) fn code(&self) -> u32 {
        self.0.code
    }

    #[track_caller]
    pub(crate) fn is_one_of(&self, codes: &[u32]) {
        assert!(
            codes.contains(&self.0.code),
            "exit code {} instead of {codes:?}\n{}\n{}",
            self.0.code,
            self.0.stdout,
            self.0.stderr
        );
    }
}

impl Machine {
    /// A machine with mailsec and its `config.json`; the product comes next.
    pub(crate) fn new(product: Product, domain: Option<Domain>, config: &serde_json::Value) -> Self {
        let lab = Lab::new().unwrap();
        let program = build_for_windows("mailsec", "mailsec").unwrap();
        lab.put(&program, PROGRAM).unwrap();
        let mut config = config.clone();
        config["smtp"] = format!("127.0.0.1:{}", lab.smtp_port()).into();
        let machine = Self { lab, product, _domain: domain };
        fs::create_dir_all(machine.state()).unwrap();
        fs::write(machine.state().join("config.json"), config.to_string()).unwrap();
        for (_, source, value) in product.secrets {
            match source.split_once(':') {
                Some(("credential", target)) => machine.lab.keep_credential(target, value).unwrap(),
                Some(("env", variable)) => machine.lab.set_variable(variable, value),
                _ => panic!("{source} is no source"),
            }
        }
        machine
    }

    fn state(&self) -> PathBuf {
        self.lab.linux_path(r"C:\ProgramData\mailsec")
    }

    fn words(&self, arguments: &[&str]) -> Vec<String> {
        let secrets = self
            .product
            .secrets
            .iter()
            .flat_map(|(name, source, _)| ["--secret".to_owned(), format!("{name}={source}")]);
        [PROGRAM.to_owned()]
            .into_iter()
            .chain(secrets)
            .chain(arguments.iter().map(|&a| a.to_owned()))
            .collect()
    }

    pub(crate) fn mailsec<S: AsRef<str>>(&self, arguments: &[S]) -> Told {
        let arguments: Vec<&str> = arguments.iter().map(AsRef::as_ref).collect();
        let words = self.words(&arguments);
        Told(self.lab.run_within(&words.iter().map(String::as_str).collect::<Vec<_>>(), LIMIT).unwrap())
    }

    pub(crate) fn spawn<S: AsRef<str>>(&self, arguments: &[S]) -> Running {
        let arguments: Vec<&str> = arguments.iter().map(AsRef::as_ref).collect();
        let words = self.words(&arguments);
        self.lab.spawn(&words.iter().map(String::as_str).collect::<Vec<_>>()).unwrap()
    }

    /// The upgrade's journal as its witness has it, read while it runs.
    fn envelopes(&self) -> Option<Vec<Envelope>> {
        let reader = WitnessReader::new(self.state().join("journal"));
        let upgrade = reader.upgrades().ok()?.pop()?;
        Some(reader.read(upgrade).ok()?.envelopes)
    }

    fn upgrade(&self) -> Option<State> {
        Some(load(&self.envelopes()?).state)
    }

    #[track_caller]
    fn until(&self, what: &str, holds: impl Fn(&State) -> bool) {
        self.until_holds(what, || self.upgrade().is_some_and(|state| holds(&state)));
    }

    #[track_caller]
    fn until_holds(&self, what: &str, holds: impl Fn() -> bool) {
        let began = Instant::now();
        while !holds() {
            assert!(
                began.elapsed() < LIMIT,
                "{what} did not come: {:#?}",
                self.upgrade().map(|s| (s.standing, s.flight, s.gate))
            );
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    #[track_caller]
    pub(crate) fn await_flight(&self, step: &str) {
        self.until(step, |state| {
            state.flight.as_ref().is_some_and(|flight| state.plan_steps()[flight.step].id.as_str() == step)
        });
    }

    pub(crate) fn is_over(&self) -> bool {
        self.upgrade().is_some_and(|state| matches!(state.standing, Standing::Finished(_)))
    }

    /// Until a gate waits for an answer.
    #[track_caller]
    pub(crate) fn await_gate(&self) {
        self.until("a gate", |state| state.gate.as_ref().is_some_and(|gate| gate.entered));
    }

    /// Until the service has come as far as it can without a person.
    #[track_caller]
    pub(crate) fn await_rest(&self) {
        self.until("a gate, a restart or the end", |state| {
            state.gate.as_ref().is_some_and(|gate| gate.entered)
                || state.flight.as_ref().is_some_and(|flight| flight.restart.is_some())
                || matches!(state.standing, Standing::Finished(_))
        });
    }

    #[track_caller]
    pub(crate) fn await_standing(&self, wanted: &str) {
        self.until(wanted, |state| matches!(state.standing, Standing::Finished(_)));
        let Some(Standing::Finished(how)) = self.upgrade().map(|state| state.standing) else {
            unreachable!()
        };
        assert_eq!(format!("{how:?}").to_lowercase(), wanted);
    }

    /// Whether a restart was asked for and is waited for.
    pub(crate) fn awaits_restart(&self) -> bool {
        self.upgrade().is_some_and(|state| state.flight.is_some_and(|flight| flight.restart.is_some()))
    }

    /// Until somebody has taken up an upgrade that awaits a restart, in the boot that is to end.
    #[track_caller]
    pub(crate) fn await_taken_up_before_restart(&self) {
        self.until_holds("taking up before the restart", || {
            let mut later = self.envelopes().unwrap_or_default().into_iter().rev();
            let known = later.by_ref().map_while(|envelope| envelope.event.known().cloned());
            let mut since = known.take_while(|event| !matches!(event, Event::RestartIntended { .. }));
            since.any(|event| matches!(event, Event::Resumed { .. }))
        });
    }

    /// Whether the step that restarts the server is done, which only another boot identity brings about.
    pub(crate) fn restart_is_proven(&self) -> bool {
        self.upgrade().is_some_and(|state| {
            let step = state.plan_steps().iter().position(|step| step.id.as_str() == "restart-server");
            step.is_some_and(|step| matches!(state.steps[step].state, StepState::Done(_)))
        })
    }

    /// Whether the open gate asks what the plan says, and not because something went wrong.
    pub(crate) fn gate_is_planned(&self) -> bool {
        self.upgrade().and_then(|state| state.gate).is_some_and(|gate| gate.why == GateKind::Planned)
    }

    /// The path that ends in this file name, as the open gate's question has it.
    pub(crate) fn asked_path(&self, file: &str) -> String {
        let todo =
            self.upgrade().and_then(|state| state.gate).map(|gate| gate.question.todo).unwrap_or_default();
        let words = todo.iter().flat_map(|line| line.split_whitespace());
        words.map(|word| word.trim_matches('"')).find(|word| word.ends_with(file)).unwrap().to_owned()
    }

    pub(crate) fn gate(&self) -> Option<String> {
        self.upgrade()?.gate.map(|gate| gate.id.to_string())
    }

    pub(crate) fn picture(&self) -> Picture {
        let services = self.lab.services().unwrap();
        Picture {
            version: (self.product.version)(&self.lab),
            settings: (self.product.settings)(&self.lab),
            agents: self.lab.agents().unwrap(),
            services: services
                .into_iter()
                .filter(|service| self.product.services.contains(&service.name.as_str()))
                .map(|service| (service.name, service.state, service.start_type, service.account))
                .collect(),
        }
    }

    /// Everything is as before but for the version, and the settings where they are to change.
    #[track_caller]
    pub(crate) fn verify_upgraded(&self, before: &Picture, version: &str, settings: Option<&str>) {
        let after = self.picture();
        assert_eq!(after.version.as_deref(), Some(version));
        assert_eq!(after.settings, settings.unwrap_or(&before.settings), "the settings");
        assert_eq!(after.agents, before.agents, "agents: which, enabled, order, assembly");
        assert_eq!(after.services, before.services, "services: state, start, account");
    }

    /// No message that was acknowledged is lost, and none went past the product's agents.
    #[track_caller]
    pub(crate) fn verify_mail(&self, sent: &SenderReport) {
        assert!(!sent.acknowledged.is_empty());
        assert_eq!(self.lab.lost(sent).unwrap(), Vec::<String>::new());
        for mail in self.lab.ledger().unwrap() {
            assert!(
                self.product.agents.iter().all(|name| mail.scanned_by.iter().any(|by| by == name)),
                "unscanned: {mail:?}"
            );
        }
    }

    /// The passwords are in none of the files that mailsec made.
    #[track_caller]
    pub(crate) fn no_secret_left(&self) {
        let mut folders = vec![self.state()];
        let mut files = 0;
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                    continue;
                }
                files += 1;
                let bytes = fs::read(&path).unwrap();
                for (.., secret) in self.product.secrets {
                    let wide: Vec<u8> = secret.encode_utf16().flat_map(u16::to_le_bytes).collect();
                    let found =
                        [secret.as_bytes(), &wide].iter().any(|s| bytes.windows(s.len()).any(|w| w == *s));
                    assert!(!found, "a password is in {}", path.display());
                }
            }
        }
        assert!(files > 3);
    }
}
