//! The products of this workspace pass.

use mailsec_conformance::{built_in, certify};
use mailsec_eset::Eset;
use mailsec_vipre::Vipre;

const VERSION: &str = env!("CARGO_PKG_VERSION");

#[test]
fn vipre_is_certified() {
    let card = certify(&built_in(&Vipre, VERSION).expect("sample servers"), "2026-01-01");
    println!("{}", card.text());
    card.assert();
}

#[test]
fn eset_is_certified() {
    let card = certify(&built_in(&Eset, VERSION).expect("sample servers"), "2026-01-01");
    println!("{}", card.text());
    card.assert();
}
