//! A report as a file or a page has it.

use crate::{
    args::ReportFormat,
    output,
    place::{self, State},
    show::{self, Record},
};
use mailsec_core::{Failure, engine::ReportFile, journal::WitnessState, upgrade::Report, values::UpgradeId};
use mailsec_mail::canary;

/// A report in one of its forms.
pub(crate) struct Written {
    pub(crate) content: String,
    pub(crate) value: serde_json::Value,
    /// What is wrong with the journal, for a terminal; empty when nothing is.
    pub(crate) damage: String,
}

/// The report of the upgrade that is meant.
pub(crate) fn written(state: &State, named: Option<&str>, format: ReportFormat) -> Result<Written, Failure> {
    let (upgrade, witnessed, mut loaded) = state.choose(named)?;
    canary_since(state, upgrade, &mut loaded.report);
    let record = Record::of(upgrade, &witnessed, &loaded);
    let file = ReportFile::of(upgrade, &witnessed, &loaded);
    let value = serde_json::to_value(&file).map_err(|e| output::system("the report cannot be written", e))?;
    let damage = match &witnessed.state {
        WitnessState::Damaged(damage) => format!("\n{}", output::describe(&place::unread(damage))),
        WitnessState::Whole | WitnessState::TornTail { .. } => String::new(),
    };
    let content = match format {
        ReportFormat::Text => format!("{}{damage}", show::plain(&record)),
        // In the order of its fields.
        ReportFormat::Json => serde_json::to_string_pretty(&file)
            .map_err(|e| output::system("the report cannot be written", e))?,
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
