//! How it is upgraded.

use crate::names;
use mailsec_core::{
    Failure,
    product::{Method, MethodRow, RulesChoice, UpgradeRequest, foreign_option, known_method},
};

pub(crate) const TABLE: &[MethodRow] = &[MethodRow {
    method: Method::InPlace,
    from: "7.0 and later",
    to: "any later version",
    servers: "one at a time",
    needs: "the transport agents unregistered",
    source: names::ARTICLE,
}];

/// Options of other products are refused, not passed over.
pub(crate) fn accepts(request: &UpgradeRequest) -> Result<(), Failure> {
    if let Some(method) = request.method {
        known_method(TABLE, method)?;
    }
    foreign_option(
        request.names_account(),
        "--account, --create-account, --reset-password or --credential-properties",
        names::NAME,
        "its service runs as the system itself; leave the account's options out",
    )?;
    let rules = request.rules != RulesChoice::AsUsual;
    foreign_option(rules, "--rules-export or --no-rules", names::NAME, "rules are among the settings")?;
    let password = "the vendor's article names no such password";
    foreign_option(request.settings_password, "--settings-password", names::NAME, password)
}
