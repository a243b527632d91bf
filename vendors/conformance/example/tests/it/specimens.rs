//! Sample servers with Sample Mail Guard.

use mailsec_conformance::{Candidate, Sample, Specimen};
use mailsec_core::{
    plan::UnscannedPolicy,
    product::{BackupChoice, InstallerChoice, MailSecurityProduct, UpgradeRequest},
    values::ServerPath,
};
use mailsec_simulator::World;

const INSTALLER: &str = r"C:\Install\SampleGuard-8.0.msi";
const WANTS_RESTART: &str = r"C:\Install\SampleGuard-8.0-restart.msi";

/// One version, as it lies on a server.
fn guard(version: &str, code: &str) -> Sample {
    Sample::new("Sample Mail Guard", version, r"C:\Program Files\Sample Mail Guard", code)
        .service("SampleGuard", "Sample Mail Guard", "guard.exe")
        .agent("Sample Guard Agent", "Sample.Guard.AgentFactory", r"Agents\guard.dll")
        .file(r"Data\rules.xml", "<rules><block>exe</block></rules>")
        .keeps("Data")
}

/// A server with 7.2, and installers of 8.0.
pub(crate) fn server() -> World {
    let old = guard("7.2.0.0", "{5A3B1E00-0000-4000-8000-000000000072}");
    let new = guard("8.0.0.0", "{5A3B1E00-0000-4000-8000-000000000080}");
    let mut world = old.server();
    new.put_installer(&mut world, INSTALLER, &old);
    let mut restarts = new.installer(&old);
    restarts.wants_restart = true;
    world.disk.put(&ServerPath::new(WANTS_RESTART), restarts.text(), world.now);
    world
}

/// The usual request: a silent MSI package, mail held.
pub(crate) fn request() -> UpgradeRequest {
    let path = ServerPath::new;
    let (backup, logs) = (path(r"C:\ProgramData\mailsec\backup"), path(r"C:\ProgramData\mailsec\logs"));
    let silent = InstallerChoice::Silent { arguments: Vec::new(), credentials: None, secrets: Vec::new() };
    UpgradeRequest { mode: silent, ..UpgradeRequest::new(path(INSTALLER), backup, logs) }
}

/// A sample for each way that a plan can take.
pub(crate) fn candidate(product: &'static dyn MailSecurityProduct) -> Candidate {
    let with = |name: &str, change: fn(&mut UpgradeRequest)| {
        let mut wanted = request();
        change(&mut wanted);
        Specimen::new(name, server(), wanted)
    };
    let mut paused = server();
    let flag = ServerPath::new(r"C:\Program Files\Sample Mail Guard\Data\updates.paused");
    paused.disk.put(&flag, "by an administrator", paused.now);
    Candidate::new(product, env!("CARGO_PKG_VERSION"))
        .specimen(with("silent, held", |_| ()))
        .specimen(with("silent, unscanned", |wanted| wanted.unscanned = UnscannedPolicy::Allow))
        .specimen(with("with a restart", |wanted| wanted.installer = ServerPath::new(WANTS_RESTART)))
        .specimen(with("attended", |wanted| wanted.mode = InstallerChoice::Attended))
        .specimen(with("no backup", |wanted| {
            wanted.backup = BackupChoice::Skip("a snapshot is there".into())
        }))
        .specimen(Specimen::new("updates were paused before", paused, request()))
}
