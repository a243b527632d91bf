//! The lab as a test sees it.

use crate::error::{LabError, Result, at};
use crate::machine::{Machine, TOOL};
use crate::packages::Package;
use crate::processes::{self, Process};
use crate::program::{Ended, Running};
use crate::sender::{self, Sender, SenderReport};
use crate::{exchange, template, tools};
use mailsec_lab_standins::agents::Agent;
use mailsec_lab_standins::base64::encode_command;
use mailsec_lab_standins::eset::{State, Store};
use mailsec_lab_standins::events::{EventLine, read_lines};
use mailsec_lab_standins::faults::Faults;
use mailsec_lab_standins::layout::{
    self, ESET_INFO_KEY, ESET_SERVICE, LabFolder, LabSettings, PLUGIN_MANAGER_SERVICE, TRANSPORT_SERVICE,
};
use mailsec_lab_standins::ledger::Mail;
use mailsec_lab_standins::state::{RegistryValue, ServiceState};
use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// How long a program may run that the lab itself calls.
const LIMIT: Duration = Duration::from_secs(120);

/// One Windows machine with the stand-in Exchange, switched on. See the crate's page.
#[derive(Debug)]
pub struct Lab {
    machine: Machine,
    folder: LabFolder,
    port: u16,
}

impl Lab {
    /// A fresh machine with Exchange on it and no mail-security product, its transport service running.
    ///
    /// # Panics
    ///
    /// If a program that the lab needs is not installed.
    pub fn new() -> Result<Self> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let template = template::ready()?;
        let name = format!("{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let prefix = tools::target().join("run").join(name);
        template::copy(&template, &prefix)?;
        let machine = Machine::in_prefix(prefix)?;
        let folder = LabFolder::at(machine.linux(layout::LAB_FOLDER));
        let port = free_port()?;
        let settings = LabSettings { smtp_port: port, ..LabSettings::default() };
        let text = serde_json::to_vec_pretty(&settings).map_err(|e| LabError::failed("lab.json", e))?;
        at(folder.settings_file(), fs::write(folder.settings_file(), text))?;
        let lab = Self { machine, folder, port };
        lab.switch_on()?;
        Ok(lab)
    }

    // ---- the product

    /// Installs 4.5, registers its agents in the middle of the order, enabled, and restarts transport.
    pub fn install_vipre_45(&self) -> Result<()> {
        self.install_vipre_45_with(&[])
    }

    /// The same, with properties for the package, such as the service's account.
    pub fn install_vipre_45_with(&self, properties: &[&str]) -> Result<()> {
        self.install(Package::Vipre45, properties)?.success()?;
        let mut agents = self.agents()?;
        let at = exchange::VIPRE_POSITION.min(agents.len());
        agents.splice(at..at, exchange::vipre_agents());
        self.write_agents(&agents)?;
        self.stop_service(TRANSPORT_SERVICE)?;
        self.start_service(TRANSPORT_SERVICE)
    }

    /// Runs `msiexec /i` silently on one of the lab's packages, with a log and further properties.
    pub fn install(&self, package: Package, properties: &[&str]) -> Result<Ended> {
        let (path, log) = (package.path(), format!(r"C:\lab\{}.log", package.file()));
        let words = ["msiexec", "/i", &path, "/qn", "/l*v", &log, "REBOOT=ReallySuppress"];
        self.run(&[words.as_slice(), properties].concat())
    }

    /// The version that the VIPRE stand-in states in the registry; nothing if it is not installed.
    pub fn vipre_version(&self) -> Result<Option<String>> {
        self.text(layout::VIPRE_KEY, "Version")
    }

    fn text(&self, key: &str, value: &str) -> Result<Option<String>> {
        match self.read_registry(key, value)? {
            None => Ok(None),
            Some(RegistryValue::Text(text)) => Ok(Some(text)),
            Some(other) => Err(LabError::failed(format!("{key}, {value}"), format!("{other:?}"))),
        }
    }

    /// Installs a version of the ESET stand-in, which registers its agent itself, gives it settings of years of use,
    /// and restarts transport.
    pub fn install_eset(&self, package: Package) -> Result<()> {
        self.install(package, &[])?.success()?;
        self.eset(&["used"])?;
        self.stop_service(TRANSPORT_SERVICE)?;
        self.start_service(TRANSPORT_SERVICE)
    }

