use crate::permit;
use mailsec_core::{
    host::{Agent, AgentId, Host, TransportService},
    values::ServerPath,
};

/// An agent that may be registered and unregistered.
#[derive(Clone, Debug)]
pub struct TransportFixture {
    /// The service it goes to, which has at least one agent already.
    pub service: TransportService,
    /// A name that no agent has.
    pub name: String,
    /// A factory that the assembly holds.
    pub factory: String,
    /// An assembly that exists.
    pub assembly: ServerPath,
}

/// Transport agents: registered disabled and last, priorities from 1 without gaps, unknown names are errors and
/// change nothing.
pub async fn transport(host: &dyn Host, fixture: &TransportFixture) {
    let transport = host.transport();
    assert!(transport.exchange().await.unwrap().is_some(), "the fixture has Exchange");
    let before = transport.agents().await.unwrap();
    let own = async || -> Vec<Agent> {
        let agents = transport.agents().await.unwrap();
        agents.into_iter().filter(|agent| agent.id.service == fixture.service).collect()
    };
    let count = own().await.len();
    assert!(count >= 1);

    let id = AgentId { name: fixture.name.clone().into(), service: fixture.service };
    let agent = Agent {
        id: id.clone(),
        enabled: true,
        priority: 1,
        factory: fixture.factory.clone().into(),
        assembly: fixture.assembly.clone(),
    };
    transport.install(&permit(), &agent).await.unwrap();
    let last = own().await.pop().unwrap();
    assert!(last.id.same(&id), "a new agent is the last one, whatever was asked for");
    assert!(!last.enabled, "a new agent is disabled, whatever was asked for");
    assert_eq!(usize::try_from(last.priority).unwrap(), count + 1);
    assert_eq!(last.factory, agent.factory);
    assert!(last.assembly.same(&agent.assembly));

    let shouted = AgentId { name: fixture.name.to_uppercase().into(), ..id.clone() };
    transport.set_enabled(&permit(), &shouted, true).await.expect("names are compared without case");
    transport.set_enabled(&permit(), &id, true).await.expect("enabling twice is fine");
    transport.set_priority(&permit(), &id, 1).await.unwrap();
    let agents = own().await;
    assert!(agents[0].id.same(&id) && agents[0].enabled);
    let priorities: Vec<u32> = agents.iter().map(|agent| agent.priority).collect();
    assert_eq!(
        priorities,
        (1..).take(count + 1).collect::<Vec<u32>>(),
        "priorities count from 1, without gaps"
    );

    let held = transport.agents().await.unwrap();
    let nobody = AgentId { name: "Mailsec No Such Agent".into(), ..id.clone() };
    let out_of_range = u32::try_from(count + 2).unwrap();
    let long = Agent { id: AgentId { name: "x".repeat(65).into(), ..id.clone() }, ..agent.clone() };
    let share =
        Agent { assembly: ServerPath::new(r"\\server\share\x.dll"), id: nobody.clone(), ..agent.clone() };
    assert!(transport.uninstall(&permit(), &nobody).await.is_err(), "an unknown agent is an error");
    assert!(transport.set_enabled(&permit(), &nobody, false).await.is_err());
    assert!(transport.set_priority(&permit(), &nobody, 1).await.is_err());
    assert!(transport.set_priority(&permit(), &id, 0).await.is_err(), "priorities begin at 1");
    assert!(transport.set_priority(&permit(), &id, out_of_range).await.is_err());
    assert!(transport.install(&permit(), &agent).await.is_err(), "a name is taken once");
    assert!(transport.install(&permit(), &long).await.is_err(), "names have at most 64 characters");
    assert!(transport.install(&permit(), &share).await.is_err(), "assemblies do not lie on shares");
    assert_eq!(transport.agents().await.unwrap(), held, "what was refused has changed nothing");

    transport.uninstall(&permit(), &id).await.unwrap();
    assert_eq!(transport.agents().await.unwrap(), before);
}
