use mailsec_core::host::{Host, ProbeVerdict, ServiceName};
use std::time::Duration;

/// Mail: a probe is accepted while transport runs, and deferred, never refused, while it does not.
///
/// `stop` says whether transport may be stopped for a while.
pub async fn mail(host: &dyn Host, stop: Option<Duration>) {
    let probe = async |marker: &str| {
        let report = host.mail().probe(marker).await.unwrap();
        assert!(!report.evidence.is_empty(), "a verdict has evidence");
        report.verdict
    };
    assert_eq!(probe("mailsec-contract-1").await, ProbeVerdict::Accepted);
    let Some(limit) = stop else { return };
    let (services, transport) = (host.services(), ServiceName::transport());
    services.stop(&crate::permit(), &transport, limit).await.unwrap();
    assert_eq!(probe("mailsec-contract-2").await, ProbeVerdict::Deferred);
    assert!(host.transport().queues().await.unwrap().is_none(), "nobody can say while transport is down");
    services.start(&crate::permit(), &transport, limit).await.unwrap();
    assert_eq!(probe("mailsec-contract-3").await, ProbeVerdict::Accepted);
}
