//! Questions at the keyboard.

use crate::{nearest::nearest, output::say, show};
use mailsec_core::{
    plan::{Choice, ItemAnswer, ItemAnswers},
    upgrade::{Gate, State},
};
use std::{
    io::{BufRead, IsTerminal},
    sync::{
        Mutex, OnceLock, PoisonError,
        mpsc::{Receiver, RecvTimeoutError, channel},
    },
    time::Duration,
};

/// How often somebody who waits at the keyboard looks elsewhere.
const LOOK: Duration = Duration::from_millis(200);

/// Asks a question whose answer is yes or no; no without a keyboard.
pub(crate) fn confirm(question: &str) -> bool {
    if !std::io::stdin().is_terminal() {
        return false;
    }
    say(&format!("{question} Type yes to begin:"));
    // Read here and not by the thread below: that one goes on reading, and would take the password that is typed next.
    let mut text = String::new();
    std::io::stdin().lock().read_line(&mut text).is_ok() && text.trim() == "yes"
}

/// How a question ended.
pub(crate) enum Asked<T> {
    /// It was answered here, with a note, and each item of its checklist.
    Answered(Choice, String, ItemAnswers),
    /// The person left.
    Left,
    /// Something else came first.
    Elsewhere(T),
}

/// Asks a gate's question until there is an answer, the person leaves, or something comes from elsewhere.
pub(crate) fn ask<T>(gate: &Gate, state: &State, elsewhere: &impl Fn() -> Option<T>) -> Asked<T> {
    say(&show::gate(gate, state));
    if let Some(mail) = show::mail_line(state) {
        say(&format!("Now: {mail}.\n"));
    }
    loop {
        say("Your answer, and a note if you like; an empty line leaves the gate open:");
        let text = match line(elsewhere) {
            Line::Typed(text) if !text.is_empty() => text,
            Line::Typed(_) | Line::End => return Asked::Left,
            Line::Elsewhere(other) => return Asked::Elsewhere(other),
        };
        let (word, note) = text.split_once(char::is_whitespace).unwrap_or((&text, ""));
        match Choice::parse(word).filter(|choice| gate.choices.contains(choice)) {
            Some(Choice::Abandon) if note.trim().is_empty() => {
                say("Abandoning leaves the server as it is, and wants a reason: abandon, and why.");
            }
            Some(Choice::Done) => return ask_items(gate, note.trim(), elsewhere),
            Some(choice) => return Asked::Answered(choice, note.trim().to_owned(), ItemAnswers::new()),
            None => {
                let words: Vec<&str> = gate.choices.iter().map(|choice| choice.word()).collect();
                // What was typed is not repeated: it may be a password that somebody meant for another prompt.
                match nearest(word, words.iter().copied()) {
                    Some(near) => say(&format!("That is not an answer here; did you mean {near}?")),
                    None => say(&format!("That is not an answer here; one of: {}", words.join(", "))),
                }
            }
        }
    }
}

/// Goes through the checklist of a gate that was answered with done.
fn ask_items<T>(gate: &Gate, note: &str, elsewhere: &impl Fn() -> Option<T>) -> Asked<T> {
    let mut answers = ItemAnswers::new();
    let items = &gate.question.items;
    for (index, item) in items.iter().enumerate() {
        say(&format!("\n  {} of {}: {}", index + 1, items.len(), item.text));
        let answer = loop {
            say("done, or given-up and why; an empty line leaves the gate open:");
            let text = match line(elsewhere) {
                Line::Typed(text) if !text.is_empty() => text,
                Line::Typed(_) | Line::End => return Asked::Left,
                Line::Elsewhere(other) => return Asked::Elsewhere(other),
            };
            match ItemAnswer::parse(&text) {
                Some(answer) => break answer,
                None => say("That is not an answer here."),
            }
        };
        answers.insert(item.id.clone(), answer);
    }
    Asked::Answered(Choice::Done, note.to_owned(), answers)
}

enum Line<T> {
    Typed(String),
    End,
    Elsewhere(T),
}

/// Waits for a line, or for something else.
fn line<T>(elsewhere: &impl Fn() -> Option<T>) -> Line<T> {
    let lines = lines().lock().unwrap_or_else(PoisonError::into_inner);
    loop {
        match lines.recv_timeout(LOOK) {
            Ok(text) => return Line::Typed(text),
            Err(RecvTimeoutError::Disconnected) => return Line::End,
            Err(RecvTimeoutError::Timeout) => {
                if let Some(other) = elsewhere() {
                    return Line::Elsewhere(other);
                }
            }
        }
    }
}

/// The lines of the keyboard. One thread reads them all: a read cannot be given up when something else comes first.
fn lines() -> &'static Mutex<Receiver<String>> {
    static LINES: OnceLock<Mutex<Receiver<String>>> = OnceLock::new();
    LINES.get_or_init(|| {
        let (typed, lines) = channel();
        std::thread::spawn(move || {
            for text in std::io::stdin().lock().lines().map_while(Result::ok) {
                if typed.send(text.trim().to_owned()).is_err() {
                    break;
                }
            }
        });
        Mutex::new(lines)
    })
}
