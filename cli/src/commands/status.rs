//! `status`: where an upgrade stands, read from the journal while another process may be writing it.

use crate::{
    args::{Common, StatusArgs, WhichArgs},
    exit::Exit,
    output::{self, Reply},
    people::Inbox,
    place::{self, State, Which},
    show,
};
use mailsec_core::{
    Failure,
    engine::Loaded,
    failure::Code,
    journal::{WitnessState, Witnessed},
    values::{Timestamp, UpgradeId},
};
use serde_json::{Value, json};
use std::io::BufRead;

pub(crate) fn status(common: &Common, args: &StatusArgs) -> Result<Reply, Failure> {
    let state = State::only(common)?;
    if args.banner {
        let reply = banner(common, &state)?;
        return Ok(if args.hold && !common.json { held(reply) } else { reply });
    }
    at_once(common, &args.which)
}

/// As it stands now.
pub(super) fn at_once(common: &Common, which: &WhichArgs) -> Result<Reply, Failure> {
    let state = State::only(common)?;
    let (upgrade, witnessed, loaded) = state.choose(which.upgrade.as_deref())?;
    let mut text = text(common, &state, upgrade, &witnessed, &loaded);
    let mut exit = Exit::Done;
    if let WitnessState::Damaged(damage) = &witnessed.state {
        text.push_str(&format!("\n{}", output::describe(&place::unread(damage))));
        exit = Exit::Journal;
    }
    Ok(Reply::new(text, standing(&state, upgrade, &witnessed, &loaded)).exit(exit))
}

/// How it stands, for a person.
pub(super) fn text(
    common: &Common,
    state: &State,
    upgrade: UpgradeId,
    witnessed: &Witnessed,
    loaded: &Loaded,
) -> String {
    let record = show::Record::of(upgrade, witnessed, loaded);
    let inbox = Inbox::new(state.inbox(upgrade)).lying();
    show::status(&record, &show::Driver::of(&state.reader()), &inbox, now(common))
}

/// How it stands, for a program.
pub(super) fn standing(state: &State, upgrade: UpgradeId, witnessed: &Witnessed, loaded: &Loaded) -> Value {
    json!({
        "upgrade": upgrade,
        "standing": show::standing(&loaded.state),
        "steps": loaded.report.steps,
        "mail": loaded.state.ledger.now(),
        "mail_totals": loaded.report.mail,
        "gate": loaded.state.gate.as_ref().map(show::gate_json),
        "checklists": show::checklists(&loaded.report),
        "holder": state.reader().holder(),
        "inbox": Inbox::new(state.inbox(upgrade)).lying(),
        "driven": show::Driver::of(&state.reader()).is_driven(),
        "journal": witnessed.state,
    })
}

/// A few lines at every log-on must not fail one: what cannot be read is for `status` to say.
fn banner(common: &Common, state: &State) -> Result<Reply, Failure> {
    match state.choose(None) {
        Ok((upgrade, witnessed, loaded)) => {
            let driver = show::Driver::of(&state.reader());
            let text = match &witnessed.state {
                WitnessState::Damaged(damage) => show::damaged_banner(&loaded, damage),
                _ => show::banner(&loaded, &driver, now(common)),
            };
            Ok(Reply::new(text, json!({ "upgrade": upgrade, "standing": show::standing(&loaded.state) })))
        }
        Err(failure) if failure.code == Code::UpgradeNotFound => Ok(Reply::new("", json!({}))),
        Err(failure) => {
            let text = format!("mailsec: {failure}; `mailsec status` says more.");
            Ok(Reply::new(text, json!({ "error": failure })))
        }
    }
}

/// Shows it now, and waits until it was read.
fn held(reply: Reply) -> Reply {
    if !reply.text.is_empty() {
        output::reply(&reply, false);
        output::say("\nEnter closes this.");
        _ = std::io::stdin().lock().read_line(&mut String::new());
    }
    Reply { text: String::new(), ..reply }
}

/// The time at the server: ours, unless it is simulated and has its own.
pub(super) fn now(common: &Common) -> Option<Timestamp> {
    match Which::parse(common) {
        Ok(Which::Simulated(_)) => None,
        _ => Some(Timestamp::from_datetime(time::OffsetDateTime::now_utc())),
    }
}
