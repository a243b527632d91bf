//! A lab with 4.5 on it, a domain, and mailsec.

use mailsec_core::{
    engine::load,
    journal::WitnessReader,
    upgrade::{Standing, State, StepState},
};
use mailsec_lab::{
    Agent, Ended, Lab, Package, Running, SenderReport, build_for_windows,
    directory::{ADMINISTRATOR, ADMINISTRATOR_PASSWORD, BASE, DOMAIN, Directory},
    layout,
};
use std::{
    fs,
    path::PathBuf,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

pub(crate) const DONE: u32 = 0;
pub(crate) const GATE: u32 = 10;
pub(crate) const RESTART: u32 = 11;
pub(crate) const ROLLED_BACK: u32 = 20;
pub(crate) const REFUSED: u32 = 30;

const PROGRAM: &str = r"C:\mailsec\mailsec.exe";
const ACCOUNT: &str = r"LAB\svc-vipre";
const PASSWORD: &str = "Svc-Vipre-Lab-7319";
const LIMIT: Duration = Duration::from_secs(180);

/// There is one domain controller, so there is one such machine at a time.
static ONE: Mutex<()> = Mutex::new(());

/// The machine under test.
pub(crate) struct Machine {
    pub(crate) lab: Lab,
    _directory: Directory,
    _one: MutexGuard<'static, ()>,
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
    pub(crate) fn with_vipre_45() -> Self {
        let one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
        let directory = Directory::start(&[("svc-vipre", PASSWORD)]).unwrap();
        let lab = Lab::new().unwrap();
        let program = build_for_windows("mailsec", "mailsec").unwrap();
        lab.put(&program, PROGRAM).unwrap();
        fs::copy(directory.certificate(), lab.linux_path(r"C:\mailsec\trust.pem")).unwrap();
        let config = serde_json::json!({
            "smtp": format!("127.0.0.1:{}", lab.smtp_port()),
            "directory": {
                "server": directory.server(),
                "domain": DOMAIN,
                "base": BASE,
                "bind_name": ADMINISTRATOR,
                "bind_secret": "directory-password",
                "trust": r"C:\mailsec\trust.pem",
            },
        });
        let machine = Self { lab, _directory: directory, _one: one };
        fs::create_dir_all(machine.state()).unwrap();
        fs::write(machine.state().join("config.json"), config.to_string()).unwrap();
        machine.lab.set_variable("SVC_PASSWORD", PASSWORD);
        machine.lab.set_variable("BIND_PASSWORD", ADMINISTRATOR_PASSWORD);
        let properties = [format!("LABACCOUNT={ACCOUNT}"), format!("LABPASSWORD={PASSWORD}")];
        machine.lab.install_vipre_45_with(&[&properties[0], &properties[1]]).unwrap();
        machine
    }

    fn state(&self) -> PathBuf {
        self.lab.linux_path(r"C:\ProgramData\mailsec")
    }

    fn words<'a>(&self, arguments: &[&'a str]) -> Vec<&'a str> {
        let secrets = [
            "--secret",
            "service-account-password=env:SVC_PASSWORD",
            "--secret",
            "directory-password=env:BIND_PASSWORD",
        ];
        [&[PROGRAM], secrets.as_slice(), arguments].concat()
    }

    pub(crate) fn mailsec<S: AsRef<str>>(&self, arguments: &[S]) -> Told {
        let arguments: Vec<&str> = arguments.iter().map(AsRef::as_ref).collect();
        Told(self.lab.run_within(&self.words(&arguments), LIMIT).unwrap())
    }

    pub(crate) fn spawn(&self, arguments: &[&str]) -> Running {
        self.lab.spawn(&self.words(arguments)).unwrap()
    }

    fn request(package: Package) -> Vec<String> {
        let words =
            ["--no-rules", "this server has none", "--accept-unsigned", "the lab's packages are not signed"];
        let mut request = vec!["--installer".to_owned(), package.path()];
        request.extend(words.map(str::to_owned));
        request
    }

    fn silent(package: Package) -> Vec<String> {
        let mut request = Self::request(package);
        request.extend(["--silent", "--credential-properties", "LABACCOUNT,LABPASSWORD"].map(str::to_owned));
        request
    }

    pub(crate) fn check(&self, package: Package) -> Vec<String> {
        [vec!["check".to_owned()], Self::silent(package)].concat()
    }

    pub(crate) fn run(&self, package: Package) -> Told {
        self.mailsec(&[Self::begin_words(), Self::silent(package)].concat())
    }

    pub(crate) fn run_attended(&self, package: Package) -> Told {
        self.mailsec(&[Self::begin_words(), Self::request(package)].concat())
    }

    fn begin_words() -> Vec<String> {
        ["run", "--yes", "--no-input"].map(str::to_owned).into()
    }

    pub(crate) fn begin(&self, package: Package) -> Running {
        let words = [Self::begin_words(), Self::silent(package)].concat();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        self.spawn(&words)
    }

    /// A person runs the installer, and gives it the account.
    pub(crate) fn person_installs(&self, package: Package) {
        let properties = [format!("LABACCOUNT={ACCOUNT}"), format!("LABPASSWORD={PASSWORD}")];
        self.lab.install(package, &[&properties[0], &properties[1]]).unwrap().success().unwrap();
    }

    /// The upgrade as its witness has it, read while it runs.
    fn upgrade(&self) -> Option<State> {
        let reader = WitnessReader::new(self.state().join("journal"));
        let upgrade = reader.upgrades().ok()?.pop()?;
        Some(load(&reader.read(upgrade).ok()?.envelopes).state)
    }

    #[track_caller]
    fn until(&self, what: &str, holds: impl Fn(&State) -> bool) {
        let began = Instant::now();
        while !self.upgrade().is_some_and(|state| holds(&state)) {
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

    /// Whether the step that restarts the server is done, which only another boot identity brings about.
    pub(crate) fn restart_is_proven(&self) -> bool {
        self.upgrade().is_some_and(|state| {
            let step = state.plan_steps().iter().position(|step| step.id.as_str() == "restart-server");
            step.is_some_and(|step| matches!(state.steps[step].state, StepState::Done(_)))
        })
    }

    pub(crate) fn gate(&self) -> Option<String> {
        self.upgrade()?.gate.map(|gate| gate.id.to_string())
    }

    pub(crate) fn picture(&self) -> Picture {
        let services = self.lab.services().unwrap();
        let wanted = [layout::TRANSPORT_SERVICE, layout::PLUGIN_MANAGER_SERVICE];
        Picture {
            version: self.lab.vipre_version().unwrap(),
            settings: self.lab.settings_digest().unwrap(),
            agents: self.lab.agents().unwrap(),
            services: services
                .into_iter()
                .filter(|service| wanted.contains(&service.name.as_str()))
                .map(|service| (service.name, service.state, service.start_type, service.account))
                .collect(),
        }
    }

    #[track_caller]
    pub(crate) fn verify_upgraded_without_mail(&self, before: &Picture) {
        let after = self.picture();
        assert_eq!(after.version.as_deref(), Some(Package::Vipre51.version()));
        assert_eq!(after.settings, before.settings, "the settings");
        assert_eq!(after.agents, before.agents, "agents: which, enabled, order, assembly");
        assert_eq!(after.services, before.services, "services: state, start, account");
    }

    #[track_caller]
    pub(crate) fn verify_upgraded(&self, before: &Picture, sent: &SenderReport) {
        self.verify_upgraded_without_mail(before);
        self.verify_mail(sent);
    }

    /// No message that was acknowledged is lost, and none went past the product's agents.
    #[track_caller]
    pub(crate) fn verify_mail(&self, sent: &SenderReport) {
        assert!(!sent.acknowledged.is_empty());
        assert_eq!(self.lab.lost(sent).unwrap(), Vec::<String>::new());
        let own: Vec<String> = self
            .lab
            .agents()
            .unwrap()
            .into_iter()
            .map(|a| a.name)
            .filter(|name| name.starts_with("VipreLab"))
            .collect();
        assert_eq!(own.len(), 2);
        for mail in self.lab.ledger().unwrap() {
            assert!(own.iter().all(|name| mail.scanned_by.contains(name)), "unscanned: {mail:?}");
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
                for secret in [PASSWORD, ADMINISTRATOR_PASSWORD] {
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
