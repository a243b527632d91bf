//! Answers that are no answer, in words.

use crate::wire::{Answer, Lost};
use mailsec_core::{Code, Failure};
use serde::Deserialize;

/// Characters of the server's own text that are shown.
const SHOWN: usize = 300;

/// What the server says of an error: the interface's form, or that of the service that gives tokens.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Said {
    message: Option<String>,
    error: Option<String>,
    error_description: Option<String>,
}

/// The status, the request's name for the server's support, and the server's own words.
pub(crate) fn told(answer: &Answer) -> String {
    let mut text = format!("HTTP {}", answer.status);
    if let Some(request) = &answer.request {
        text.push_str(&format!(", request-id {request}"));
    }
    let said: Said = serde_json::from_slice(&answer.body).unwrap_or_default();
    let words: Vec<String> = [said.message, said.error, said.error_description]
        .into_iter()
        .flatten()
        .map(|text| tidy(&text))
        .collect();
    if !words.is_empty() {
        text.push_str(&format!(": {}", words.join(", ")));
    }
    text
}

fn tidy(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(SHOWN).collect()
}

pub(crate) fn of_answer(what: &str, answer: &Answer) -> Failure {
    let found = told(answer);
    match answer.status {
        401 => login(found),
        403 => Failure::new(Code::ManagementAccess, format!("the management server does not allow {what}"))
            .expected("a user whose permission set allows it")
            .found(found)
            .hint(
                "in the console give the interface's user a permission set for the devices, for tasks and for this \
                 action",
            )
            .ask(),
        429 => Failure::new(Code::ManagementServer, format!("the management server is too busy for {what}"))
            .expected("at most ten calls a second from all who use it")
            .found(found)
            .retry(),
        500..=599 => Failure::new(Code::ManagementServer, format!("the management server failed at {what}"))
            .found(found)
            .hint("give the request-id to ESET's support if it goes on")
            .retry(),
        300..=399 => Failure::new(Code::ManagementServer, format!("the management server sends {what} elsewhere"))
            .expected("an answer")
            .found(found)
            .hint("a token is not sent to where an answer points; see that region and addresses are right")
            .ask(),
        _ => Failure::new(Code::ManagementRefused, format!("the management server refuses {what}"))
            .found(found)
            .hint("its own words above say why; RunCommand is refused until two-factor authentication is on")
            .ask(),
    }
}

pub(crate) fn login(found: String) -> Failure {
    Failure::new(Code::ManagementLogin, "the management server does not accept user and password")
        .expected("the interface's user, of this region, and its password")
        .found(found)
        .hint("a person's own account does not do: make a user for the interface, see docs/remote.md")
        .ask()
}

pub(crate) fn of_loss(what: &str, lost: &Lost) -> Failure {
    let failure =
        Failure::new(Code::ManagementServer, format!("the management server did not answer {what}"));
    match lost {
        Lost::Unsent(why) => failure
            .found("no connection")
            .cause(why)
            .hint("see that this machine reaches it and trusts its certificate; a proxy has to be configured")
            .retry(),
        Lost::Unanswered(why) => failure.found("a connection without a whole answer").cause(why).retry(),
        Lost::TooLarge => failure.expected("an answer of bearable size").found("more than that"),
    }
}

pub(crate) fn unreadable(what: &str, answer: &Answer, error: &serde_json::Error) -> Failure {
    Failure::new(Code::ManagementServer, format!("the management server's answer to {what} cannot be read"))
        .expected("JSON as its interface is documented")
        .found(format!("{}; line {}, column {}", status(answer), error.line(), error.column()))
        // Not serde's own text: it can repeat what it read.
        .cause(format!("{:?}", error.classify()).to_lowercase())
        .retry()
}

fn status(answer: &Answer) -> String {
    match &answer.request {
        Some(request) => format!("HTTP {}, request-id {request}", answer.status),
        None => format!("HTTP {}", answer.status),
    }
}

pub(crate) fn never_ready(what: &str, answer: &Answer) -> Failure {
    Failure::new(Code::TimeLimit, format!("the management server's answer to {what} was never ready"))
        .found(told(answer))
        .retry()
}
