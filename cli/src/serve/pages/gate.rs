//! The open gate: its question in full, and the form that answers it, as `mailsec answer` takes it.

use super::{
    Refusal,
    frame::{Page, Tone, token},
    now::{subject, time},
    refusal::{failed, status},
};
use crate::{
    args::{AnswerArgs, WhichArgs},
    requests,
    serve::{
        app::{App, Read, id},
        form::Form,
        keys::Session,
    },
};
use axum::{
    Extension,
    body::Body,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use mailsec_core::{Failure, plan::ChecklistItem, upgrade::Gate, values::UpgradeId};
use maud::{Markup, html};
use std::sync::Arc;

pub(crate) async fn gate(
    State(app): State<Arc<App>>,
    Extension(session): Extension<Session>,
    Path(upgrade): Path<String>,
) -> Result<Response, Refusal> {
    let upgrade = id(&upgrade)?;
    let read = app.apart(move |app| app.read(upgrade)).await?;
    Ok(page(&read, &session, &Form::default(), None))
}

/// Takes an answer in; one that does not fit comes back with what was wrong, and with what was typed.
pub(crate) async fn answer(
    State(app): State<Arc<App>>,
    Extension(session): Extension<Session>,
    Path(upgrade): Path<String>,
    body: Body,
) -> Result<Response, Refusal> {
    let upgrade = id(&upgrade)?;
    let form = Form::read(body, &session).await?;
    let args = args(upgrade, &form);
    let one = Arc::clone(&app.answering).lock_owned().await;
    let runtime = tokio::runtime::Handle::current();
    let given = app
        .apart(move |app| {
            // Held to the end, even when the browser has gone away.
            let _one = one;
            let done = runtime.block_on(requests::answer_by(&app.common, &args, &app.by));
            Ok(match done {
                Ok(reply) => Ok(reply.json["handed_over"] == true),
                Err(failure) => Err((failure, app.read(upgrade)?)),
            })
        })
        .await?;
    match given {
        Ok(true) => Ok(Redirect::to(&format!("/upgrade/{upgrade}?taken=handed")).into_response()),
        Ok(false) => Ok(Redirect::to(&format!("/upgrade/{upgrade}?taken=journaled")).into_response()),
        Err((failure, read)) => Ok(page(&read, &session, &form, Some(&failure))),
    }
}

/// The form as the command line has it, so that both are judged by the same code.
fn args(upgrade: UpgradeId, form: &Form) -> AnswerArgs {
    let items = form.beginning("item.").map(|(item, said)| match said {
        "given-up" => format!("{item}=given-up:{}", form.one(&format!("why.{item}"))),
        said => format!("{item}={said}"),
    });
    AnswerArgs {
        which: WhichArgs { upgrade: Some(upgrade.to_string()) },
        gate: form.one("gate").to_owned(),
        choice: form.one("choice").to_owned(),
        items: items.collect(),
        all_items: None,
        note: form.one("note").to_owned(),
    }
}

fn page(read: &Read, session: &Session, typed: &Form, wrong: Option<&Failure>) -> Response {
    let gate = read.loaded.state.gate.as_ref();
    let content = html! {
        @if let Some(failure) = wrong { (failed(failure)) }
        @match gate {
            Some(gate) => { (question(gate)) (form(gate, session, typed)) },
            None => p { "No gate of this upgrade is open now. " a href={ "/upgrade/" (read.upgrade) } { "Where it stands" } },
        }
    };
    let page = Page {
        title: gate.map_or_else(|| "No question".to_owned(), |gate| gate.question.title.clone()),
        kicker: format!("A question of the upgrade of {}", subject(&read.loaded)),
        heading: gate.map_or_else(|| "Nobody is asked".to_owned(), |gate| gate.question.title.clone()),
        tone: if wrong.is_some() { Tone::Bad } else { Tone::Look },
        about: Some((read.upgrade, "/gate")),
        session: Some(session),
        content: content.into(),
        ..Page::default()
    };
    (wrong.map_or(StatusCode::OK, status), page).into_response()
}

fn question(gate: &Gate) -> Markup {
    let question = &gate.question;
    html! {
        @if !question.todo.is_empty() {
            h2 { "What to do" }
            ol { @for one in &question.todo { li { (one) } } }
        }
        h2 { "What it is about" }
        dl class="facts" {
            div { dt { "Why" } dd { (question.why) } }
            div { dt { "Verified" } dd { (question.verified) } }
            div { dt { "Otherwise" } dd { (question.otherwise) } }
            div { dt { "Gate" } dd { code { (gate.id) } ", open since " (time(gate.since)) } }
        }
    }
}

fn form(gate: &Gate, session: &Session, typed: &Form) -> Markup {
    let chosen = typed.one("choice");
    html! {
        form method="post" class="answer" {
            (token(session))
            input type="hidden" name="gate" value=(gate.id);
            @if !gate.question.items.is_empty() {
                h2 { "To go through" }
                p { "Each item is answered, with " strong { "done" } " below: it was seen to, or it is given up for a reason." }
                @for one in &gate.question.items { (item(one, typed)) }
            }
            fieldset {
                legend { "Your answer" }
                @for choice in &gate.choices {
                    label class="choice" {
                        input type="radio" name="choice" value=(choice) required checked[choice.word() == chosen];
                        span { strong { (choice) } ": " (choice.meaning()) }
                    }
                }
            }
            label class="note" {
                "In your words, for the report; you may leave it empty"
                @if gate.choices.contains(&mailsec_core::plan::Choice::Abandon) { ", unless you abandon" }
                textarea name="note" rows="3" maxlength="4000" { (typed.one("note")) }
            }
            p class="soft" { "The report will say who answered: the account that runs this page, and that it came by the page." }
            button { "Answer" }
        }
    }
}

fn item(item: &ChecklistItem, typed: &Form) -> Markup {
    let name = format!("item.{}", item.id);
    let why = format!("why.{}", item.id);
    let said = typed.one(&name);
    html! {
        fieldset {
            legend { (item.text) }
            label class="choice" { input type="radio" name=(name) value="done" checked[said == "done"]; span { "done" } }
            label class="choice" { input type="radio" name=(name) value="given-up" checked[said == "given-up"]; span { "given up" } }
            label class="note" { "Given up, because" input type="text" name=(why) maxlength="1000" value=(typed.one(&why)); }
        }
    }
}
