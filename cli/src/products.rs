//! What this program is: its version, and the products that it knows.

use mailsec_core::{Failure, product::MailSecurityProduct};
use mailsec_eset::Eset;
use mailsec_vipre::Vipre;

/// This program's version, as plans and the journal name it.
pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The products that this program knows. A vendor's crate is added here.
pub(crate) fn products() -> Vec<Box<dyn MailSecurityProduct>> {
    vec![Box::new(Vipre), Box::new(Eset)]
}

/// The same, for as long as the program runs: those on which plans are rehearsed.
pub(crate) const REHEARSABLE: [&dyn MailSecurityProduct; 2] = [&Vipre, &Eset];

/// The product that a plan was made by.
pub(crate) fn product(key: &str) -> Result<Box<dyn MailSecurityProduct>, Failure> {
    products().into_iter().find(|product| product.describe().key == key).ok_or_else(|| {
        Failure::new(mailsec_core::Code::ProductNotFound, "this program does not know the plan's product")
            .expected(products().iter().map(|product| product.describe().key).collect::<Vec<_>>().join(", "))
            .found(key)
            .hint("use the version of the program that made the plan")
    })
}
