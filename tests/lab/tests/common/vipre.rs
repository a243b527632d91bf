//! VIPRE 4.5 in a domain.

use super::machine::{Machine, Product, Told};
use mailsec_domain::{ADMINISTRATOR, ADMINISTRATOR_PASSWORD, BASE, Domain, NETBIOS};
use mailsec_lab::{Package, Running, layout};
use std::fs;

const ACCOUNT: &str = r"LAB\svc-vipre";
const PASSWORD: &str = "Svc-Vipre-Lab-7319";

const VIPRE: Product = Product {
    secrets: &[
        ("service-account-password", "env:SVC_PASSWORD", PASSWORD),
        ("directory-password", "env:BIND_PASSWORD", ADMINISTRATOR_PASSWORD),
    ],
    agents: &["VipreLab Connection Agent", "VipreLab Content Agent"],
    services: &[layout::TRANSPORT_SERVICE, layout::PLUGIN_MANAGER_SERVICE],
    version: |lab| lab.vipre_version().unwrap(),
    settings: |lab| lab.settings_digest().unwrap(),
};

impl Machine {
    pub(crate) fn with_vipre_45() -> Self {
        let domain = Domain::start().unwrap();
        domain.admin().unwrap().user("svc-vipre", PASSWORD).unwrap();
        let certificate = domain.certificate();
        let config = serde_json::json!({
            "directory": {
                "server": domain.server(),
                "domain": NETBIOS,
                "base": BASE,
                "bind_name": ADMINISTRATOR,
                "bind_secret": "directory-password",
                "trust": r"C:\mailsec\trust.pem",
            },
        });
        let machine = Self::new(VIPRE, Some(domain), &config);
        fs::copy(certificate, machine.lab.linux_path(r"C:\mailsec\trust.pem")).unwrap();
        let properties = [format!("LABACCOUNT={ACCOUNT}"), format!("LABPASSWORD={PASSWORD}")];
        machine.lab.install_vipre_45_with(&[&properties[0], &properties[1]]).unwrap();
        machine
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

    fn begin_words() -> Vec<String> {
        ["run", "--yes", "--no-input"].map(str::to_owned).into()
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

    pub(crate) fn begin(&self, package: Package) -> Running {
        self.spawn(&[Self::begin_words(), Self::silent(package)].concat())
    }

    /// A person runs the installer, and gives it the account.
    pub(crate) fn person_installs(&self, package: Package) {
        let properties = [format!("LABACCOUNT={ACCOUNT}"), format!("LABPASSWORD={PASSWORD}")];
        self.lab.install(package, &[&properties[0], &properties[1]]).unwrap().success().unwrap();
    }
}
