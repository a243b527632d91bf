//! Answers as hyper sends them, broken ones included.

use hyper::{
    Response,
    body::{Body, Bytes, Frame, SizeHint},
};
use serde_json::Value;
use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
};

/// A body that may end too early.
pub(crate) struct Bytewise {
    bytes: Option<Bytes>,
    length: u64,
    breaks: bool,
}

impl Body for Bytewise {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        Poll::Ready(match self.bytes.take() {
            Some(bytes) => Some(Ok(Frame::data(bytes))),
            None if self.breaks => Some(Err(io::Error::other("broken on script"))),
            None => None,
        })
    }

    fn is_end_stream(&self) -> bool {
        self.bytes.is_none() && !self.breaks
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.length)
    }
}

/// What a call is answered with.
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) breaks: bool,
}

impl Reply {
    pub(crate) fn json(status: u16, value: &Value) -> Self {
        Self { status, body: value.to_string().into_bytes(), headers: Vec::new(), breaks: false }
    }

    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub(crate) fn response(self) -> Result<Response<Bytewise>, io::Error> {
        let length = self.body.len() as u64;
        let half = if self.breaks { self.body[..self.body.len() / 2].to_vec() } else { self.body };
        let mut builder = Response::builder().status(self.status).header("content-type", "application/json");
        for (name, value) in self.headers {
            builder = builder.header(name, value);
        }
        let body = Bytewise { bytes: Some(half.into()), length, breaks: self.breaks };
        builder.body(body).map_err(io::Error::other)
    }
}
