//! The fold from events to spans. Ids are made of the upgrade's id and the events' places in the journal: whoever folds
//! the same journal gets the same.

use super::wire::{any, flag, number, text};
use crate::logging::{Line, Story};
use mailsec_core::{
    journal::Envelope,
    upgrade::{Event, Finish},
    values::{Digest, StepId, Timestamp, UpgradeId},
};
use opentelemetry_proto::tonic::{
    common::v1::KeyValue,
    logs::v1::{LogRecord, SeverityNumber},
    trace::v1::{Span, Status, span::SpanKind, status::StatusCode},
};
use std::sync::Arc;
use tracing::Level;

/// What one event comes to.
#[derive(Clone, Debug)]
pub(super) struct Item {
    /// Its place in the journal.
    pub(super) seq: u64,
    /// The server's name.
    pub(super) server: Arc<str>,
    /// Spans that end with it.
    pub(super) spans: Vec<Span>,
    /// What is said of it.
    pub(super) log: LogRecord,
}

/// A span that has not ended.
struct Open {
    id: Vec<u8>,
    parent: Vec<u8>,
    name: String,
    begun: Timestamp,
    attributes: Vec<KeyValue>,
    step: Option<StepId>,
}

/// An upgrade's trace.
pub(super) struct Trace {
    upgrade: UpgradeId,
    story: Story,
    server: Arc<str>,
    mail: Option<String>,
    root: Option<Open>,
    flight: Option<Open>,
    gate: Option<Open>,
}

impl Trace {
    pub(super) fn new(upgrade: UpgradeId) -> Self {
        let (server, story) = (Arc::from(""), Story::default());
        Self { upgrade, story, server, mail: None, root: None, flight: None, gate: None }
    }

    /// What stands for the place of an event; of the first, for the whole upgrade.
    fn id(&self, seq: u64) -> Vec<u8> {
        let digest = Digest::of_parts([self.upgrade.uuid().as_bytes().as_slice(), &seq.to_be_bytes()]);
        let digits = str::from_utf8(&digest.digits()[..16]).map(|digits| u64::from_str_radix(digits, 16));
        // All zeros is no id.
        digits.ok().and_then(Result::ok).unwrap_or(1).max(1).to_be_bytes().to_vec()
    }

    /// The next event.
    pub(super) fn next(&mut self, envelope: &Envelope, event: &Event) -> Item {
        let line = self.story.next(event);
        if let Some(mail) = line.mail {
            self.mail = Some(mail.to_string());
        }
        let mut spans = Vec::new();
        self.begin(envelope, event, &line, &mut spans);
        let log = self.log(envelope, &line);
        self.end(envelope.at, event, &line, &mut spans);
        Item { seq: envelope.seq, server: self.server.clone(), spans, log }
    }

    fn begin(&mut self, envelope: &Envelope, event: &Event, line: &Line, spans: &mut Vec<Span>) {
        let (id, begun) = (self.id(envelope.seq), envelope.at);
        let upgrade = text("mailsec.upgrade", self.upgrade);
        match event {
            Event::Planned { plan, .. } => {
                self.server = plan.server.as_str().into();
                let attributes = vec![
                    upgrade,
                    text("mailsec.server", &plan.server),
                    text("mailsec.product", &plan.product),
                    text("mailsec.version.before", &plan.from),
                    text("mailsec.version.after", &plan.to),
                ];
                let name = "upgrade".to_owned();
                self.root = Some(Open { id, parent: Vec::new(), name, begun, attributes, step: None });
            }
            Event::StepIntended { step, attempt, .. }
            | Event::RestartIntended { step, attempt, .. }
            | Event::UndoIntended { step, attempt } => {
                // An intent whose effect nobody saw, and whose server was not asked.
                if let Some(open) = self.flight.take() {
                    spans.push(self.close(open, begun, "unknown", None));
                }
                let undo = matches!(event, Event::UndoIntended { .. });
                let planned = self.story.plan().and_then(|plan| plan.step(step));
                let operation = planned.map(|step| step.operation.word()).unwrap_or_default();
                let phase = line.step.as_ref().map(|(_, phase)| phase.as_str()).unwrap_or_default();
                let attributes = vec![
                    upgrade,
                    text("mailsec.step", step),
                    text("mailsec.phase", phase),
                    text("mailsec.operation", operation),
                    number("mailsec.attempt", *attempt),
                    flag("mailsec.undo", undo),
                ];
                let name = if undo { format!("undo {step}") } else { step.to_string() };
                let (parent, step) = (self.id(0), Some(step.clone()));
                self.flight = Some(Open { id, parent, name, begun, attributes, step });
            }
            Event::GateOpened { gate, step, .. } => {
                let parent = self.flight.as_ref().map_or_else(|| self.id(0), |flight| flight.id.clone());
                let attributes = vec![upgrade, text("mailsec.gate", gate), text("mailsec.step", step)];
                let (name, step) = (format!("gate {gate}"), Some(step.clone()));
                self.gate = Some(Open { id, parent, name, begun, attributes, step });
            }
            _ => {}
        }
    }

