//! The products whose sample servers the simulator has.

use crate::{Candidate, Check};
use mailsec_core::product::MailSecurityProduct;
use mailsec_simulator::cases::{Case, eset, vipre};

/// A product with the sample upgrades that the simulator has for it; none for a product that it does not know.
#[must_use]
pub fn built_in(product: &'static dyn MailSecurityProduct, version: &str) -> Option<Candidate> {
    let cases: &[Case] = match product.describe().key {
        "vipre" => vipre::ALL,
        "eset" => eset::ALL,
        _ => return None,
    };
    let mut candidate = Candidate::new(product, version);
    for case in cases {
        candidate = candidate.specimen(case);
    }
    if candidate.product.describe().key == "eset" {
        let why = "the product keeps no record of an import; importing the same file again leads to the same settings";
        for check in [Check::ObserveBefore, Check::ObserveAfter] {
            candidate = candidate.except(check, "import-settings", why);
        }
    }
    Some(candidate)
}
