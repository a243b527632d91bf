//! The simulated host keeps the contract of every port.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::result_large_err,
    reason = "tests, helpers included"
)]

use futures::executor::block_on;
use mailsec_contract as contract;
use mailsec_core::{
    host::{Host, RegistryView, ServiceName, ToolRun, TransportService},
    proof::MailPath,
    values::{AccountName, Secret, SecretRef, ServerPath},
};
use mailsec_simulator::{
    SimHost, oracle,
    world::{tool::Tool, transport::SETUP},
    worlds::{exchange, installers, vipre},
};
use std::{collections::BTreeMap, time::Duration};

const LIMIT: Duration = Duration::from_secs(300);

fn host() -> SimHost {
    SimHost::in_memory(vipre::vipre_45())
}

#[test]
fn services() {
    let service = ServiceName::new("MSExchangeADTopology");
    let dependent = Some(ServiceName::transport());
    block_on(contract::services(&host(), &contract::ServicesFixture { service, dependent, limit: LIMIT }));
}

#[test]
fn transport() {
    let fixture = contract::TransportFixture {
        service: TransportService::Hub,
        name: "Contract Agent".to_owned(),
        factory: "Contract.Factory".to_owned(),
        assembly: vipre::assembly(0),
    };
    block_on(contract::transport(&host(), &fixture));
}

#[test]
fn files() {
    block_on(contract::files(&host(), &ServerPath::new(r"C:\Backup\Contract")));
}

#[test]
fn packages() {
    let fixture = contract::PackagesFixture {
        package: ServerPath::new(installers::RIGHT),
        product: vipre::NEW_NAME.to_owned(),
        version: vipre::NEW_VERSION.to_owned(),
        code: vipre::NEW_CODE.to_owned(),
        properties: Vec::new(),
        missing: ServerPath::new(r"C:\Install\missing.msi"),
        log: ServerPath::new(r"C:\Install\contract.log"),
        run: true,
    };
    block_on(contract::packages(&host(), &fixture));
}

#[test]
fn directory() {
    let fixture = contract::DirectoryFixture {
        fresh: AccountName::parse(r"LAB\svc-contract").unwrap(),
        existing: vipre::account().unwrap(),
        password: Secret::new(vipre::PASSWORD),
        good: Secret::new("Long-Enough-And-4-Kinds"),
        weak: Secret::new("short"),
    };
    block_on(contract::directory(&host(), &fixture));
    let host = host();
    host.change(|world| world.directory.users.values_mut().for_each(|user| user.locked = true)).unwrap();
    block_on(contract::locked_account(&host, &fixture.existing, &fixture.good));
}

#[test]
fn tools() {
    let host = host();
    let tool = |name: &str, millis: u64| {
        let program = ServerPath::new(r"C:\Tools").join(name);
        let script = Tool::Scripted { millis, says: "heard".to_owned(), code: 3 };
        host.change(|world| world.person_saves(&program, script.text().as_bytes())).unwrap().unwrap();
        ToolRun { program, arguments: vec!["/x".to_owned()], limit: Duration::from_secs(2) }
    };
    let fixture = contract::ToolsFixture {
        exits: tool("exits.exe", 500),
        heard: "heard".to_owned(),
        lasts: tool("lasts.exe", 60_000),
    };
    block_on(contract::tools(&host, &fixture));
}

#[test]
fn the_small_ports() {
    let (name, value) = (SecretRef::new("service-account-password"), Secret::new("Planted-Secret-1"));
    let host = host().with_secrets(BTreeMap::from([(name.clone(), value.clone())]));
    let registry = contract::RegistryFixture {
        view: RegistryView::Wide,
        key: SETUP.to_owned(),
        name: "MsiInstallPath".to_owned(),
        value: exchange::FOLDER.to_owned(),
    };
    block_on(async {
        contract::power(&host).await;
        contract::clock(&host).await;
        contract::secrets(&host, &name, &value).await;
        contract::registry(&host, &registry).await;
        contract::processes(&host, &ServerPath::new(vipre::FOLDER)).await;
        contract::mail(&host, Some(LIMIT)).await;
        contract::pickup(MailPath::of(&host), "1").await;
    });
    assert_eq!(oracle::no_mail_lost(&host.world()), Ok(()));
    assert_eq!(oracle::transport_in_effect(&host.world()), Ok(()));
    assert_eq!(host.name(), "MAIL01");
}