    /// What a person does in the ESET stand-in's window; `lab-tool` tells what there is.
    pub fn eset(&self, words: &[&str]) -> Result<()> {
        self.machine.tool(&[&["eset"], words].concat()).map(|_| ())
    }

    /// What the ESET stand-in keeps; nothing if it is not there.
    pub fn eset_state(&self) -> Result<Option<State>> {
        let folder = self.linux_path(r"C:\ProgramData\ESET\ESET Security\Lab");
        at(&folder, Store::at(&folder).load())
    }

    /// The version that the ESET stand-in states in the registry; nothing if it is not installed.
    pub fn eset_version(&self) -> Result<Option<String>> {
        self.text(ESET_INFO_KEY, "ProductVersion")
    }

    /// The product's settings folder, as Linux sees it.
    pub fn settings_folder(&self) -> PathBuf {
        self.linux_path(layout::VIPRE_FOLDER).join("Settings")
    }

    /// A digest over the names and contents of all settings files.
    pub fn settings_digest(&self) -> Result<String> {
        crate::digest::of_folder(&self.settings_folder())
    }

    // ---- programs

    /// Copies a program of Linux's file system to a path of the lab's Windows.
    pub fn put(&self, from: &Path, to_windows: &str) -> Result<()> {
        template::put(from, &self.linux_path(to_windows))
    }

    /// Runs a program to its end, with its true exit code.
    pub fn run(&self, words: &[&str]) -> Result<Ended> {
        self.run_within(words, LIMIT)
    }

    /// Runs a program to its end, which must come within a time limit; else it is killed, and that is an error.
    pub fn run_within(&self, words: &[&str], limit: Duration) -> Result<Ended> {
        self.machine.run(words, limit)
    }

    /// Starts a program and does not wait for it.
    pub fn spawn(&self, words: &[&str]) -> Result<Running> {
        self.machine.spawn(words, "")
    }

    /// Starts a program that finds this text on its standard input, and does not wait for it.
    pub fn spawn_with_input(&self, words: &[&str], input: &str) -> Result<Running> {
        self.machine.spawn(words, input)
    }

    /// Sets an environment variable for every program started from now on; services see it from the next boot on.
    pub fn set_variable(&self, name: &str, value: &str) {
        self.machine.set_variable(name, value);
    }

    /// Keeps a password in Windows Credential Manager, as `cmdkey /generic` does.
    pub fn keep_credential(&self, target: &str, password: &str) -> Result<()> {
        self.machine.tool(&["credential", target, password]).map(|_| ())
    }

    /// Calls the shell stand-in with a script, as the real one is called.
    pub fn powershell(&self, script: &str) -> Result<Ended> {
        let encoded = encode_command(script);
        let switches = ["powershell.exe", "-NoProfile", "-NonInteractive", "-ExecutionPolicy", "Bypass"];
        self.run(&[switches.as_slice(), &["-EncodedCommand", &encoded]].concat())
    }

    /// The machine's Windows processes.
    pub fn processes(&self) -> Vec<Process> {
        processes::windows(self.machine.prefix())
    }

    /// Ends every process of a program (file name without folder, with or without `.exe`) with SIGKILL; how many.
    pub fn kill_9(&self, program: &str) -> usize {
        let wanted = program.to_ascii_lowercase();
        let wanted = wanted.trim_end_matches(".exe");
        let found: Vec<_> = self.processes().into_iter().filter(|p| p.image() == wanted).collect();
        processes::kill_9(&found);
        found.len()
    }

    // ---- power

    /// An orderly restart: services are stopped, everything else is ended, and the machine comes up again.
    pub fn reboot(&self) -> Result<()> {
        self.machine.shut_down()?;
        self.switch_on()
    }

    /// A power failure, and the power coming back.
    pub fn power_cut(&self) -> Result<()> {
        self.machine.cut_power()?;
        self.switch_on()
    }

    /// The calls of `shutdown.exe`, which only writes them down: the arguments of each.
    pub fn restarts_asked_for(&self) -> Result<Vec<Vec<String>>> {
        let file = self.folder.restarts_file();
        at(&file, read_lines(&file))
    }

    fn switch_on(&self) -> Result<()> {
        self.machine.switch_on(&[TRANSPORT_SERVICE, PLUGIN_MANAGER_SERVICE, ESET_SERVICE])
    }

    // ---- mail

    /// The port of loopback on which this machine's transport takes mail.
    pub const fn smtp_port(&self) -> u16 {
        self.port
    }

