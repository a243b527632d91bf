//! A collector of OpenTelemetry of our own: takes what is sent by OTLP over HTTP, or does not.

use opentelemetry_proto::tonic::{
    collector::{logs::v1::ExportLogsServiceRequest, trace::v1::ExportTraceServiceRequest},
    common::v1::{KeyValue, any_value::Value},
    logs::v1::LogRecord,
    trace::v1::Span,
};
use prost::Message;
use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
};

/// How it answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mood {
    /// 200.
    Takes,
    /// This status.
    Answers(u16),
    /// Not at all, while the connection stays open.
    Hangs,
}

/// One request.
#[derive(Clone, Debug)]
pub(crate) struct Came {
    pub(crate) path: String,
    pub(crate) headers: Vec<String>,
    pub(crate) body: Vec<u8>,
}

/// A running collector.
pub(crate) struct Collector {
    pub(crate) url: String,
    came: Arc<Mutex<Vec<Came>>>,
}

impl Collector {
    pub(crate) fn start(mood: Mood) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let came = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&came);
        std::thread::spawn(move || {
            let mut open = Vec::new();
            for stream in listener.incoming() {
                open.extend(answer(stream.unwrap(), mood, &kept));
            }
        });
        Self { url, came }
    }

    /// All that came.
    pub(crate) fn came(&self) -> Vec<Came> {
        self.came.lock().unwrap().clone()
    }

    /// The spans that came, in their order.
    pub(crate) fn spans(&self) -> Vec<Span> {
        let of = |came: &Came| ExportTraceServiceRequest::decode(came.body.as_slice()).unwrap();
        let came = self.came();
        let requests = came.iter().filter(|came| came.path == "/v1/traces").map(of);
        let resources = requests.flat_map(|request| request.resource_spans);
        resources.flat_map(|of| of.scope_spans).flat_map(|of| of.spans).collect()
    }

    /// The log records that came, in their order.
    pub(crate) fn logs(&self) -> Vec<LogRecord> {
        let of = |came: &Came| ExportLogsServiceRequest::decode(came.body.as_slice()).unwrap();
        let came = self.came();
        let requests = came.iter().filter(|came| came.path == "/v1/logs").map(of);
        let resources = requests.flat_map(|request| request.resource_logs);
        resources.flat_map(|of| of.scope_logs).flat_map(|of| of.log_records).collect()
    }
}

/// An attribute as text; empty when there is none.
pub(crate) fn attribute(attributes: &[KeyValue], key: &str) -> String {
    let found = attributes.iter().find(|attribute| attribute.key == key);
    match found.and_then(|attribute| attribute.value.as_ref()?.value.as_ref()) {
        Some(Value::StringValue(text)) => text.clone(),
        Some(Value::IntValue(number)) => number.to_string(),
        Some(Value::BoolValue(flag)) => flag.to_string(),
        _ => String::new(),
    }
}

/// Takes one request; gives the connection back where it is to stay open. A sender that was killed sends half of one.
fn answer(stream: TcpStream, mood: Mood, came: &Mutex<Vec<Came>>) -> Option<TcpStream> {
    let mut reader = BufReader::new(stream);
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        match line.trim_end() {
            "" => break,
            text => lines.push(text.to_owned()),
        }
    }
    let length = lines.iter().find_map(|line| {
        line.to_ascii_lowercase()
            .strip_prefix("content-length:")
            .map(|text| text.trim().parse::<usize>().unwrap())
    });
    let mut body = vec![0; length?];
    reader.read_exact(&mut body).ok()?;
    let path = lines.first()?.split(' ').nth(1)?.to_owned();
    let mut stream = reader.into_inner();
    let status = match mood {
        Mood::Hangs => return Some(stream),
        Mood::Takes => 200,
        Mood::Answers(status) => status,
    };
    came.lock().unwrap().push(Came { path, headers: lines, body });
    _ = write!(stream, "HTTP/1.1 {status} X\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    None
}
