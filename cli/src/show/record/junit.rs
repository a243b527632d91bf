//! The report as JUnit's XML, which monitoring and build servers read: a test case for the outcome, the journal, each
//! statement about mail and each step. Green is what was promised and done; an upgrade that was rolled back is a failure,
//! one that is not over an error.

use super::{Record, step_ms};
use crate::show::{report, text::harmless};
use mailsec_core::{
    failure::Failure,
    upgrade::{Finish, ReportStep, Standing, StepResult},
};
use maud::{Markup, PreEscaped, html};

/// What became of a test case.
enum Verdict {
    Passed,
    /// What the type of it is, what happened.
    Failed(String, String),
    /// The same, for what is not over.
    Error(String, String),
    Skipped(String),
}

struct Case {
    class: &'static str,
    name: String,
    ms: u64,
    verdict: Verdict,
    told: String,
}

/// The report.
pub(crate) fn junit(record: &Record<'_>) -> String {
    let suites = [
        ("upgrade", vec![outcome(record), journal(record)]),
        ("mail", mail(record)),
        (
            "steps",
            record.report().steps.iter().enumerate().map(|(index, step)| of_step(index, step)).collect(),
        ),
    ];
    let name = format!("mailsec {}", record.report().server);
    let all: Vec<&Case> = suites.iter().flat_map(|(_, cases)| cases).collect();
    let (failures, errors, skipped) = counts(all.iter().copied());
    // maud knows no XML; its escapes are XML's, and no element here is one that HTML leaves open.
    let markup = html! {
        testsuites name=(name) tests=(all.len()) failures=(failures) errors=(errors) skipped=(skipped) time=(secs(record.took_ms())) {
            @for (suite, cases) in &suites { (of_suite(record, &name, suite, cases)) }
        }
    };
    harmless(&format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{}\n", markup.into_string()))
}

fn of_suite(record: &Record<'_>, name: &str, suite: &str, cases: &[Case]) -> Markup {
    let report = record.report();
    let (failures, errors, skipped) = counts(cases.iter());
    let began = report.started.as_ref().map(|start| start.at.to_string()[..19].to_owned());
    let version = |version: &Option<mailsec_core::values::Version>| {
        version.as_ref().map(ToString::to_string).unwrap_or_default()
    };
    let properties = [
        ("upgrade", record.upgrade.to_string()),
        ("from", version(&report.from)),
        ("to", version(&report.to)),
        ("plan", report.plan.map(|plan| plan.to_string()).unwrap_or_default()),
        ("chain", record.head.to_string()),
        ("mail-held-ms", report.mail.held_ms.to_string()),
        ("mail-down-ms", report.mail.down_ms.to_string()),
        ("mail-unscanned-ms", report.mail.unscanned_ms.to_string()),
        ("mail-assumed-ms", report.mail.assumed_ms.to_string()),
    ];
    let time: u64 = cases.iter().map(|case| case.ms).sum();
    html! {
        (PreEscaped("\n"))
        testsuite name={ (name) " " (suite) } tests=(cases.len()) failures=(failures) errors=(errors) skipped=(skipped)
            time=(secs(time)) timestamp=[began] hostname=(report.server) {
            @if suite == "upgrade" {
                (PreEscaped("\n"))
                properties { @for (name, value) in &properties { property name=(name) value=(value) {} } }
            }
            @for case in cases { (PreEscaped("\n")) (of_case(case)) }
            (PreEscaped("\n"))
        }
    }
}

fn of_case(case: &Case) -> Markup {
    html! {
        testcase classname={ "mailsec." (case.class) } name=(case.name) time=(secs(case.ms)) {
            @match &case.verdict {
                Verdict::Passed => {},
                Verdict::Failed(kind, message) => failure type=(kind) message=(message) {},
                Verdict::Error(kind, message) => error type=(kind) message=(message) {},
                Verdict::Skipped(message) => skipped message=(message) {},
            }
            @if !case.told.is_empty() { system-out { (case.told) } }
        }
    }
}

fn counts<'c>(cases: impl Iterator<Item = &'c Case>) -> (usize, usize, usize) {
    cases.fold((0, 0, 0), |(failures, errors, skipped), case| match case.verdict {
        Verdict::Passed => (failures, errors, skipped),
        Verdict::Failed(..) => (failures + 1, errors, skipped),
        Verdict::Error(..) => (failures, errors + 1, skipped),
        Verdict::Skipped(_) => (failures, errors, skipped + 1),
    })
}

