//! The stand-in Exchange of a new machine.

use crate::error::{LabError, Result, at};
use crate::machine::Machine;
use mailsec_lab_standins::agents::{self, Agent};
use mailsec_lab_standins::layout::{self, EXCHANGE_FOLDER};
use std::fs;

/// The agents that Exchange brings with it on a Mailbox server, in their order. The names are Exchange's; their
/// factories and assemblies are the lab's.
const BUILT_IN: [(&str, &str); 9] = [
    ("Transport Rule Agent", "Routing.RoutingAgent"),
    ("DLP Policy Agent", "Routing.RoutingAgent"),
    ("Retention Policy Agent", "Routing.RoutingAgent"),
    ("Supervisory Review Agent", "Routing.RoutingAgent"),
    ("Malware Agent", "Routing.RoutingAgent"),
    ("Text Messaging Routing Agent", "Routing.RoutingAgent"),
    ("Text Messaging Delivery Agent", "Delivery.DeliveryAgent"),
    ("System Probe Drop Smtp Agent", "Smtp.SmtpReceiveAgent"),
    ("System Probe Drop Routing Agent", "Routing.RoutingAgent"),
];

/// The stand-in product's agents, and where in the order a console would have put them: among the built-in ones.
pub(crate) const VIPRE_POSITION: usize = 4;

fn built_in() -> Vec<Agent> {
    let agent = |(name, base): &(&str, &str)| Agent {
        name: (*name).to_owned(),
        base_type: format!("Microsoft.Exchange.Data.Transport.{base}"),
        class_factory: format!("ExchangeLab.{}Factory", name.replace(' ', "")),
        assembly_path: format!(r"{EXCHANGE_FOLDER}TransportRoles\agents\Lab\{}.dll", name.replace(' ', "")),
        enabled: true,
    };
    BUILT_IN.iter().map(agent).collect()
}

/// The agents that the stand-in product registers.
pub(crate) fn vipre_agents() -> [Agent; 2] {
    let agent = |name: &str, base: &str, factory: &str| Agent {
        name: name.to_owned(),
        base_type: format!("Microsoft.Exchange.Data.Transport.{base}"),
        class_factory: format!("VipreLab.TransportAgent.{factory}"),
        assembly_path: layout::VIPRE_ASSEMBLY.to_owned(),
        enabled: true,
    };
    [
        agent("VipreLab Connection Agent", "Smtp.SmtpReceiveAgent", "SmtpReceiveFactory"),
        agent("VipreLab Content Agent", "Routing.RoutingAgent", "RoutingFactory"),
    ]
}

/// Puts the files of the stand-in Exchange on a machine.
pub(crate) fn place(machine: &Machine) -> Result<()> {
    let agents = built_in();
    for agent in &agents {
        let assembly = machine.linux(&agent.assembly_path);
        let folder = assembly.parent().unwrap_or(&assembly).to_owned();
        at(&folder, fs::create_dir_all(&folder))?;
        at(&assembly, fs::write(&assembly, format!("{} (not a real assembly)\r\n", agent.name)))?;
    }
    let shared = shared(machine);
    at(&shared, fs::create_dir_all(&shared))?;
    write(machine, &agents)?;
    agents::write(&shared.join("fetagents.config"), &[]).map_err(|e| LabError::failed("fetagents.config", e))
}

fn shared(machine: &Machine) -> std::path::PathBuf {
    layout::shared_folder(&machine.linux(EXCHANGE_FOLDER))
}

/// The registered agents of the transport service.
pub(crate) fn read(machine: &Machine) -> Result<Vec<Agent>> {
    agents::read(&shared(machine).join("agents.config")).map_err(|e| LabError::failed("agents.config", e))
}

/// Replaces the registered agents, as nobody may on a real server.
pub(crate) fn write(machine: &Machine, agents: &[Agent]) -> Result<()> {
    agents::write(&shared(machine).join("agents.config"), agents)
        .map_err(|e| LabError::failed("agents.config", e))
}
