//! One request and its answer, within bounds.

use crate::{Limits, config::ConnectConfig, region, trust};
use mailsec_core::{Code, Failure, values::Secret};
use reqwest::{Method, Proxy, Url, header::HeaderMap, redirect};
use std::{error::Error, path::Path, time::Duration};

/// A request, which may be sent again.
pub(crate) struct Request<'a> {
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) body: Body<'a>,
}

pub(crate) enum Body<'a> {
    None,
    Form(&'a [(&'a str, &'a str)]),
    Json(String),
}

/// An answer, whatever it says.
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// What the server calls the request.
    pub(crate) request: Option<String>,
    /// By which an answer that was not ready is asked for again.
    pub(crate) response: Option<String>,
    /// How long the server asks to wait.
    pub(crate) retry_after: Option<Duration>,
    pub(crate) body: Vec<u8>,
}

/// No answer.
pub(crate) enum Lost {
    /// The request was not sent.
    Unsent(String),
    /// It was sent, or may have been.
    Unanswered(String),
    /// The answer is larger than it may be.
    TooLarge,
}

pub(crate) struct Wire {
    client: reqwest::Client,
    body: usize,
}

impl Wire {
    pub(crate) fn new(config: &ConnectConfig, limits: &Limits) -> Result<Self, Failure> {
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("mailsec/", env!("CARGO_PKG_VERSION")))
            .tls_backend_preconfigured(trust::trusting(config.trust.as_deref().map(Path::new))?)
            // A token must not follow to where an answer points.
            .redirect(redirect::Policy::none())
            .retry(reqwest::retry::never())
            .no_proxy()
            .connect_timeout(limits.connect)
            .timeout(limits.answer);
        if let Some(proxy) = &config.proxy {
            let url = proxy_address(proxy)?;
            builder = builder.proxy(Proxy::all(url).map_err(|error| unusable(&error))?);
        }
        let client = builder.build().map_err(|error| unusable(&error))?;
        Ok(Self { client, body: limits.body })
    }

    pub(crate) async fn exchange(
        &self,
        request: &Request<'_>,
        token: Option<&Secret>,
        response: Option<&str>,
    ) -> Result<Answer, Lost> {
        let mut builder = self
            .client
            .request(request.method.clone(), request.url.clone())
            .header("accept", "application/json");
        builder = match &request.body {
            Body::None => builder,
            Body::Form(fields) => builder.form(fields),
            Body::Json(text) => builder.header("content-type", "application/json").body(text.clone()),
        };
        if let Some(token) = token {
            builder = builder.bearer_auth(token.expose());
        }
        if let Some(response) = response {
            builder = builder.header("response-id", response);
        }
        let mut reply = builder.send().await.map_err(lost)?;
        let headers = reply.headers();
        let mut answer = Answer {
            status: reply.status().as_u16(),
            request: header(headers, "request-id"),
            response: header(headers, "response-id"),
            retry_after: header(headers, "retry-after")
                .and_then(|text| text.parse().ok())
                .map(Duration::from_secs),
            body: Vec::new(),
        };
        while let Some(chunk) = reply.chunk().await.map_err(lost)? {
            if answer.body.len() + chunk.len() > self.body {
                return Err(Lost::TooLarge);
            }
            answer.body.extend_from_slice(&chunk);
        }
        Ok(answer)
    }
}

fn proxy_address(text: &str) -> Result<Url, Failure> {
    // A proxy sees only that a connection is made: what goes through is encrypted, but for a loopback's.
    let wrong = || {
        Failure::new(Code::BadArgument, "the proxy's address cannot be used")
            .expected("http://HOST:PORT, without user and password")
    };
    let url = Url::parse(text).map_err(|_| wrong())?;
    let plain = url.scheme() == "http" && url.username().is_empty() && url.password().is_none();
    if plain { Ok(url) } else { region::address(text).map_err(|_| wrong()) }
}

fn unusable(error: &reqwest::Error) -> Failure {
    Failure::new(Code::ManagementServer, "the client of the management server cannot be made")
        .cause(causes(error))
}

/// A header that is short text; another is of no use.
fn header(headers: &HeaderMap, name: &str) -> Option<String> {
    let text = headers.get(name)?.to_str().ok()?;
    (!text.is_empty() && text.len() <= 200).then(|| text.to_owned())
}

fn lost(error: reqwest::Error) -> Lost {
    let (unsent, error) = (error.is_connect() || error.is_builder(), error.without_url());
    let text = causes(&error);
    if unsent { Lost::Unsent(text) } else { Lost::Unanswered(text) }
}

/// An error with everything behind it: the library's own text leaves that out.
fn causes(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.ends_with(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        source = cause.source();
    }
    text
}
