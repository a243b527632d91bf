//! The plan: what is done, why, what mail suffers, and what a power failure does at each step.

use super::{Refusal, frame::Page, now::subject, rehearsal::rehearsal};
use crate::{
    serve::{
        app::{App, id},
        keys::Session,
    },
    show,
};
use axum::{
    Extension,
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use mailsec_core::plan::{Phase, Plan, Step, UnscannedPolicy, explain};
use maud::{Markup, html};
use std::sync::Arc;

pub(crate) async fn plan(
    State(app): State<Arc<App>>,
    Extension(session): Extension<Session>,
    Path(upgrade): Path<String>,
) -> Result<Response, Refusal> {
    let upgrade = id(&upgrade)?;
    let (read, kept) = app
        .apart(move |app| {
            let read = app.read(upgrade)?;
            let kept = app.state.kept_rehearsal(read.loaded.state.hash);
            Ok((read, kept))
        })
        .await?;
    let report = &read.loaded.report;
    let content = html! {
        @match &read.loaded.state.plan {
            None => p { "The plan of this upgrade cannot be read." },
            Some(plan) => {
                (facts(plan))
                section aria-labelledby="steps" { h2 id="steps" { "Steps" } (steps(plan)) }
                @if !report.elsewhere {
                    section aria-labelledby="rehearsal" {
                        h2 id="rehearsal" { "Rehearsal" }
                        p { (show::rehearsed(report.rehearsed.as_ref())) "." }
                        @if let Some(kept) = &kept { (rehearsal(kept)) }
                    }
                }
            },
        }
    };
    Ok(Page {
        title: format!("Plan for {}", subject(&read.loaded)),
        kicker: "Plan".to_owned(),
        heading: match (&report.naming, &report.to) {
            (Some(naming), Some(to)) => format!("{} to {} {to}", subject(&read.loaded), naming.after),
            _ => subject(&read.loaded),
        },
        about: Some((upgrade, "/plan")),
        session: Some(&session),
        content: content.into(),
        ..Page::default()
    }
    .into_response())
}

fn facts(plan: &Plan) -> Markup {
    let (stopped, unscanned) = plan.typical_mail();
    html! {
        dl class="facts" {
            div { dt { "From" } dd { (plan.naming.before) " " (plan.from) } }
            div { dt { "To" } dd { (plan.naming.after) " " (plan.to) } }
            @if plan.drives_nodes() {
                div { dt { "Mail" } dd { "as the nodes' own plans say" } }
            } @else if plan.is_elsewhere() {
                div { dt { "Mail" } dd { "not watched: what the task does to it on the servers is not seen from here" } }
            } @else {
                div { dt { "Mail" } dd {
                    @match plan.choices.unscanned {
                        UnscannedPolicy::Hold => "held while the agents are detached; senders keep it, none goes unscanned",
                        UnscannedPolicy::Allow => "let through UNSCANNED while the agents are detached",
                    }
                } }
                div { dt { "Held or down" } dd { "about " (show::span(stopped.saturating_mul(1000))) ", at most " (show::span(plan.budget.stopped_secs.saturating_mul(1000))) } }
                div { dt { "Unscanned" } dd { "about " (show::span(unscanned.saturating_mul(1000))) ", at most " (show::span(plan.budget.unscanned_secs.saturating_mul(1000))) } }
            }
            @for (what, why) in &plan.choices.left_out { div { dt { "Left out" } dd { (what) ": " (why) } } }
            div { dt { "Plan" } dd { code { (plan.hash()) } } }
        }
    }
}

fn steps(plan: &Plan) -> Markup {
    let mut phase: Option<Phase> = None;
    html! {
        @for (index, step) in plan.steps.iter().enumerate() {
            @if phase.replace(step.phase) != Some(step.phase) { h3 class="phase" { (step.phase) } }
            (one(index, step))
        }
    }
}

fn one(index: usize, step: &Step) -> Markup {
    let told = explain(step);
    html! {
        article class="step" {
            h4 { span class="number" { (index + 1) "." } " " (step.title) }
            p { (told.why) }
            @if step.operation.asks() { p { strong { "A person is asked." } } }
            @if step.no_return { p { strong { "Point of no return: from here on it only goes forward." } } }
            dl class="evidence" {
                div { dt { "What" } dd { (told.what) } }
                div { dt { "Mail" } dd { (told.mail) } }
            }
            details {
                summary { "If the power fails, and how it is undone" }
                dl class="evidence" {
                    div { dt { "Power fails before" } dd { (told.power_before) } }
                    div { dt { "Power fails during" } dd { (told.power_during) } }
                    div { dt { "Power fails after" } dd { (told.power_after) } }
                    div { dt { "Undo" } dd { (told.undo) } }
                }
            }
        }
    }
}
