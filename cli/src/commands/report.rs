//! `report`: what happened, from the journal, at any time and after any failure.

use crate::{
    args::{Common, ReportArgs},
    output::{self, Reply},
    place::State,
    show,
};
use mailsec_core::{Failure, values::Digest};
use serde_json::json;

pub(crate) fn report(common: &Common, args: &ReportArgs) -> Result<Reply, Failure> {
    let state = State::only(common)?;
    let (upgrade, witnessed, loaded) = state.choose(args.which.upgrade.as_deref())?;
    let head = witnessed.lines.last().map_or(Digest::ZERO, |line| line.hash());
    let text = show::report(upgrade, &loaded, head);
    let value = json!({
        "upgrade": upgrade,
        "report": loaded.report,
        "chain": { "envelopes": witnessed.lines.len(), "head": head },
        "journal": witnessed.state,
    });
    let Some(out) = &args.out else { return Ok(Reply::new(text, value)) };
    let content = if common.json { serde_json::to_string_pretty(&value).unwrap_or_default() } else { text };
    output::save(out, "report", content.as_bytes())?;
    Ok(Reply::new(format!("Written to {}.", out.display()), json!({ "written": out })))
}
