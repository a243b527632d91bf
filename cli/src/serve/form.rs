//! Reading a form: not more than fits, not longer than it takes, and only one of this session.

use super::{
    keys::Session,
    pages::{Refusal, refused},
};
use axum::{
    body::{Body, to_bytes},
    http::StatusCode,
};
use std::time::Duration;

/// Bytes of a form: the reasons to a whole checklist, three times over.
const LARGEST: usize = 64 * 1024;
/// How long it may take to come.
const PATIENCE: Duration = Duration::from_secs(10);

/// What stands in a form.
#[derive(Clone, Debug, Default)]
pub(crate) struct Form {
    fields: Vec<(String, String)>,
}

impl Form {
    /// Reads one that was made for this session.
    pub(crate) async fn read(body: Body, session: &Session) -> Result<Self, Refusal> {
        let read = tokio::time::timeout(PATIENCE, to_bytes(body, LARGEST)).await;
        let bytes = match read {
            Ok(Ok(bytes)) => bytes,
            Ok(Err(_)) => return Err(refused(StatusCode::PAYLOAD_TOO_LARGE, "The form is too large.")),
            Err(_) => return Err(refused(StatusCode::REQUEST_TIMEOUT, "The form did not come.")),
        };
        let form = Self { fields: form_urlencoded::parse(&bytes).into_owned().collect() };
        if session.made(form.one("form")) {
            return Ok(form);
        }
        Err(refused(
            StatusCode::FORBIDDEN,
            "This form is not of this session. Open the page again and repeat it.",
        ))
    }

    /// A field, without white space around it; empty when it is not there.
    pub(crate) fn one(&self, name: &str) -> &str {
        self.fields.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value.trim())
    }

    /// The fields whose names begin so, without that beginning.
    pub(crate) fn beginning<'f>(&'f self, with: &'f str) -> impl Iterator<Item = (&'f str, &'f str)> {
        self.fields.iter().filter_map(move |(key, value)| Some((key.strip_prefix(with)?, value.trim())))
    }
}
