//! `simulate explore`: every crash point, and every pair.

use super::bar;
use crate::{
    args::ExploreArgs,
    exit::Exit,
    output::{Reply, say},
};
use mailsec_core::Failure;
use mailsec_simulator::explore::{Crash, Explored, every_pair, every_point};
use serde_json::json;

pub(super) fn explore(args: &ExploreArgs) -> Result<Reply, Failure> {
    let (arenas, threads) = (args.scope.arenas()?, args.scope.threads());
    let mut text = String::new();
    let mut rows = Vec::new();
    let (mut runs, mut wrong) = (0, 0);
    let progress = bar(arenas.len() as u64, "plans");
    for arena in &arenas {
        let name = &arena.subject.name;
        let mut singles = Explored::default();
        let mut pairs = Explored::default();
        for crash in Crash::BOTH {
            singles.add(every_point(&arena.subject, &arena.calm, crash, threads));
            if args.pairs {
                pairs.add(every_pair(&arena.subject, &arena.calm, crash, threads, |_, _| true));
            }
        }
        progress.inc(1);
        for (what, found) in [("one crash", &singles), ("two crashes", &pairs)] {
            if found.runs == 0 {
                continue;
            }
            text.push_str(&line(name, what, found));
            runs += found.runs;
            wrong += found.wrong.len();
            rows.push(json!({
                "case": name, "crashes": if what == "one crash" { 1 } else { 2 }, "points": found.points,
                "runs": found.runs, "wrong": found.complaints(name),
                "slowest_ms": found.slowest.as_ref().map(|slowest| slowest.ms),
            }));
            for complaint in found.complaints(name).iter().take(5) {
                say(complaint);
            }
        }
    }
    progress.finish_and_clear();
    text.push_str(&format!("\n{} plans, {runs} runs, {wrong} wrong\n", arenas.len()));
    let reply = Reply::new(text, json!({ "cases": rows, "runs": runs, "wrong": wrong }));
    Ok(if wrong == 0 { reply } else { reply.exit(Exit::Broken) })
}

fn line(name: &str, what: &str, found: &Explored) -> String {
    let mut text = format!("{name}\n  {what:<12} {found}\n");
    // The slowest run on a line of its own: 80 columns are soon full.
    if let Some(at) = text.find("; slowest: ") {
        text.replace_range(at..at + 2, "\n               ");
    }
    text
}
