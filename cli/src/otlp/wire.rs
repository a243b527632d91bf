//! The messages of OTLP, and their small parts.

use super::trace::Item;
use opentelemetry_proto::tonic::{
    collector::{logs::v1::ExportLogsServiceRequest, trace::v1::ExportTraceServiceRequest},
    common::v1::{AnyValue, InstrumentationScope, KeyValue, any_value::Value},
    logs::v1::{ResourceLogs, ScopeLogs},
    resource::v1::Resource,
    trace::v1::{ResourceSpans, ScopeSpans},
};
use prost::Message;

/// An attribute with a text.
pub(super) fn text(key: &str, value: impl ToString) -> KeyValue {
    attribute(key, Value::StringValue(value.to_string()))
}

/// An attribute with a number.
pub(super) fn number(key: &str, value: impl Into<i64>) -> KeyValue {
    attribute(key, Value::IntValue(value.into()))
}

/// An attribute that is so or not.
pub(super) fn flag(key: &str, value: bool) -> KeyValue {
    attribute(key, Value::BoolValue(value))
}

fn attribute(key: &str, value: Value) -> KeyValue {
    KeyValue { key: key.to_owned(), value: Some(AnyValue { value: Some(value) }), ..KeyValue::default() }
}

/// A text as a value.
pub(super) fn any(value: &str) -> AnyValue {
    AnyValue { value: Some(Value::StringValue(value.to_owned())) }
}

fn resource(server: &str) -> Option<Resource> {
    let attributes = vec![
        text("service.name", "mailsec"),
        text("service.version", env!("CARGO_PKG_VERSION")),
        text("host.name", server),
    ];
    Some(Resource { attributes, ..Resource::default() })
}

fn scope() -> Option<InstrumentationScope> {
    let version = env!("CARGO_PKG_VERSION").to_owned();
    Some(InstrumentationScope { name: "mailsec".to_owned(), version, ..InstrumentationScope::default() })
}

/// The spans of some items; none where they have none.
pub(super) fn traces(items: &[Item]) -> Option<Vec<u8>> {
    let spans: Vec<_> = items.iter().flat_map(|item| item.spans.iter().cloned()).collect();
    if spans.is_empty() {
        return None;
    }
    let scope_spans = vec![ScopeSpans { scope: scope(), spans, ..ScopeSpans::default() }];
    let of_server =
        ResourceSpans { resource: resource(server(items)), scope_spans, ..ResourceSpans::default() };
    Some(ExportTraceServiceRequest { resource_spans: vec![of_server] }.encode_to_vec())
}

/// The log records of some items.
pub(super) fn logs(items: &[Item]) -> Vec<u8> {
    let log_records = items.iter().map(|item| item.log.clone()).collect();
    let scope_logs = vec![ScopeLogs { scope: scope(), log_records, ..ScopeLogs::default() }];
    let of_server = ResourceLogs { resource: resource(server(items)), scope_logs, ..ResourceLogs::default() };
    ExportLogsServiceRequest { resource_logs: vec![of_server] }.encode_to_vec()
}

fn server(items: &[Item]) -> &str {
    items.first().map_or("", |item| &item.server)
}
