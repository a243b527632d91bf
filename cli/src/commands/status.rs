//! `status`: where an upgrade stands, read from the journal while another process may be writing it.

use crate::{
    args::{Common, WhichArgs},
    exit::Exit,
    output::Reply,
    place::{self, State},
    show,
};
use mailsec_core::{Failure, journal::WitnessState};
use serde_json::json;

pub(crate) fn status(common: &Common, which: &WhichArgs) -> Result<Reply, Failure> {
    let state = State::only(common)?;
    let (upgrade, witnessed, loaded) = state.choose(which.upgrade.as_deref())?;
    let mut text = show::status(upgrade, &loaded);
    let mut exit = Exit::Done;
    if let WitnessState::Damaged(damage) = &witnessed.state {
        text.push_str(&format!("\n{}", crate::output::describe(&place::unread(damage))));
        exit = Exit::Journal;
    }
    let gate = loaded.state.gate.as_ref();
    Ok(Reply::new(
        text,
        json!({
            "upgrade": upgrade,
            "standing": show::standing(&loaded.state),
            "steps": loaded.report.steps,
            "mail": loaded.state.ledger.now(),
            "mail_totals": loaded.report.mail,
            "gate": gate.map(show::gate_json),
            "checklists": show::checklists(&loaded.report),
            "holder": state.reader().holder(),
            "journal": witnessed.state,
        }),
    )
    .exit(exit))
}
