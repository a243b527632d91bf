//! Where to export to.

use crate::{args::Common, place::Sources};
use mailsec_core::{Failure, failure::Code, values::SecretRef};
use reqwest::{
    Url,
    header::{HeaderMap, HeaderName, HeaderValue},
};
use serde_json::Value;

/// The secret with the headers that a collector wants.
pub(crate) const HEADERS: &str = "otlp-headers";

/// A collector.
#[derive(Clone)]
pub(crate) struct Endpoint {
    /// Where spans go.
    pub(super) traces: Url,
    /// Where log records go.
    pub(super) logs: Url,
    /// Who we are; a secret.
    pub(super) headers: HeaderMap,
}

impl Endpoint {
    /// The one that the command line names, else the configuration's.
    pub(crate) fn of(
        common: &Common,
        configured: Option<&Value>,
        secrets: &Sources,
    ) -> Result<Option<Self>, Failure> {
        let text = match (&common.otlp, configured) {
            (Some(text), _) | (None, Some(Value::String(text))) => text,
            (None, Some(_)) => return Err(wrong()),
            (None, None) => return Ok(None),
        };
        let values = secrets.values();
        let headers = values.get(&SecretRef::new(HEADERS));
        Self::parse(text, headers.map(|secret| secret.expose())).map(Some)
    }

    fn parse(text: &str, headers: Option<&str>) -> Result<Self, Failure> {
        let base: Url = text.parse().map_err(|_| wrong())?;
        let is_loopback = match base.host_str() {
            Some("localhost" | "[::1]") => true,
            Some(host) => host.parse::<std::net::Ipv4Addr>().is_ok_and(|address| address.is_loopback()),
            None => false,
        };
        let is_safe = base.scheme() == "https" || base.scheme() == "http" && is_loopback;
        let is_plain = base.username().is_empty()
            && base.password().is_none()
            && base.query().is_none()
            && base.fragment().is_none();
        if !is_safe || !is_plain {
            return Err(wrong());
        }
        let below = |path: &str| {
            let base = base.as_str().trim_end_matches('/');
            format!("{base}{path}").parse().map_err(|_| wrong())
        };
        Ok(Self { traces: below("/v1/traces")?, logs: below("/v1/logs")?, headers: header_map(headers)? })
    }
}

fn wrong() -> Failure {
    // Not repeated: an address may hold a password.
    Failure::new(Code::BadArgument, "the address of the export cannot be used")
        .expected("https://HOST[:PORT][/PATH], or http:// on this machine's own loopback")
        .hint("/v1/traces and /v1/logs are added; headers come from --secret otlp-headers=...")
}

/// `NAME=VALUE,NAME=VALUE`, as OpenTelemetry's own programs take them.
fn header_map(text: Option<&str>) -> Result<HeaderMap, Failure> {
    let wrong = || {
        Failure::new(Code::BadArgument, format!("the secret {HEADERS} cannot be read"))
            .expected("NAME=VALUE, and more of them after commas")
    };
    let mut map = HeaderMap::new();
    for pair in text.into_iter().flat_map(|text| text.split(',')).filter(|pair| !pair.trim().is_empty()) {
        let (name, value) = pair.split_once('=').ok_or_else(wrong)?;
        let name: HeaderName = name.trim().parse().map_err(|_| wrong())?;
        let mut value: HeaderValue = value.trim().parse().map_err(|_| wrong())?;
        value.set_sensitive(true);
        map.insert(name, value);
    }
    Ok(map)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_encryption_nothing_leaves_this_machine() {
        for text in [
            "https://otel.example.test/",
            "http://127.0.0.1:4318",
            "http://localhost:4318",
            "http://[::1]:4318",
        ] {
            let endpoint = Endpoint::parse(text, None).unwrap();
            assert_eq!(endpoint.traces.as_str(), format!("{}/v1/traces", text.trim_end_matches('/')));
        }
        let below = Endpoint::parse("https://otel.example.test/api/otlp", None).unwrap();
        assert_eq!(below.logs.as_str(), "https://otel.example.test/api/otlp/v1/logs");
        for text in [
            "http://otel.example.test:4318",
            "http://127.0.0.1.example.test",
            "http://192.0.2.1:4318",
            "https://user:Planted-1@otel.example.test",
            "https://otel.example.test/?key=Planted-1",
            "ftp://127.0.0.1",
            "otel.example.test:4318",
            "",
        ] {
            let failure = Endpoint::parse(text, None).err().unwrap();
            assert!(!format!("{failure:?}").contains("Planted"), "{failure:?}");
        }
    }

    #[test]
    fn headers_are_taken_as_a_secret_and_shown_nowhere() {
        let headers = header_map(Some("api-key=Planted-1, x-tenant = a=b,")).unwrap();
        assert_eq!(headers["api-key"], "Planted-1");
        assert_eq!(headers["x-tenant"], "a=b");
        assert!(!format!("{headers:?}").contains("Planted"), "{headers:?}");
        for text in ["Planted-1", "a b=Planted-1", "a=Planted\n-1"] {
            let failure = header_map(Some(text)).unwrap_err();
            assert!(!format!("{failure:?}").contains("Planted"), "{failure:?}");
        }
    }
}
