//! Questions at the keyboard.

use crate::{output::say, show};
use mailsec_core::{plan::Choice, upgrade::Gate};
use std::io::{BufRead, IsTerminal};

/// Asks a question whose answer is yes or no; no without a keyboard.
pub(crate) fn confirm(question: &str) -> bool {
    if !std::io::stdin().is_terminal() {
        return false;
    }
    say(&format!("{question} Type yes to begin:"));
    line().is_some_and(|text| text == "yes")
}

/// Asks a gate's question until there is an answer; `None` when the person leaves.
pub(crate) fn ask(gate: &Gate) -> Option<(Choice, String)> {
    say(&show::gate(gate));
    loop {
        say("Your answer, and a note for the report if you like; an empty line leaves the gate open:");
        let text = line().filter(|text| !text.is_empty())?;
        let (word, note) = text.split_once(char::is_whitespace).unwrap_or((&text, ""));
        match Choice::parse(word).filter(|choice| gate.choices.contains(choice)) {
            Some(choice) => return Some((choice, note.trim().to_owned())),
            None => {
                let words: Vec<&str> = gate.choices.iter().map(|choice| choice.word()).collect();
                say(&format!("{word:?} is not an answer here; one of: {}", words.join(", ")));
            }
        }
    }
}

fn line() -> Option<String> {
    let mut text = String::new();
    let read = std::io::stdin().lock().read_line(&mut text).ok()?;
    (read > 0).then(|| text.trim().to_owned())
}
