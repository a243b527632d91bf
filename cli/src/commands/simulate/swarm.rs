//! `simulate swarm`: random trouble, by seed.

use super::bar;
use crate::{
    args::SwarmArgs,
    exit::Exit,
    output::{Reply, save, say, system},
};
use mailsec_core::{Code, Failure};
use mailsec_simulator::{
    scenario::shrink,
    swarm::{Arena, Coverage, Found, Manner, arena_of, search},
};
use serde_json::{Value, json};
use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

/// Seeds between two looks at the clock.
const BATCH: usize = 1_000;
/// Failing seeds that are shrunk; the others are named.
const SHRUNK: usize = 5;

pub(super) fn swarm(args: &SwarmArgs) -> Result<Reply, Failure> {
    if args.seeds == 0 && args.seconds.is_none() {
        return Err(Failure::new(Code::BadArgument, "no seed is to be played")
            .expected("--seeds from 1, or --for SECONDS"));
    }
    // Before the search, which may be long.
    if let Some(folder) = &args.out {
        std::fs::create_dir_all(folder).map_err(|error| {
            system("the folder for scenarios cannot be made", error).found(folder.display().to_string())
        })?;
    }
    let arenas = args.scope.arenas()?;
    let manner = Manner { twice: args.twice, threads: args.scope.threads() };
    let began = Instant::now();
    let found = seeds(args, &arenas, manner);
    let took = began.elapsed();
    let last = args.from.wrapping_add(found.seeds.saturating_sub(1));
    let mut text = format!(
        "{} seeds ({} to {last}) on {} plans: {} broke a rule{}\n\
         {} events, {} processes; {:.0} upgrades a second with {} threads\n",
        found.seeds,
        args.from,
        arenas.len(),
        found.broken.len(),
        match manner.twice {
            true => format!(", {} did not go the same way twice", found.unsteady.len()),
            false => String::new(),
        },
        found.events,
        found.processes,
        per_second(&found, manner, took),
        manner.threads,
    );
    if let Some(trace) = found.trace {
        text.push_str(&format!("trace {trace}\n"));
    }
    let files = scenarios(args, &arenas, &found);
    for (seed, broken) in &found.broken {
        let how: Vec<String> = broken.iter().map(ToString::to_string).collect();
        text.push_str(&format!("\nseed {seed}: {}\n", how.join("; ")));
        match files.iter().find(|(of, _)| of == seed) {
            Some((_, Ok(file))) => {
                text.push_str(&format!("  mailsec simulate replay {}\n", file.display()));
            }
            // The seed is what counts: it makes the scenario again.
            Some((_, Err(failure))) => text.push_str(&format!("  {failure}\n")),
            None => {}
        }
    }
    for seed in &found.unsteady {
        text.push_str(&format!("\nseed {seed} did not go the same way twice\n"));
    }
    let never = found.coverage.never(&arenas);
    if args.coverage {
        text.push_str(&shown(&found.coverage, &never));
    }
    let reply = Reply::new(text, value(args, &found, &never, &files));
    Ok(if found.is_sound() { reply } else { reply.exit(Exit::Broken) })
}

fn seeds(args: &SwarmArgs, arenas: &[Arena], manner: Manner) -> Found {
    let until = args.seconds.and_then(|seconds| Instant::now().checked_add(Duration::from_secs(seconds)));
    let progress = bar(args.seeds, "seeds");
    let mut found = Found::default();
    loop {
        let left = usize::try_from(args.seeds.saturating_sub(found.seeds)).unwrap_or(usize::MAX);
        let more = until.is_some_and(|until| Instant::now() < until);
        let count = if left == 0 && more { BATCH } else { left.min(BATCH) };
        if count == 0 {
            break;
        }
        let done = |_| progress.inc(1);
        found.add(search(arenas, args.from.wrapping_add(found.seeds), count, manner, done));
        progress.set_length(args.seeds.max(found.seeds));
    }
    progress.finish_and_clear();
    found
}

/// Each run counts; a seed that was played twice is two.
fn per_second(found: &Found, manner: Manner, took: Duration) -> f64 {
    let runs = if manner.twice { found.seeds * 2 } else { found.seeds };
    runs as f64 / took.as_secs_f64().max(0.001)
}

/// Shrinks the first failing seeds, and writes each to a file.
fn scenarios(args: &SwarmArgs, arenas: &[Arena], found: &Found) -> Vec<(u64, Result<PathBuf, Failure>)> {
    let folder = args.out.as_deref().unwrap_or(Path::new("."));
    let mut files = Vec::new();
    for (seed, _) in found.broken.iter().take(SHRUNK) {
        let Some(arena) = arena_of(arenas, *seed) else { continue };
        let Some(scenario) = shrink(arena, &arena.play(*seed)) else { continue };
        let file = folder.join(format!("scenario-{seed}.json"));
        say(&format!("Seed {seed} comes down to {} turns.", scenario.turns.len()));
        let saved = scenario.to_json().and_then(|json| save(&file, "scenario", &json));
        files.push((*seed, saved.map(|()| file)));
    }
    files
}

fn shown(coverage: &Coverage, never: &[String]) -> String {
    let mut text = String::from("\nHow often it happened:\n");
    for (what, times) in &coverage.0 {
        text.push_str(&format!("  {times:>9}  {what}\n"));
    }
    text.push_str("\nNever:\n");
    for what in never {
        text.push_str(&format!("  {what}\n"));
    }
    if never.is_empty() {
        text.push_str("  (everything that can happen did)\n");
    }
    text
}

fn value(
    args: &SwarmArgs,
    found: &Found,
    never: &[String],
    files: &[(u64, Result<PathBuf, Failure>)],
) -> Value {
    let scenario = |(seed, file): &(u64, Result<PathBuf, Failure>)| match file {
        Ok(file) => json!({ "seed": seed, "file": file.display().to_string() }),
        Err(failure) => json!({ "seed": seed, "error": failure }),
    };
    json!({
        "from": args.from,
        "seeds": found.seeds,
        "broken": found.broken.iter().map(|(seed, how)| json!({ "seed": seed, "broken": how })).collect::<Vec<_>>(),
        "unsteady": found.unsteady,
        "events": found.events,
        "processes": found.processes,
        "trace": found.trace,
        "happened": found.coverage.0,
        "never": never,
        "scenarios": files.iter().map(scenario).collect::<Vec<_>>(),
    })
}
