//! `report`: what happened, from the journal, at any time and after any failure.

use crate::{
    args::{Common, ReportArgs, ReportFormat},
    exit::Exit,
    output::{self, Reply},
    place::State,
    written::{Written, written},
};
use mailsec_core::Failure;
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
