//! `report`: what happened, from the journal, at any time and after any failure.

use crate::{
    args::{Common, ReportArgs, ReportFormat},
    exit::Exit,
    output::{self, Reply},
    place::{self, State},
    show::{self, Record},
};
use mailsec_core::{Failure, journal::WitnessState, upgrade::Report, values::UpgradeId};
use mailsec_mail::canary;
use serde_json::json;

pub(crate) fn report(common: &Common, args: &ReportArgs) -> Result<Reply, Failure> {
    let state = State::only(common)?;
    let default = if common.json { ReportFormat::Json } else { ReportFormat::Text };
    let format = args.format.unwrap_or(default);
    let Written { content, value, damage } = written(&state, args.which.upgrade.as_deref(), format)?;
    let exit = if damage.is_empty() { Exit::Done } else { Exit::Journal };
    let Some(out) = &args.out else { return Ok(Reply::new(content, value).exit(exit)) };
    output::save(out, "report", content.as_bytes())?;
    let text = format!("Written to {}.{damage}", out.display());
    Ok(Reply::new(text, json!({ "written": out.display().to_string() })).exit(exit))
}

/// A report in one of its forms.
pub(crate) struct Written {
    pub(crate) content: String,
    value: serde_json::Value,
    /// What is wrong with the journal, for a terminal; empty when nothing is.
    damage: String,
}

/// The report of the upgrade that is meant.
pub(crate) fn written(state: &State, named: Option<&str>, format: ReportFormat) -> Result<Written, Failure> {
    let (upgrade, witnessed, mut loaded) = state.choose(named)?;
    canary_since(state, upgrade, &mut loaded.report);
    let record = Record::of(upgrade, &witnessed, &loaded);
    let value = json!({
        "upgrade": upgrade,
        "report": loaded.report,
        "chain": { "envelopes": witnessed.lines.len(), "head": record.head },
        "journal": witnessed.state,
    });
    let damage = match &witnessed.state {
        WitnessState::Damaged(damage) => format!("\n{}", output::describe(&place::unread(damage))),
        WitnessState::Whole | WitnessState::TornTail { .. } => String::new(),
    };
    let content = match format {
        ReportFormat::Text => format!("{}{damage}", show::plain(&record)),
        ReportFormat::Json => serde_json::to_string_pretty(&value).unwrap_or_default(),
        ReportFormat::Html => show::page(&record),
        ReportFormat::Md => show::markdown(&record),
        ReportFormat::Junit => show::junit(&record),
    };
    Ok(Written { content, value, damage })
}

/// A process that was killed has told the journal nothing of its canary; the canary's own record has it.
fn canary_since(state: &State, upgrade: UpgradeId, report: &mut Report) {
    let Ok(record) = canary::read(&state.canary(upgrade)) else { return };
    let told = report.canary.as_ref().map_or(0, |summary| summary.sent());
    if record.sent() > told && report.finish.is_none() {
        let watched = report.canary.as_ref().is_none_or(|summary| summary.watched);
        report.canary = Some(record.at_last(watched));
    }
}
