use crate::permit;
use mailsec_core::{
    Code,
    host::{Host, ServiceName, ServiceState, StartMode},
};
use std::time::Duration;

/// Services that may be stopped, started and changed.
#[derive(Clone, Debug)]
pub struct ServicesFixture {
    /// Runs now, and may be stopped and started.
    pub service: ServiceName,
    /// Depends on `service` and runs now, where the host has such a one.
    pub dependent: Option<ServiceName>,
    /// How long starting or stopping may take.
    pub limit: Duration,
}

/// The service manager: starting and stopping twice is fine, names have no case, and a disabled service stays down.
pub async fn services(host: &dyn Host, fixture: &ServicesFixture) {
    let services = host.services();
    let (name, limit) = (&fixture.service, fixture.limit);
    let state = async |name: &ServiceName| services.get(name).await.unwrap().unwrap().state;

    let all = services.list().await.unwrap();
    assert!(all.is_sorted_by(|a, b| a.name <= b.name), "the list is sorted by short name");
    let listed = all.iter().find(|service| service.name.same(name)).expect("the list names the service");
    assert_eq!(listed.state, ServiceState::Running);

    let nobody = ServiceName::new("MailsecNoSuchService");
    assert!(services.get(&nobody).await.unwrap().is_none(), "no service is none, and no error");
    let code = |answer: Result<(), mailsec_core::Failure>| answer.unwrap_err().code;
    assert_eq!(code(services.start(&permit(), &nobody, limit).await), Code::ServiceNotFound);
    assert_eq!(code(services.stop(&permit(), &nobody, limit).await), Code::ServiceNotFound);
    assert_eq!(code(services.set_start(&permit(), &nobody, StartMode::Manual).await), Code::ServiceNotFound);

    services.start(&permit(), name, limit).await.expect("starting what runs is fine");
    let shouted = ServiceName::new(name.as_str().to_uppercase());
    services.stop(&permit(), &shouted, limit).await.expect("names are compared without case");
    assert_eq!(state(name).await, ServiceState::Stopped);
    assert_eq!(services.get(name).await.unwrap().unwrap().started, None, "what does not run has not started");
    if let Some(dependent) = &fixture.dependent {
        assert_eq!(state(dependent).await, ServiceState::Stopped, "dependents are stopped too");
    }
    services.stop(&permit(), name, limit).await.expect("stopping what is stopped is fine");

    let mode = listed.start;
    services.set_start(&permit(), name, StartMode::Disabled).await.unwrap();
    assert_eq!(services.get(name).await.unwrap().unwrap().start, StartMode::Disabled);
    assert_eq!(code(services.start(&permit(), name, limit).await), Code::ServiceStart);
    services.set_start(&permit(), name, StartMode::Manual).await.unwrap();
    assert_eq!(services.get(name).await.unwrap().unwrap().start, StartMode::Manual);
    services.set_start(&permit(), name, mode).await.unwrap();

    let last = fixture.dependent.as_ref().unwrap_or(name);
    services.start(&permit(), last, limit).await.expect("it starts again, after what it depends on");
    assert_eq!(state(name).await, ServiceState::Running);
    assert_eq!(state(last).await, ServiceState::Running);
    assert_eq!(services.get(name).await.unwrap().unwrap().start, mode);
}