    /// Sends messages, each once; gives their ids when all were acknowledged.
    pub fn send_mail(&self, count: u32) -> Result<Vec<String>> {
        sender::send(self.port, count)
    }

    /// Starts a sender that makes a message now and then and keeps each until it is acknowledged.
    pub fn start_sender(&self, interval: Duration) -> Sender {
        Sender::start(self.port, interval)
    }

    /// Every message that transport took over.
    pub fn ledger(&self) -> Result<Vec<Mail>> {
        let file = self.folder.mail_file();
        at(&file, read_lines(&file))
    }

    /// The messages that were acknowledged to a sender and are not in the ledger: there must be none.
    pub fn lost(&self, report: &SenderReport) -> Result<Vec<String>> {
        let kept: std::collections::BTreeSet<String> =
            self.ledger()?.into_iter().map(|mail| mail.message_id).collect();
        Ok(report.acknowledged.iter().filter(|id| !kept.contains(*id)).cloned().collect())
    }

    // ---- state

    /// All services that are programs, with their configuration and state.
    pub fn services(&self) -> Result<Vec<ServiceState>> {
        self.ask(&["services"])
    }

    /// One service, by its short name.
    pub fn service(&self, name: &str) -> Result<Option<ServiceState>> {
        Ok(self.services()?.into_iter().find(|service| service.name.eq_ignore_ascii_case(name)))
    }

    /// Starts a service and waits until it runs. One that stops instead is an error.
    pub fn start_service(&self, name: &str) -> Result<()> {
        self.machine.tool(&["start", name, "60"]).map(|_| ())
    }

    /// Stops a service and waits until it has stopped.
    pub fn stop_service(&self, name: &str) -> Result<()> {
        self.machine.tool(&["stop", name, "60"]).map(|_| ())
    }

    /// The registered transport agents, in their order.
    pub fn agents(&self) -> Result<Vec<Agent>> {
        exchange::read(&self.machine)
    }

    /// Replaces the registered transport agents behind Exchange's back.
    pub fn write_agents(&self, agents: &[Agent]) -> Result<()> {
        exchange::write(&self.machine, agents)
    }

    /// A value under HKLM; nothing if the key or the value is not there.
    pub fn read_registry(&self, key: &str, value: &str) -> Result<Option<RegistryValue>> {
        self.ask(&["registry", key, value])
    }

    /// Writes a string under HKLM, if asked to in a key that lives only until the next boot.
    pub fn write_registry(&self, key: &str, value: &str, text: &str, volatile: bool) -> Result<()> {
        let command = if volatile { "volatile-set" } else { "registry-set" };
        self.machine.tool(&[command, key, value, text]).map(|_| ())
    }

    /// The lab's event log.
    pub fn events(&self) -> Result<Vec<EventLine>> {
        let file = self.folder.events_file();
        at(&file, read_lines(&file))
    }

    /// Tells the stand-ins what to do wrong from now on.
    pub fn set_faults(&self, faults: &Faults) -> Result<()> {
        let text = serde_json::to_vec_pretty(faults).map_err(|e| LabError::failed("faults.json", e))?;
        let file = self.folder.faults_file();
        at(&file, fs::write(&file, text))
    }

    /// A path of drive C as Linux sees it.
    pub fn linux_path(&self, windows: &str) -> PathBuf {
        self.machine.linux(windows)
    }

    /// The machine's Wine prefix.
    pub fn prefix(&self) -> &Path {
        self.machine.prefix()
    }

    /// The harness's tool on the lab's Windows; called without arguments, it tells what it can do.
    pub const fn tool() -> &'static str {
        TOOL
    }

    fn ask<T: for<'de> serde::Deserialize<'de>>(&self, words: &[&str]) -> Result<T> {
        let answer = self.machine.tool(words)?;
        serde_json::from_str(&answer)
            .map_err(|e| LabError::failed(format!("{words:?}"), format!("{e}: {answer}")))
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        let _off = self.machine.cut_power();
        if std::env::var_os("MAILSEC_LAB_KEEP").is_none() {
            let _gone = fs::remove_dir_all(self.machine.prefix());
        }
    }
}

fn free_port() -> Result<u16> {
    let failed = |e| LabError::failed("looking for a free port", e);
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(failed)?;
    Ok(listener.local_addr().map_err(failed)?.port())
}
