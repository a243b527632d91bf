//! The scenarios of the handbook: pages with commands and what they say, each played on a server of its own.
//!
//! In a block behind `<!-- transcript -->` a line `$ mailsec ...` is typed, and what follows it, up to the next one, is
//! what it said: first to stderr, then to stdout. `# exit N` at a command's end is its exit code where that is not 0,
//! `# killed` that the power went off under it. `MAILSEC_SCENARIOS=write` writes down what is said now.

use crate::{
    harness::{Place, Ran, fast_folder},
    readme::words,
};
use regex::Regex;
use std::{fs, path::Path};

const MARK: &str = "<!-- transcript -->";

/// What differs from run to run.
fn steady(said: &str, folder: &Path) -> String {
    let filters = [
        (regex::escape(&folder.display().to_string()), "[FOLDER]"),
        (r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b".to_owned(), "[UPGRADE]"),
        (r"\b[0-9a-f]{64}\b".to_owned(), "[HASH]"),
        (r"\bprocess \d+".to_owned(), "process [PID]"),
        (r"\d+ upgrades a second".to_owned(), "[SPEED] upgrades a second"),
    ];
    filters.iter().fold(said.to_owned(), |text, (pattern, to)| {
        Regex::new(pattern).unwrap().replace_all(&text, *to).into_owned()
    })
}

fn said(ran: &Ran, folder: &Path) -> String {
    let all = steady(&format!("{}{}", ran.stderr, ran.stdout), folder);
    let lines: Vec<&str> = all.lines().map(str::trim_end).collect();
    let mut text = lines.join("\n").trim_end().to_owned();
    if !text.is_empty() {
        text.push('\n');
    }
    text
}

/// The page as it would be written now.
fn play(page: &str) -> String {
    let dir = fast_folder();
    let place = Place::at(dir.path().to_owned());
    let mut now = String::new();
    let (mut marked, mut inside) = (false, false);
    for line in page.lines() {
        match () {
            () if inside && line.starts_with("```") => inside = false,
            () if inside => {
                let Some(command) = line.strip_prefix("$ mailsec ") else { continue };
                let typed = command.split(" # ").next().unwrap_or(command);
                let (words, _) = words(&format!("mailsec {typed}"));
                let mut program = place.program();
                program.current_dir(dir.path()).args(&words[1..]);
                let ran =
                    program.env("SERVICE_PASSWORD", mailsec_simulator::worlds::vipre::PASSWORD).output();
                let ran = Ran::from(ran.unwrap());
                let ended = match (ran.code, ran.signal) {
                    (Some(0), _) => String::new(),
                    (Some(code), _) => format!(" # exit {code}"),
                    (None, _) => " # killed".to_owned(),
                };
                now.push_str(&format!("$ mailsec {typed}{ended}\n{}", said(&ran, dir.path())));
                continue;
            }
            () if line == MARK => marked = true,
            () if marked && line.starts_with("```console") => (inside, marked) = (true, false),
            () => {}
        }
        now.push_str(line);
        now.push('\n');
    }
    now
}

#[test]
fn every_scenario_goes_as_it_is_written() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/scenarios");
    let mut pages: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    pages.sort();
    let mut played = 0;
    for page in pages {
        let written = fs::read_to_string(&page).unwrap();
        let now = play(&written);
        if std::env::var_os("MAILSEC_SCENARIOS").is_some_and(|what| what == "write") {
            fs::write(&page, &now).unwrap();
            continue;
        }
        let differs = written.lines().zip(now.lines()).find(|(was, is)| was != is);
        assert_eq!(differs, None, "{}: written, and said now", page.display());
        assert_eq!(written.lines().count(), now.lines().count(), "{}: how much is said", page.display());
        played += usize::from(written.contains(MARK));
    }
    let writing = std::env::var_os("MAILSEC_SCENARIOS").is_some();
    assert!(played >= 4 || writing, "only {played} scenarios");
}
