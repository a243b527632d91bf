//! How it is upgraded: the vendor's article has one way.

use crate::names;
use mailsec_core::{
    Failure,
    product::{Method, MethodRow, UpgradeRequest, foreign_option, known_method},
};

pub(crate) const TABLE: &[MethodRow] = &[MethodRow {
    method: Method::InPlace,
    from: "4.5 and earlier, and later ones",
    to: "any later version",
    servers: "one at a time",
    needs: "the service account's password; the transport agents unregistered",
    source: names::ARTICLE,
}];

pub(crate) fn accepts(request: &UpgradeRequest) -> Result<(), Failure> {
    if let Some(method) = request.method {
        known_method(TABLE, method)?;
    }
    let product = names::COMMON;
    let none = "the vendor's article names no such password";
    foreign_option(request.settings_password, "--settings-password", product, none)
}
