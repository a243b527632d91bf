//! What comparing two exports costs: the comparison, and a bare read of the same two files by the same parser, by turns.
//! And what it holds in memory, each in a process of its own.
//!
//! `cargo bench -p mailsec-benches --bench settings`; what was measured stands in `docs/benchmarks.md`.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "a program that measures and prints"
)]

use mailsec_benches::{Variant, median, peak_memory, write_export};
use mailsec_eset::settings::{Comparison, Expect, compare};
use quick_xml::{Reader, events::Event};
use std::{
    fs::File,
    io::BufReader,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [word, before, after] = &arguments[..]
        && word == "--memory-of"
    {
        let before_it = peak_memory().unwrap_or_default();
        let found = diff(Path::new(before), Path::new(after));
        // What is kept of the differences is not what the walk holds; it is told beside it.
        let kept = found.lost.len() + found.changed.len() + found.newly_defaulted.len();
        println!("{before_it} {} {kept}", peak_memory().unwrap_or_default());
        return;
    }
    let bench = std::env::args().any(|word| word == "--bench");
    let (rounds, sizes) = if bench { (7, [5u64 << 20, 50 << 20]) } else { (1, [1 << 18, 1 << 20]) };
    let base = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("settings-{}", std::process::id()));
    std::fs::create_dir_all(&base).unwrap();
    for size in sizes {
        let file = |name: &str, variant| {
            let path = base.join(format!("{name}-{size}.xml"));
            let bytes = write_export(&path, size, variant).unwrap();
            println!("{name}: {:.1} MB", bytes as f64 / 1e6);
            path
        };
        let plain = file("plain", Variant::Plain);
        for other in [plain.clone(), file("upgraded", Variant::Upgraded), file("reversed", Variant::Reversed)]
        {
            measure(&plain, &other, rounds);
        }
    }
    std::fs::remove_dir_all(&base).unwrap();
}

fn open(path: &Path) -> BufReader<File> {
    BufReader::with_capacity(32 << 10, File::open(path).unwrap())
}

fn diff(before: &Path, after: &Path) -> Comparison {
    compare(open(before), open(after), &Expect::default()).unwrap()
}

/// Every event of a file, and nothing done with it.
fn bare(path: &Path) -> u64 {
    let mut reader = Reader::from_reader(open(path));
    let mut buffer = Vec::new();
    let mut events = 0;
    loop {
        buffer.clear();
        if matches!(reader.read_event_into(&mut buffer).unwrap(), Event::Eof) {
            return events;
        }
        events += 1;
    }
}

fn measure(before: &PathBuf, after: &PathBuf, rounds: usize) {
    let (mut compared, mut read) = (Vec::new(), Vec::new());
    let mut found = None;
    for round in 0..rounds {
        let mut compares = || {
            let began = Instant::now();
            found = Some(diff(before, after));
            compared.push(began.elapsed());
        };
        let mut reads = || {
            let began = Instant::now();
            assert!(bare(before) + bare(after) > 0);
            read.push(began.elapsed());
        };
        // Each goes first every other time, as in the engine's benchmark.
        if round % 2 == 0 {
            compares();
            reads();
        } else {
            reads();
            compares();
        }
    }
    let counts = found.unwrap().counts;
    let fastest = |times: &[Duration]| times.iter().min().unwrap().as_secs_f64() * 1000.0;
    let name = after.file_stem().unwrap().to_string_lossy();
    println!("plain against {name}: {counts:?}");
    println!("  comparison, fastest         {:>8.0} ms", fastest(&compared));
    println!("  bare read, fastest          {:>8.0} ms", fastest(&read));
    println!("  ratio of the fastest        {:>8.2}", fastest(&compared) / fastest(&read));
    println!("  ratio of the medians        {:>8.2}", median(compared) / median(read));
    let child = Command::new(std::env::current_exe().unwrap())
        .arg("--memory-of")
        .args([before, after])
        .output()
        .unwrap();
    let told = String::from_utf8(child.stdout).unwrap();
    let numbers: Vec<u64> = told.split_whitespace().map(|number| number.parse().unwrap()).collect();
    if let [base, peak, kept] = numbers[..] {
        println!(
            "  memory above the start      {:>8.1} MB, {kept} differences kept",
            (peak - base) as f64 / 1024.0
        );
    }
}
