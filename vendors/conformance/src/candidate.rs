//! Who is to be certified.

use crate::{Check, Specimen};
use mailsec_core::product::MailSecurityProduct;

/// A product with its sample upgrades.
#[derive(Clone)]
pub struct Candidate {
    pub(crate) product: &'static dyn MailSecurityProduct,
    pub(crate) version: String,
    pub(crate) specimens: Vec<Specimen>,
    pub(crate) exceptions: Vec<Exception>,
}

/// What an operation cannot show, and why that lies in its nature. The card says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exception {
    /// Of which check.
    pub check: Check,
    /// The vendor's operation, by its name in plans.
    pub operation: String,
    /// Why it cannot be otherwise.
    pub why: String,
}

impl Candidate {
    /// A product, and the version of the crate that has it: `env!("CARGO_PKG_VERSION")` there.
    #[must_use]
    pub fn new(product: &'static dyn MailSecurityProduct, version: &str) -> Self {
        Self { product, version: version.to_owned(), specimens: Vec::new(), exceptions: Vec::new() }
    }

    /// With a sample upgrade. There should be one for each method, and for each way that a plan can take.
    #[must_use]
    pub fn specimen(mut self, specimen: impl Into<Specimen>) -> Self {
        self.specimens.push(specimen.into());
        self
    }

    /// Excepts one of the vendor's own operations from a check, where its nature demands that. An exception that
    /// nothing needed is a failure of the check.
    #[must_use]
    pub fn except(mut self, check: Check, operation: &str, why: &str) -> Self {
        self.exceptions.push(Exception { check, operation: operation.to_owned(), why: why.to_owned() });
        self
    }

    /// The product.
    #[must_use]
    pub fn product(&self) -> &'static dyn MailSecurityProduct {
        self.product
    }

    /// Its sample upgrades.
    #[must_use]
    pub fn specimens(&self) -> &[Specimen] {
        &self.specimens
    }
}
