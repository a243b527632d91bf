use crate::permit;
use mailsec_core::{
    Code,
    host::{Host, ProcessInfo, RegistryView, ToolRun},
    values::ServerPath,
};
use std::time::Duration;

/// Programs: found by folder, closed for good, and never taken for one another. `folder` holds a running program that
/// may be closed, and that no service runs.
pub async fn processes(host: &dyn Host, folder: &ServerPath) {
    let processes = host.processes();
    let grace = Duration::from_secs(10);
    let found = processes.under(folder).await.unwrap();
    let program = found.into_iter().find(|process| !process.is_service).expect("the fixture's program runs");
    assert!(program.image.is_under(folder));
    let elsewhere = ServerPath::new(r"C:\mailsec no such folder");
    assert!(processes.under(&elsewhere).await.unwrap().is_empty(), "a missing folder runs nothing");

    let other = ProcessInfo { image: elsewhere.join("other.exe"), ..program.clone() };
    assert!(processes.close(&permit(), &other, grace).await.is_err(), "the id belongs to another program");
    let runs = async || processes.under(folder).await.unwrap().iter().any(|p| p.pid == program.pid);
    assert!(runs().await);
    processes.close(&permit(), &program, grace).await.unwrap();
    assert!(!runs().await);
    processes.close(&permit(), &program, grace).await.expect("closing what is gone is fine");
}

/// Tools that can be run.
#[derive(Clone, Debug)]
pub struct ToolsFixture {
    /// Prints `heard` and exits with 3.
    pub exits: ToolRun,
    /// What it prints.
    pub heard: String,
    /// Takes much longer than its limit.
    pub lasts: ToolRun,
}

/// Tools: their exit code and what they print, whatever it means; ended when their time is up; never another program.
pub async fn tools(host: &dyn Host, fixture: &ToolsFixture) {
    let processes = host.processes();
    let exit = processes.run(&permit(), &fixture.exits).await.unwrap();
    assert_eq!(exit.code, 3);
    assert!(exit.output.contains(&fixture.heard), "{:?}", exit.output);
    let late = processes.run(&permit(), &fixture.lasts).await.unwrap_err();
    assert_eq!(late.code, Code::TimeLimit);
    let missing = ServerPath::new(r"C:\mailsec no such folder\tool.exe");
    let missing = ToolRun { program: missing, ..fixture.exits.clone() };
    assert_eq!(processes.run(&permit(), &missing).await.unwrap_err().code, Code::FileMissing);
}

/// A value that is there.
#[derive(Clone, Debug)]
pub struct RegistryFixture {
    /// The view.
    pub view: RegistryView,
    /// Key below `HKEY_LOCAL_MACHINE`.
    pub key: String,
    /// Name of a value of that key.
    pub name: String,
    /// The value as text.
    pub value: String,
}

/// The registry: names have no case, what is not there is none, and no error.
pub async fn registry(host: &dyn Host, fixture: &RegistryFixture) {
    let registry = host.registry();
    let RegistryFixture { view, key, name, value } = fixture;
    assert_eq!(registry.value(*view, key, name).await.unwrap().as_ref(), Some(value));
    let shouted = registry.value(*view, &key.to_uppercase(), &name.to_uppercase()).await.unwrap();
    assert_eq!(shouted.as_ref(), Some(value));
    assert!(registry.exists(*view, key).await.unwrap());
    let parent = key.rsplit_once('\\').map_or(key.as_str(), |(parent, _)| parent);
    assert!(registry.exists(*view, parent).await.unwrap(), "a key above exists too");
    let nowhere = r"SOFTWARE\Mailsec\No Such Key";
    assert!(!registry.exists(*view, nowhere).await.unwrap());
    assert_eq!(registry.value(*view, nowhere, "x").await.unwrap(), None);
    assert_eq!(registry.value(*view, key, "mailsec no such value").await.unwrap(), None);
}
