//! An Exchange 2019 Mailbox server in the domain LAB.

use crate::world::{
    World,
    agents::AgentRow,
    services::{SimService, key},
    transport::SETUP,
};
use mailsec_core::{
    host::{Rank, RegistryView, StartMode, TransportService},
    values::ServerPath,
};
use std::sync::Arc;

/// Where Exchange is installed.
pub const FOLDER: &str = r"C:\Program Files\Microsoft\Exchange Server\V15";
/// The domain's NetBIOS name.
pub const DOMAIN: &str = "LAB";
/// Exchange's own agents, in the order of their priority.
pub const BUILT_IN_AGENTS: [&str; 9] = [
    "Transport Rule Agent",
    "DLP Policy Agent",
    "Retention Policy Agent",
    "Supervisory Review Agent",
    "Malware Agent",
    "Text Messaging Routing Agent",
    "Text Messaging Delivery Agent",
    "System Probe Drop Smtp Agent",
    "System Probe Drop Routing Agent",
];
const DOMAIN_SID: &str = "S-1-5-21-1004336348-1177238915-682003330";

/// Whether a service belongs to Windows or Exchange, and not to a product.
#[must_use]
pub fn is_own(service: &str) -> bool {
    service.starts_with("MSExchange") || ["EventLog", "W3SVC", "FMS", "msiserver"].contains(&service)
}

/// A Mailbox server whose services run; mail flows, and counts as scanned, for there is nothing that would scan it.
#[must_use]
pub fn mailbox_server() -> World {
    let mut world = World::new("MAIL01");
    registry(&mut world);
    services(&mut world);
    agents(&mut world);
    domain(&mut world);
    // What the files say is what the running services have loaded.
    for service in ["msexchangetransport", "msexchangefrontendtransport"] {
        _ = world.load_agents(service);
    }
    world.refresh_mail();
    world
}

fn registry(world: &mut World) {
    let values = [
        ("MsiProductMajor", "15"),
        ("MsiProductMinor", "2"),
        ("MsiBuildMajor", "1748"),
        ("MsiBuildMinor", "10"),
        ("MsiInstallPath", FOLDER),
        ("Services", "X"),
    ];
    for (name, value) in values {
        world.registry.set(RegistryView::Wide, SETUP, name, value);
    }
}

/// Adds a service; where it runs, it gets a process.
pub fn add_service(world: &mut World, mut service: SimService) {
    if service.started.is_some() {
        service.pid = Some(world.take_pid());
    }
    world.services.insert(key(service.name.as_str()).into(), service.into());
}

fn services(world: &mut World) {
    let now = world.now;
    let topology = "MSExchangeADTopology";
    let mut add = |name: &str, display: &str, account: &str, needs: &[&str], start_ms: u64, stop_ms: u64| {
        let service = SimService {
            account: account.into(),
            depends: needs.iter().map(|&needed| needed.to_owned()).collect(),
            start_ms,
            stop_ms,
            ..SimService::new(name, display, now)
        };
        add_service(world, service);
    };
    let (system, network) = ("LocalSystem", r"NT AUTHORITY\NetworkService");
    add("EventLog", "Windows Event Log", r"NT AUTHORITY\LocalService", &[], 500, 500);
    add("W3SVC", "World Wide Web Publishing Service", system, &[], 2_000, 3_000);
    add("FMS", "Microsoft Filtering Management Service", system, &[], 3_000, 3_000);
    add(topology, "Microsoft Exchange Active Directory Topology", system, &[], 8_000, 3_000);
    add("MSExchangeIS", "Microsoft Exchange Information Store", system, &[topology], 12_000, 9_000);
    add("MSExchangeServiceHost", "Microsoft Exchange Service Host", system, &[topology], 3_000, 2_000);
    add("MSExchangeRepl", "Microsoft Exchange Replication", system, &[topology], 4_000, 3_000);
    add("MSExchangeTransport", "Microsoft Exchange Transport", network, &[topology, "FMS"], 18_000, 9_000);
    add(
        "MSExchangeFrontEndTransport",
        "Microsoft Exchange Frontend Transport",
        system,
        &[topology],
        6_000,
        4_000,
    );
    add(
        "MSExchangeDelivery",
        "Microsoft Exchange Mailbox Transport Delivery",
        network,
        &[topology],
        4_000,
        3_000,
    );
    add(
        "MSExchangeSubmission",
        "Microsoft Exchange Mailbox Transport Submission",
        system,
        &[topology],
        4_000,
        3_000,
    );
    add("MSExchangeEdgeSync", "Microsoft Exchange EdgeSync", system, &[topology], 3_000, 2_000);
    let installer = SimService {
        start: StartMode::Manual,
        state: mailsec_core::host::ServiceState::Stopped,
        started: None,
        ..SimService::new("msiserver", "Windows Installer", now)
    };
    add_service(world, installer);
}

fn agents(world: &mut World) {
    let folder = ServerPath::new(FOLDER).join(r"TransportRoles\agents");
    let rows: Vec<Arc<AgentRow>> = BUILT_IN_AGENTS
        .into_iter()
        .map(|name| {
            let short = name.replace(' ', "");
            let assembly = folder.join(&format!("Sim{short}.dll"));
            world.disk.put(&assembly, format!("assembly of {name}"), world.now);
            Arc::new(AgentRow::new(name, &format!("Microsoft.Exchange.Sim.{short}Factory"), &assembly))
        })
        .collect();
    for (service, rows) in [(TransportService::Hub, rows), (TransportService::FrontEnd, Vec::new())] {
        if let Ok(path) = world.agents_file(service) {
            world.disk.put(&path, crate::world::content::Content::of_agents(rows), world.now);
        }
    }
}

fn domain(world: &mut World) {
    let directory = &mut world.directory;
    directory.domain = DOMAIN.to_owned();
    directory.min_length = 10;
    directory.complex = true;
    let own = |rid: u32| format!("{DOMAIN_SID}-{rid}");
    let mut add = |name: &str, sid: &str, rank: Rank, member_of: &[&str]| {
        directory.add_group(name, sid, rank, member_of);
    };
    add("Administrators", "S-1-5-32-544", Rank::DomainAdmin, &[]);
    add("Users", "S-1-5-32-545", Rank::Plain, &[]);
    add("Domain Admins", &own(512), Rank::DomainAdmin, &["Administrators"]);
    add("Enterprise Admins", &own(519), Rank::DomainAdmin, &["Administrators"]);
    add("Schema Admins", &own(518), Rank::DomainAdmin, &[]);
    add("Domain Users", &own(513), Rank::Plain, &["Users"]);
    add("Organization Management", &own(1104), Rank::ExchangeAdmin, &[]);
    add("Hygiene Management", &own(1105), Rank::ExchangeAdmin, &[]);
    add("Server Management", &own(1106), Rank::ExchangeAdmin, &[]);
    // A loop, and a chain that ends in Domain Admins.
    add("Mail Operators", &own(1201), Rank::Plain, &["Mail Support"]);
    add("Mail Support", &own(1202), Rank::Plain, &["Mail Operators"]);
    add("Night Shift", &own(1203), Rank::Plain, &["On Call"]);
    add("On Call", &own(1204), Rank::Plain, &["Domain Admins"]);
    add("Exchange Helpers", &own(1205), Rank::Plain, &["Organization Management"]);
}
