//! ESET Mail Security, and the person whom its gates ask.

use super::machine::{DONE, GATE, IN_DOUBT, LOCKED, Machine, Product, REFUSED, RESTART};
use mailsec_lab::{Package, Running, layout};
use std::fs;

/// Protects the settings before and after.
const PASSWORD: &str = "Lab-Settings-4417";

const ESET: Product = Product {
    secrets: &[("eset-settings-password", "credential:mailsec/settings", PASSWORD)],
    agents: &[layout::ESET_AGENT],
    services: &[layout::TRANSPORT_SERVICE, layout::ESET_SERVICE],
    version: |lab| lab.eset_version().unwrap(),
    settings: |lab| format!("{:#?}", lab.eset_state().unwrap().map(|state| state.settings)),
};

impl Machine {
    /// A server with a version of ESET that was used for years; its agent stands among the others. Protected by a
    /// password where the test says so.
    pub(crate) fn with_eset(package: Package, protected: bool) -> Self {
        let machine = Self::new(ESET, None, &serde_json::json!({}));
        machine.lab.install_eset(package).unwrap();
        let mut agents = machine.lab.agents().unwrap();
        let own = agents.pop().unwrap();
        agents.insert(4, own);
        machine.lab.write_agents(&agents).unwrap();
        machine.lab.stop_service(layout::TRANSPORT_SERVICE).unwrap();
        machine.lab.start_service(layout::TRANSPORT_SERVICE).unwrap();
        if protected {
            machine.lab.eset(&["protect", PASSWORD]).unwrap();
        }
        machine
    }

    pub(crate) fn eset_words(what: &[&str], method: &str, more: &[&str]) -> Vec<String> {
        let words =
            ["--method", method, "--accept-unsigned", "the lab's packages are not signed", "--installer"];
        let mut words: Vec<String> =
            [what, &words].concat().into_iter().map(str::to_owned).chain([Package::Eset111.path()]).collect();
        words.extend(more.iter().map(|&word| word.to_owned()));
        words
    }

    pub(crate) fn begin_eset(&self, method: &str, more: &[&str]) -> Running {
        self.spawn(&Self::eset_words(&["run", "--yes", "--no-input"], method, more))
    }

    /// Does what the open gate asks for, and answers it; whether there was one.
    pub(crate) fn attend(&self, protected: bool) -> Option<String> {
        let gate = self.gate()?;
        let (step, _) = gate.split_once('#').unwrap();
        let choice = match (step, self.gate_is_planned()) {
            ("export-settings", true) => {
                self.lab.eset(&["export", &self.below_backup("settings.xml")]).unwrap();
                "done"
            }
            ("prepare-import", true) => {
                if protected {
                    self.lab.eset(&["sign", &self.below_backup("import.xml"), PASSWORD]).unwrap();
                }
                "done"
            }
            ("enable-import", true) => {
                self.lab.eset(&["import", "on"]).unwrap();
                if protected {
                    self.lab.eset(&["protect", PASSWORD]).unwrap();
                }
                "done"
            }
            (_, true) => "done",
            (_, false) => "retry",
        };
        self.mailsec(&["answer", &gate, choice, "--all-items", "done", "--note", "in the lab"]).is(DONE);
        Some(gate)
    }

    /// A file in the folder of this upgrade, as Windows sees it.
    fn below_backup(&self, file: &str) -> String {
        let base = r"C:\ProgramData\mailsec\backup";
        let folder = fs::read_dir(self.lab.linux_path(base)).ok().and_then(|mut entries| entries.next());
        // Without it the person makes it: the plan names its path in the gate's question.
        let name = folder.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned());
        let path = match name {
            Some(name) => format!(r"{base}\{name}\{file}"),
            None => self.asked_path(file),
        };
        let on_linux = self.lab.linux_path(&path);
        fs::create_dir_all(on_linux.parent().unwrap()).unwrap();
        path
    }

    /// Goes on until it is over: answers, and restarts where the program asks for it. Where the service is installed, it
    /// may be first.
    #[track_caller]
    pub(crate) fn see_through(&self, protected: bool) -> Vec<String> {
        let mut gates = Vec::new();
        for _ in 0..30 {
            if self.is_over() {
                return gates;
            }
            let told = self.mailsec(&["resume", "--no-input"]);
            if told.code() == REFUSED && self.is_over() {
                // The service ended it between the look and the command.
                return gates;
            }
            told.is_one_of(&[DONE, GATE, RESTART, IN_DOUBT, LOCKED]);
            match told.code() {
                LOCKED => self.await_rest(),
                RESTART => self.lab.reboot().unwrap(),
                GATE | IN_DOUBT => gates.extend(self.attend(protected)),
                _ => {}
            }
        }
        panic!("it does not come to an end: {gates:?}");
    }
}
