#![forbid(unsafe_code)]
//! What a vendor's crate must show before mailsec trusts it with a server.
//!
//! A [`Candidate`] is a product with its [specimens](Specimen): sample servers, each with what is wanted there.
//! [`certify`] puts it through every [`Check`] and answers with a [`Card`]: what was shown, how often, for which
//! version, and what was not.
//!
//! It depends on no vendor's crate. `docs/contributing/add-a-vendor.md` leads from nothing to a card.

mod built_in;
mod candidate;
mod card;
mod certify;
mod check;
mod operation;
mod product;
mod specimen;
mod tally;
mod text;
mod upgrade;

pub use built_in::built_in;
pub use candidate::{Candidate, Exception};
pub use card::{Card, CardFormat, Checked, Excepted, Shown};
pub use certify::{certify, certify_with};
pub use check::{Check, Group};
pub use mailsec_simulator::worlds::Sample;
pub use specimen::Specimen;
