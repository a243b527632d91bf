//! The pages of the book that are made from the code: the commands, the events, what happens when the power fails, and
//! the reports to look at, the JSON schemas. They are golden files: a page that says other than the code fails, and `MAILSEC_BOOK=write`
//! writes it anew.

mod commands;
mod events;
mod mutate;
mod power;
mod samples;
mod schemas;
mod validator;

use std::{fs, path::Path};

/// Compares a file below `docs` with what it should be, or writes it.
#[track_caller]
pub(crate) fn golden(file: &str, now: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs").join(file);
    if std::env::var_os("MAILSEC_BOOK").is_some_and(|what| what == "write") {
        fs::create_dir_all(path.parent().unwrap_or(&path)).expect("a folder of the book");
        fs::write(&path, now).expect("a page of the book");
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    let differs = written.lines().zip(now.lines()).find(|(was, is)| was != is);
    assert!(
        written == now,
        "docs/{file} is not what the code says; `MAILSEC_BOOK=write cargo test -p mailsec --bin mailsec` writes it.\n\
         first difference: {differs:?}"
    );
}

/// What stands above each page that is made.
const MADE: &str = "<!-- Made by a test from the code; MAILSEC_BOOK=write makes it again. -->\n";

/// A cell of a table: on one line, nothing taken for markup.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('<', "&lt;").split_whitespace().collect::<Vec<_>>().join(" ")
}
