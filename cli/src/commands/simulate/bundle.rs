//! `simulate replay` of an exported upgrade: the engine takes the same course again, without the server.

use crate::{
    exit::Exit,
    output::{Reply, describe},
    show,
};
use mailsec_core::{
    Failure,
    engine::{
        load,
        replay::{Replayed, replay},
    },
    journal::{Bundle, Envelope, Line},
};
use serde_json::json;

/// Whether a file is an exported upgrade, whole or not.
pub(super) fn is_bundle(bytes: &[u8]) -> bool {
    Bundle::is_one(bytes)
}

/// Verifies the bundle, replays it, and shows its course.
pub(super) fn replay_bundle(bytes: &[u8]) -> Result<Reply, Failure> {
    let (bundle, lines) = Bundle::read_whole(bytes)?;
    let replayed = replay(&lines)?;
    let envelopes: Vec<Envelope> = lines.iter().map(Line::envelope).collect::<Result<_, _>>()?;
    // What stands behind a departure was written on another course.
    let departed = replayed.departed.as_ref();
    let shown =
        departed.map_or(envelopes.len(), |departure| usize::try_from(departure.seq()).unwrap_or(0) + 1);
    let shown = &envelopes[..shown.min(envelopes.len())];
    let text = format!("{}\n{}\n{}", head(&bundle, &envelopes), show::timeline(shown), verdict(&replayed));
    let json = json!({
        "upgrade": bundle.upgrade,
        "versions": bundle.versions,
        "engines": bundle.engines,
        "facts": bundle.facts.is_some(),
        "attached": bundle.attached.keys().collect::<Vec<_>>(),
        "envelopes": replayed.envelopes,
        "same": replayed.same,
        "head": replayed.head,
        "processes": replayed.processes,
        "departed": departed.map(|departure| json!({
            "seq": departure.seq(),
            "recorded": departure.recorded,
            "instead": departure.instead,
            "error": departure.failure(),
        })),
        "course": show::timeline_json(shown),
    });
    let reply = Reply::new(text, json);
    Ok(if departed.is_none() { reply } else { reply.exit(Exit::Departs) })
}

fn head(bundle: &Bundle, envelopes: &[Envelope]) -> String {
    let report = load(envelopes).report;
    let mut text = format!("Upgrade  {}\nServer   {}\n", bundle.upgrade, report.server);
    if let (Some(naming), Some(from), Some(to)) = (&report.naming, &report.from, &report.to) {
        text.push_str(&format!("From     {} {from}\nTo       {} {to}\n", naming.before, naming.after));
    }
    let exported = bundle.versions.get("mailsec").map_or("an older version", String::as_str);
    text.push_str(&format!("mailsec  ran as {}; exported by {exported}\n", bundle.engines.join(", ")));
    let facts = if bundle.facts.is_some() { "the captured facts" } else { "no captured facts" };
    let with = [facts].into_iter().chain(bundle.attached.keys().map(String::as_str));
    text.push_str(&format!("With     {}\n", with.collect::<Vec<_>>().join(", ")));
    text
}

fn verdict(replayed: &Replayed) -> String {
    match &replayed.departed {
        None => format!(
            "The same course of events: {} of {} envelopes, by {} processes,\nhead {}\n",
            replayed.same, replayed.envelopes, replayed.processes, replayed.head
        ),
        Some(departure) => format!(
            "ANOTHER COURSE at envelope {}: {} of {} envelopes are the same.\n{}",
            departure.seq(),
            replayed.same,
            replayed.envelopes,
            describe(&departure.failure())
        ),
    }
}