fn outcome(record: &Record<'_>) -> Case {
    let outcome = record.outcome();
    let word = || outcome.word.to_owned();
    let verdict = match record.state().standing {
        _ if record.damage().is_some() => Verdict::Error(word(), outcome.sentence.clone()),
        Standing::Finished(Finish::Succeeded) => Verdict::Passed,
        Standing::Finished(_) => Verdict::Failed(word(), outcome.sentence.clone()),
        _ => Verdict::Error(word(), outcome.sentence.clone()),
    };
    let todos: Vec<String> = record.todos().into_iter().map(|todo| todo.what).collect();
    let told = [vec![outcome.sentence.clone()], todos, record.remarks()].concat().join("\n");
    Case { class: "upgrade", name: "outcome".to_owned(), ms: record.took_ms(), verdict, told }
}

fn journal(record: &Record<'_>) -> Case {
    let verdict = match record.damage() {
        None => Verdict::Passed,
        Some(damage) => Verdict::Error("journal-damaged".to_owned(), damage.why.clone()),
    };
    let told = format!("{} events; the chain ends in {}", record.report().events.read, record.head);
    Case { class: "upgrade", name: "the journal is whole".to_owned(), ms: 0, verdict, told }
}

fn mail(record: &Record<'_>) -> Vec<Case> {
    if !record.watches_mail() {
        let why = report::mail(record.loaded).trim_end().to_owned();
        return vec![Case {
            class: "mail",
            name: "mail".to_owned(),
            ms: 0,
            verdict: Verdict::Skipped(why),
            told: String::new(),
        }];
    }
    let case = |one: super::statements::Statement| Case {
        class: "mail",
        verdict: match one.holds {
            Some(true) => Verdict::Passed,
            Some(false) => Verdict::Failed("mail".to_owned(), one.figures.clone()),
            None => Verdict::Skipped(format!("not over yet; {}", one.figures)),
        },
        name: one.what,
        ms: 0,
        told: one.figures,
    };
    record.statements().into_iter().map(case).collect()
}

fn of_step(index: usize, step: &ReportStep) -> Case {
    let why = |failure: &Option<Failure>| match failure {
        Some(failure) => (failure.code.to_string(), failure.to_string()),
        None => ("failed".to_owned(), String::new()),
    };
    let verdict = match step.result {
        StepResult::Done | StepResult::FoundDone => Verdict::Passed,
        StepResult::Failed => {
            let (code, message) = why(&step.failure);
            Verdict::Failed(code, message)
        }
        StepResult::Begun => Verdict::Error("unfinished".to_owned(), "begun, and no outcome yet".to_owned()),
        StepResult::Skipped => Verdict::Skipped(format!("left out: {}", step.summary)),
        StepResult::Waiting => Verdict::Skipped("not begun".to_owned()),
        // What was taken back because it failed is what somebody looks for.
        StepResult::Undone if step.failure.is_some() => {
            let (code, message) = why(&step.failure);
            Verdict::Failed(code, format!("{message}; taken back: {}", step.summary))
        }
        StepResult::Undone => Verdict::Skipped(format!("taken back: {}", step.summary)),
        StepResult::Kept => Verdict::Skipped(format!("kept on the way back: {}", step.summary)),
    };
    let summary = Some(step.summary.clone()).filter(|summary| !summary.is_empty());
    let evidence = step.evidence.iter().map(|one| format!("{}: {}", one.of, one.seen));
    let failure = step.failure.iter().map(|failure| format!("a try failed: {failure}"));
    let told: Vec<String> = summary.into_iter().chain(evidence).chain(failure).collect();
    Case {
        class: "step",
        name: format!("{:02} {}", index + 1, step.title),
        ms: step_ms(step).unwrap_or(0),
        verdict,
        told: told.join("\n"),
    }
}

fn secs(ms: u64) -> String {
    format!("{}.{:03}", ms / 1000, ms % 1000)
}
