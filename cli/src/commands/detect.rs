//! `detect` and `check`: look, and change nothing.

use super::{site, survey};
use crate::{
    args::{Common, RequestArgs},
    exit::Exit,
    output::Reply,
    show,
};
use mailsec_core::{
    Failure,
    plan::UnscannedPolicy,
    product::{
        AccountChoice, BackupChoice, FactQuery, InstallerChoice, RulesChoice, Severity, UpgradeRequest,
    },
    values::ServerPath,
};
use serde_json::json;

pub(crate) async fn detect(common: &Common) -> Result<Reply, Failure> {
    let (site, _) = site(common)?;
    let host = site.host();
    let found = survey::survey(host, &nothing_wanted()).await?;
    let exchange = found.facts.exchange(&FactQuery::Exchange)?.clone();
    Ok(Reply::new(
        show::installation(&host.name(), exchange.as_ref(), &found.installation),
        json!({ "server": host.name(), "exchange": exchange, "installation": found.installation }),
    ))
}

pub(crate) async fn check(common: &Common, args: &RequestArgs) -> Result<Reply, Failure> {
    let request = survey::request(args)?;
    let (site, _) = site(common)?;
    let found = survey::survey(site.host(), &request).await?;
    let findings = found.assess(&request);
    let blocked = findings.iter().any(|finding| finding.severity == Severity::Blocker);
    let verdict =
        if blocked { "The upgrade cannot begin." } else { "Nothing stands in the way of the upgrade." };
    let text = format!("{}\n{verdict}", show::findings(&findings));
    let reply = Reply::new(
        text,
        json!({ "installation": found.installation, "findings": findings, "blocked": blocked }),
    );
    Ok(if blocked { reply.exit(Exit::Refused) } else { reply })
}

/// Detecting asks no more of the server than every request does.
pub(super) fn nothing_wanted() -> UpgradeRequest {
    UpgradeRequest {
        installer: ServerPath::new(r"C:\none"),
        digest: None,
        unsigned: None,
        mode: InstallerChoice::Attended,
        account: AccountChoice::Keep,
        backup: BackupChoice::Skip(String::new()),
        rules: RulesChoice::Skip(String::new()),
        unscanned: UnscannedPolicy::Hold,
        budget: None,
        logs: ServerPath::new(r"C:\none"),
    }
}
