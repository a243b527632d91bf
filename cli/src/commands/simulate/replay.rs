//! `simulate replay`: a scenario or an exported upgrade once more, and its course line by line.

use super::{PRODUCTS, bundle, no_case};
use crate::{
    exit::Exit,
    output::{Reply, system},
    show,
};
use mailsec_core::Failure;
use mailsec_simulator::{cases, scenario::Scenario, swarm::Arena};
use serde_json::json;
use std::path::Path;

pub(super) fn replay(file: &Path) -> Result<Reply, Failure> {
    let bytes = std::fs::read(file)
        .map_err(|error| system("the file cannot be read", error).found(file.display().to_string()))?;
    if bundle::is_bundle(&bytes) {
        return bundle::replay_bundle(&bytes);
    }
    let scenario = Scenario::read(&bytes)?;
    let case = cases::case(&scenario.case).ok_or_else(|| no_case(&scenario.case))?;
    let arena = Arena::of(&PRODUCTS, &case, scenario.medium)?;
    let replayed = scenario.replay(&arena);
    let envelopes = replayed.played.trial.envelopes();
    let mut text = format!("{}\n\n", scenario.case);
    for turn in &scenario.turns {
        text.push_str(&format!("  {}, time {}: {}\n", turn.at, turn.time, turn.means));
    }
    text.push('\n');
    text.push_str(&show::timeline(&envelopes));
    text.push('\n');
    for broken in &replayed.wrong {
        text.push_str(&format!("broken: {broken}\n"));
    }
    if replayed.wrong.is_empty() {
        text.push_str("no rule is broken\n");
    }
    for turn in &replayed.unmet {
        text.push_str(&format!("never came to {}, time {}\n", turn.at, turn.time));
    }
    let same = replayed.is_same(&scenario);
    text.push_str(match (same, scenario.trace) {
        (true, Some(_)) => "the same course as when it was written\n",
        (true, None) => "every turn was taken\n",
        (false, _) => "another course than when it was written: the program has changed since, or the file\n",
    });
    let reply = Reply::new(
        text,
        json!({
            "case": scenario.case, "broken": replayed.wrong, "trace": replayed.trace, "same": same,
            "unmet": replayed.unmet,
            "course": show::timeline_json(&envelopes),
        }),
    );
    Ok(match (replayed.wrong.is_empty(), same) {
        (true, true) => reply,
        (true, false) => reply.exit(Exit::Departs),
        (false, _) => reply.exit(Exit::Broken),
    })
}
