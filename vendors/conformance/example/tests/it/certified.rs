//! It keeps the rules of all vendors.

use mailsec_conformance::certify;
use mailsec_sample_guard::SampleGuard;

#[test]
fn sample_guard_is_certified() {
    let card = certify(&crate::specimens::candidate(&SampleGuard), "2026-01-01");
    println!("{}", card.text());
    card.assert();
    crate::page::shows(&card.text());
}
