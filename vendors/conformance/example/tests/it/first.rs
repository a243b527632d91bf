//! What it makes of one server.

use futures::executor::block_on;
use mailsec_core::product::MailSecurityProduct;
use mailsec_sample_guard::SampleGuard;
use mailsec_simulator::SimHost;

#[test]
fn it_is_found_and_nothing_stands_in_the_way() {
    let host = SimHost::in_memory(crate::specimens::server());
    let request = crate::specimens::request();
    let facts = block_on(SampleGuard.gather(&host, &request)).unwrap();
    let installation = SampleGuard.detect(&facts).unwrap().expect("it is installed");
    assert_eq!(installation.version.to_string(), "7.2.0.0");
    assert_eq!(installation.agents.len(), 1);
    let findings = SampleGuard.assess(&installation, &facts, &request);
    assert!(findings.iter().all(|finding| finding.fix.is_none()), "{findings:?}");
}
