//! The contract of the ports, kept by the Windows host. It stops transport and installs packages: only for a machine
//! of the Windows lab, where it is run with `--ignored` and the lab's SMTP port in `MAILSEC_SMTP`.
#![cfg(windows)]
#![allow(clippy::unwrap_used, clippy::expect_used)]

use mailsec_contract as contract;
use mailsec_core::{
    host::{RegistryView, ServiceName, ToolRun, TransportService},
    values::{Secret, SecretRef, ServerPath},
};
use mailsec_windows::{SecretSources, WindowsConfig, WindowsHost};
use std::{process::Command, time::Duration};

const LIMIT: Duration = Duration::from_secs(60);

fn host() -> WindowsHost {
    let mut config = WindowsConfig { secrets: SecretSources::new(), ..WindowsConfig::default() };
    if let Ok(server) = std::env::var("MAILSEC_SMTP") {
        config.smtp = server.parse().unwrap();
    }
    config.secrets.set(SecretRef::new("known"), Secret::new("value"));
    WindowsHost::new(config).unwrap()
}

#[tokio::test]
async fn files() {
    contract::files(&host(), &ServerPath::new(r"C:\mailsec-contract")).await;
}

#[tokio::test]
async fn power_clock_and_secrets() {
    let host = host();
    contract::power(&host).await;
    contract::clock(&host).await;
    contract::secrets(&host, &SecretRef::new("known"), &Secret::new("value")).await;
}

#[tokio::test]
#[ignore = "stops and starts services of the Windows lab"]
async fn services() {
    let fixture = contract::ServicesFixture {
        service: ServiceName::transport(),
        dependent: std::env::var("MAILSEC_DEPENDENT").ok().map(ServiceName::new),
        limit: LIMIT,
    };
    contract::services(&host(), &fixture).await;
}

#[tokio::test]
#[ignore = "stops and starts services of the Windows lab"]
async fn mail() {
    contract::mail(&host(), Some(LIMIT)).await;
}

#[tokio::test]
#[ignore = "changes the agents of the Windows lab"]
async fn transport() {
    let folder = r"C:\Program Files\Microsoft\Exchange Server\V15\TransportRoles\agents\Lab\MalwareAgent.dll";
    let fixture = contract::TransportFixture {
        service: TransportService::Hub,
        name: "O'Neil's contract agent".to_owned(),
        factory: "ExchangeLab.ContractFactory".to_owned(),
        assembly: ServerPath::new(folder),
    };
    contract::transport(&host(), &fixture).await;
}

#[tokio::test]
#[ignore = "installs a package in the Windows lab"]
async fn packages() {
    let fixture = contract::PackagesFixture {
        package: ServerPath::new(r"C:\lab\packages\other-product.msi"),
        product: "VIPRE Lab Endpoint Agent".to_owned(),
        version: "12.3.1".to_owned(),
        code: "{5A0F1E2C-4B3D-4000-8000-0000000AB900}".to_owned(),
        properties: vec![],
        missing: ServerPath::new(r"C:\lab\packages\missing.msi"),
        log: ServerPath::new(r"C:\mailsec-contract-logs\msi.log"),
        run: true,
    };
    contract::packages(&host(), &fixture).await;
}

#[tokio::test]
#[ignore = "needs the registry of the Windows lab"]
async fn registry() {
    let fixture = contract::RegistryFixture {
        view: RegistryView::Wide,
        key: r"SOFTWARE\Microsoft\ExchangeServer\v15\Setup".to_owned(),
        name: "MsiInstallPath".to_owned(),
        value: r"C:\Program Files\Microsoft\Exchange Server\V15\".to_owned(),
    };
    contract::registry(&host(), &fixture).await;
}

#[tokio::test]
async fn processes() {
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("waits.exe");
    std::fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    let mut child = Command::new(&program).args(["--exact", "waits", "--include-ignored"]).spawn().unwrap();
    contract::processes(&host(), &ServerPath::new(folder.path().to_str().unwrap())).await;
    child.wait().unwrap();
}

#[tokio::test]
async fn tools() {
    let shell = ServerPath::new(std::env::var("ComSpec").unwrap());
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    let me = std::env::current_exe().unwrap();
    let fixture = contract::ToolsFixture {
        exits: ToolRun {
            program: shell,
            arguments: words(&["/c", "echo", "heard", "&", "exit", "3"]),
            limit: LIMIT,
        },
        heard: "heard".to_owned(),
        lasts: ToolRun {
            program: ServerPath::new(me.to_str().unwrap()),
            arguments: words(&["--exact", "waits", "--include-ignored"]),
            limit: Duration::from_secs(2),
        },
    };
    contract::tools(&host(), &fixture).await;
}

#[test]
#[ignore = "a helper of another test: waits to be ended"]
fn waits() {
    std::thread::sleep(Duration::from_secs(60));
}
