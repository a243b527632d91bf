//! The names under which the page may be asked for. A browser that was led here by another name - a name of somebody
//! else's, that resolves to this address - is turned away.

use std::net::{IpAddr, SocketAddr};

/// The names, with the port, as a `Host` header has them.
#[derive(Clone, Debug)]
pub(crate) struct Hosts {
    all: Vec<String>,
    scheme: &'static str,
}

impl Hosts {
    pub(crate) fn of(bound: SocketAddr, names: &[String], tls: bool) -> Self {
        let mut hosts = Vec::new();
        if !bound.ip().is_unspecified() {
            hosts.push(match bound.ip() {
                IpAddr::V4(ip) => ip.to_string(),
                IpAddr::V6(ip) => format!("[{ip}]"),
            });
        }
        if bound.ip().is_loopback() {
            hosts.push("localhost".to_owned());
        }
        hosts.extend(names.iter().map(|name| name.to_ascii_lowercase()));
        let (scheme, usual) = if tls { ("https", 443) } else { ("http", 80) };
        let mut all: Vec<String> = hosts.iter().map(|host| format!("{host}:{}", bound.port())).collect();
        if bound.port() == usual {
            all.extend(hosts);
        }
        Self { all, scheme }
    }

    /// The address of the page, by the first of its names.
    pub(crate) fn url(&self) -> String {
        format!("{}://{}", self.scheme, self.all.first().map_or("", String::as_str))
    }

    /// Whether a `Host` header names this page.
    pub(crate) fn has(&self, host: &str) -> bool {
        self.all.iter().any(|own| own.eq_ignore_ascii_case(host))
    }

    /// Whether an `Origin` header is this page, asked for by this `Host`.
    pub(crate) fn is_origin(&self, origin: &str, host: &str) -> bool {
        origin
            .strip_prefix(self.scheme)
            .and_then(|rest| rest.strip_prefix("://"))
            .is_some_and(|own| own.eq_ignore_ascii_case(host))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test")]

    use super::*;

    #[test]
    fn only_what_is_bound_or_named() {
        let local = Hosts::of("127.0.0.1:8642".parse().unwrap(), &[], false);
        assert_eq!(local.url(), "http://127.0.0.1:8642");
        for good in ["127.0.0.1:8642", "localhost:8642", "LocalHost:8642"] {
            assert!(local.has(good), "{good}");
        }
        for bad in
            ["", "127.0.0.1", "127.0.0.1:80", "evil.test:8642", "localhost:8642.evil.test", "[::1]:8642"]
        {
            assert!(!local.has(bad), "{bad}");
        }
        assert!(local.is_origin("http://localhost:8642", "localhost:8642"));
        for bad in ["null", "https://localhost:8642", "http://127.0.0.1:8642", "http://localhost:8642/", ""] {
            assert!(!local.is_origin(bad, "localhost:8642"), "{bad}");
        }
        let wide = Hosts::of("0.0.0.0:443".parse().unwrap(), &["Mail.Example.com".to_owned()], true);
        assert!(wide.has("mail.example.com") && wide.has("mail.example.com:443") && !wide.has("0.0.0.0:443"));
        assert!(!wide.has("localhost:443"));
        assert!(Hosts::of("[::1]:1".parse().unwrap(), &[], false).has("[::1]:1"));
    }
}
