//! A patient operator who looks before each step: what the server must allow after every crash.
#![allow(dead_code, reason = "each test binary uses a part of it")]

use futures::executor::block_on;
use mailsec_core::{
    Permit,
    host::{Agent, Answer, Host, InstallRequest, InstallerOutcome, PackageKind, ServiceName},
    values::ServerPath,
};
use mailsec_simulator::{
    SimHost, World, oracle,
    worlds::{installers, vipre},
};
use std::time::Duration;

pub(crate) const LIMIT: Duration = Duration::from_secs(600);

pub(crate) fn permit() -> Permit {
    Permit::for_test("test")
}

/// The product's agents as they are before anything is changed.
pub(crate) fn product_agents(world: &World) -> Vec<Agent> {
    let folder = ServerPath::new(vipre::FOLDER);
    world.agents().unwrap().into_iter().filter(|agent| agent.assembly.is_under(&folder)).collect()
}

pub(crate) fn install(host: &SimHost, package: &str) -> Answer<InstallerOutcome> {
    block_on(install_now(host, package))
}

async fn install_now(host: &SimHost, package: &str) -> Answer<InstallerOutcome> {
    host.packages()
        .install(
            &permit(),
            InstallRequest {
                package: &ServerPath::new(package),
                kind: PackageKind::Msi,
                arguments: &[],
                secret_properties: &[],
                log: &ServerPath::new(r"C:\Install\log.txt"),
                limit: LIMIT,
            },
        )
        .await
}

/// Takes the server from 4.5 to 5.1 with mail held, wherever it stands now; `agents` as they were at the beginning.
pub(crate) fn upgrade(host: &SimHost, agents: &[Agent], package: &str) -> Answer<()> {
    block_on(async {
        let (transport, services) = (host.transport(), host.services());
        let mail = ServiceName::transport();
        let new = host.look(|world| world.installed_version(vipre::NEW_NAME)).is_some();
        let complete = new
            && !host.packages().busy().await?
            && services.get(&ServiceName::new(vipre::SERVICE)).await?.is_some_and(|s| s.is_running());
        // The installer's last stages may be missing after a crash; then it runs again.
        services.stop(&permit(), &mail, LIMIT).await?;
        if !complete {
            for agent in agents {
                if transport.agents().await?.iter().any(|found| found.id.same(&agent.id)) {
                    transport.uninstall(&permit(), &agent.id).await?;
                }
            }
            for program in host.processes().under(&ServerPath::new(vipre::FOLDER)).await? {
                if !program.is_service {
                    host.processes().close(&permit(), &program, LIMIT).await?;
                }
            }
            while host.packages().busy().await? {
                host.clock().sleep(Duration::from_secs(5)).await;
            }
            let outcome = install_now(host, package).await?;
            assert!(outcome.succeeded(), "{outcome:?}");
        }
        for agent in agents {
            if !transport.agents().await?.iter().any(|found| found.id.same(&agent.id)) {
                transport.install(&permit(), agent).await?;
            }
            transport.set_priority(&permit(), &agent.id, agent.priority).await?;
            transport.set_enabled(&permit(), &agent.id, agent.enabled).await?;
        }
        services.start(&permit(), &mail, LIMIT).await?;
        services.start(&permit(), &ServiceName::new(vipre::SERVICE), LIMIT).await
    })
}

/// Everything that a good end means.
pub(crate) fn assert_upgraded(before: &World, after: &World) {
    let settings = vipre::path("Settings");
    let differences =
        oracle::differences(&oracle::picture(before, &settings), &oracle::picture(after, &settings));
    let told: Vec<String> = differences.iter().map(ToString::to_string).collect();
    let new_setting = told.iter().position(|line| line.starts_with("setting ServerEdition.xml: (none) -> "));
    let mut told = told;
    told.remove(new_setting.expect("the new version adds a settings file"));
    assert_eq!(
        told,
        [
            format!("product {}: (none) -> {}", vipre::NEW_NAME, vipre::NEW_VERSION),
            format!("product {}: {} -> (none)", vipre::OLD_NAME, vipre::OLD_VERSION),
        ]
    );
    assert_eq!(oracle::no_mail_lost(after), Ok(()));
    assert_eq!(oracle::transport_in_effect(after), Ok(()));
    assert_eq!(after.mail.waiting, 0);
}

/// The package that most tests install.
pub(crate) const RIGHT: &str = installers::RIGHT;
