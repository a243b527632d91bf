//! What a vendor's support needs beside the journal: the report, logs, what is installed.

mod scrub;

use super::{VERSION, detect::nothing_wanted, site, survey};
use crate::{
    args::Common,
    place::State,
    show::{self, Record},
};
use mailsec_core::{
    Failure,
    host::Host,
    journal::Bundle,
    plan::{Operation, Plan},
    product::FactQuery,
    values::ServerPath,
};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Bytes of a log that is looked at; a longer one is named and left.
const LOG_LIMIT: u64 = 64 * 1024 * 1024;
/// Bytes at the end of a log that are attached: where the reason stands.
const LOG_END: usize = 1024 * 1024;

/// A bundle with all that helps to understand it: versions, the facts that its plan was made from, and texts.
pub(super) async fn complete(common: &Common, state: &State, bundle: Bundle, record: &Record<'_>) -> Bundle {
    let loaded = record.loaded;
    let attached = attachments(common, state, record).await;
    let mut bundle = bundle
        .with_attached(attached)
        .with_version("mailsec", VERSION)
        .with_version("exported on", std::env::consts::OS);
    let Some(plan) = loaded.state.plan.as_deref() else { return bundle };
    bundle = bundle
        .with_version("planned by mailsec", &plan.engine)
        .with_version(format!("{}, before", plan.naming.before), plan.from.to_string())
        .with_version(format!("{}, after", plan.naming.after), plan.to.to_string());
    match state.read_facts(plan.facts) {
        Some(captured) => {
            let exchange = captured.facts.exchange(&FactQuery::Exchange).ok().and_then(Option::as_ref);
            let version = exchange.map(|exchange| exchange.version.clone());
            let bundle = bundle.with_facts(&captured);
            match version {
                Some(version) => bundle.with_version("Exchange", version),
                None => bundle,
            }
        }
        None => bundle,
    }
}

/// The texts, by name. What cannot be had is said in its place: support is asked for when things are broken.
async fn attachments(common: &Common, state: &State, record: &Record<'_>) -> BTreeMap<String, String> {
    let mut texts = BTreeMap::new();
    texts.insert("report.txt".to_owned(), show::plain(record));
    for path in [state.folder().join("service.log"), state.logs().join("mailsec.log")] {
        if let (Ok(log), Some(name)) = (std::fs::read(&path), path.file_name()) {
            texts.insert(name.to_string_lossy().into_owned(), scrub::log(&log, LOG_END));
        }
    }
    match site(common).and_then(|(site, _)| site.as_configured().map(|()| site)) {
        Ok(site) => {
            let server = server(site.host()).await;
            texts.insert("server.json".to_owned(), serde_json::to_string_pretty(&server).unwrap_or_default());
            for log in record.loaded.state.plan.as_deref().into_iter().flat_map(logs) {
                texts.insert(log.file_name().to_owned(), installer_log(site.host(), log).await);
            }
        }
        Err(failure) => {
            texts.insert(
                "server.json".to_owned(),
                json!({ "mailsec": VERSION, "unknown": failure }).to_string(),
            );
        }
    }
    texts
}

/// The logs that installers of this plan write.
fn logs(plan: &Plan) -> impl Iterator<Item = &ServerPath> {
    plan.steps.iter().filter_map(|step| match &step.operation {
        Operation::RunInstaller { log, .. } | Operation::Uninstall { log, .. } => Some(log),
        _ => None,
    })
}

async fn installer_log(host: &dyn Host, log: &ServerPath) -> String {
    match host.files().read(log, LOG_LIMIT).await {
        Ok(content) => scrub::log(&content, LOG_END),
        Err(failure) => format!("{failure}\n"),
    }
}

/// Versions and what is installed.
async fn server(host: &dyn Host) -> Value {
    let or_why =
        |result: Result<Value, Failure>| result.unwrap_or_else(|failure| json!({ "unknown": failure }));
    let found = survey::survey(host, None, &nothing_wanted()).await;
    let (exchange, installation) = match &found {
        Ok(found) => (
            or_why(found.facts.exchange(&FactQuery::Exchange).map(|exchange| json!(exchange))),
            json!(found.installation),
        ),
        Err(failure) => (
            or_why(host.transport().exchange().await.map(|exchange| json!(exchange))),
            json!({ "unknown": failure }),
        ),
    };
    json!({
        "mailsec": VERSION,
        "system": std::env::consts::OS,
        "server": host.name(),
        "exchange": exchange,
        "installation": installation,
        "pending_restart": or_why(host.power().pending().await.map(|signs| json!(signs))),
        "installer_busy": or_why(host.packages().busy().await.map(|busy| json!(busy))),
    })
}