    fn end(&mut self, at: Timestamp, event: &Event, line: &Line, spans: &mut Vec<Span>) {
        let (outcome, step) = match event {
            Event::StepApplied { step, .. } | Event::RestartProven { step, .. } => {
                ("applied".to_owned(), step)
            }
            Event::StepObserved { step, observation } => (format!("found {}", observation.word()), step),
            Event::StepFailed { step, .. } | Event::UndoFailed { step, .. } => ("failed".to_owned(), step),
            Event::StepSkipped { step, .. } => ("skipped".to_owned(), step),
            Event::UndoApplied { step, .. } => ("taken back".to_owned(), step),
            Event::GateAnswered { choice, .. } => {
                if let Some(open) = self.gate.take() {
                    spans.push(self.close(open, at, choice.word(), None));
                }
                return;
            }
            Event::RollbackBegun { .. } | Event::Finished { .. } => {
                for open in [self.gate.take(), self.flight.take()].into_iter().flatten() {
                    spans.push(self.close(open, at, "given up", None));
                }
                if let Event::Finished { how } = event
                    && let Some(root) = self.root.take()
                {
                    let (outcome, error) = match how {
                        Finish::Succeeded => ("succeeded", None),
                        Finish::RolledBack => ("rolled back", Some(line)),
                        Finish::Abandoned => ("abandoned", Some(line)),
                    };
                    spans.push(self.close(root, at, outcome, error));
                }
                return;
            }
            _ => return,
        };
        if let Some(open) = self.flight.take_if(|open| open.step.as_ref() == Some(step)) {
            let error = line.code.is_some() || line.level == Level::ERROR;
            spans.push(self.close(open, at, &outcome, error.then_some(line)));
        }
    }

    fn close(&self, open: Open, at: Timestamp, outcome: &str, error: Option<&Line>) -> Span {
        let mut attributes = open.attributes;
        attributes.push(text("mailsec.outcome", outcome));
        attributes.extend(self.mail.as_ref().map(|mail| text("mailsec.mail", mail)));
        attributes.extend(error.and_then(|line| line.code.as_ref()).map(|code| text("error.type", code)));
        let status = error.map(|line| Status { message: line.text.clone(), code: StatusCode::Error.into() });
        Span {
            trace_id: self.upgrade.uuid().as_bytes().to_vec(),
            span_id: open.id,
            parent_span_id: open.parent,
            name: open.name,
            kind: SpanKind::Internal.into(),
            start_time_unix_nano: nanos(open.begun),
            end_time_unix_nano: nanos(at),
            attributes,
            status,
            ..Span::default()
        }
    }

    fn log(&self, envelope: &Envelope, line: &Line) -> LogRecord {
        let severity = match line.level {
            Level::ERROR => SeverityNumber::Error,
            Level::WARN => SeverityNumber::Warn,
            _ => SeverityNumber::Info,
        };
        let mut attributes = vec![
            text("mailsec.upgrade", self.upgrade),
            text("mailsec.event", line.kind),
            number("mailsec.seq", i64::try_from(envelope.seq).unwrap_or(i64::MAX)),
        ];
        if let Some((step, phase)) = &line.step {
            attributes.extend([text("mailsec.step", step), text("mailsec.phase", phase)]);
        }
        attributes.extend(line.attempt.map(|attempt| number("mailsec.attempt", attempt)));
        attributes.extend(line.mail.map(|mail| text("mailsec.mail", mail)));
        attributes.extend(line.code.as_ref().map(|code| text("error.type", code)));
        // Of what is open, the innermost.
        let open = self.gate.as_ref().or(self.flight.as_ref());
        LogRecord {
            time_unix_nano: nanos(envelope.at),
            observed_time_unix_nano: nanos(envelope.at),
            severity_number: severity.into(),
            severity_text: line.level.to_string(),
            body: Some(any(&line.text)),
            attributes,
            trace_id: self.upgrade.uuid().as_bytes().to_vec(),
            span_id: open.map_or_else(|| self.id(0), |open| open.id.clone()),
            ..LogRecord::default()
        }
    }
}

fn nanos(at: Timestamp) -> u64 {
    u64::try_from(at.millis()).unwrap_or(0).saturating_mul(1_000_000)
}
