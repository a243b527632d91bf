//! `detect` and `check`: look, and change nothing.

use super::{
    idle::{idle, left_behind},
    site, survey,
};
use crate::{
    args::{Common, RequestArgs},
    exit::Exit,
    output::Reply,
    show,
};
use mailsec_core::{
    Failure,
    product::{BackupChoice, FactQuery, RulesChoice, Severity, UpgradeRequest},
    values::ServerPath,
};
use serde_json::json;

pub(crate) async fn detect(common: &Common) -> Result<Reply, Failure> {
    let (site, _) = site(common)?;
    let host = site.server()?;
    let found = survey::survey(host, common.product.as_deref(), &nothing_wanted()).await?;
    let exchange = found.facts.exchange(&FactQuery::Exchange)?.clone();
    Ok(Reply::new(
        show::installation(&host.name(), exchange.as_ref(), &found.installation),
        json!({ "server": host.name(), "exchange": exchange, "installation": found.installation }),
    ))
}

pub(crate) async fn check(common: &Common, args: &RequestArgs) -> Result<Reply, Failure> {
    let request = survey::request(args)?;
    let (site, _) = site(common)?;
    idle(&site.state)?;
    let found = survey::survey(site.server()?, common.product.as_deref(), &request).await?;
    found.product.accepts(&request)?;
    let findings = found.assess(&request);
    let blocked = findings.iter().any(|finding| finding.severity == Severity::Blocker);
    let verdict =
        if blocked { "The upgrade cannot begin." } else { "Nothing stands in the way of the upgrade." };
    let behind = left_behind(&site.state).map(|why| format!("\nBefore: {why}\n")).unwrap_or_default();
    let text = format!("{}{behind}\n{verdict}", show::findings(&findings));
    let reply = Reply::new(
        text,
        json!({ "installation": found.installation, "findings": findings, "blocked": blocked }),
    );
    Ok(if blocked { reply.exit(Exit::Refused) } else { reply })
}

/// Detecting asks no more of the server than every request does.
pub(crate) fn nothing_wanted() -> UpgradeRequest {
    let nowhere = ServerPath::new(r"C:\none");
    let mut request = UpgradeRequest::new(nowhere.clone(), nowhere.clone(), nowhere);
    request.backup = BackupChoice::Skip(String::new());
    request.rules = RulesChoice::Skip(String::new());
    request
}
