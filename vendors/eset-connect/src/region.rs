//! Where the services are: by region, or as configured.

use crate::config::OwnAddresses;
use mailsec_core::{Code, Failure};
use reqwest::Url;
use std::fmt;

/// A region of ESET's cloud; a tenant lives in one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Region {
    /// Europe.
    Eu,
    /// Germany.
    De,
    /// United States.
    Us,
    /// Canada.
    Ca,
    /// Japan.
    Jpn,
}

impl Region {
    /// Every region.
    pub const ALL: [Region; 5] = [Self::Eu, Self::De, Self::Us, Self::Ca, Self::Jpn];

    /// The word for it, as in its addresses.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Eu => "eu",
            Self::De => "de",
            Self::Us => "us",
            Self::Ca => "ca",
            Self::Jpn => "jpn",
        }
    }

    /// Reads the word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|region| region.word() == word)
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// The services that are asked.
#[derive(Clone, Debug)]
pub(crate) struct Addresses {
    /// Gives tokens.
    pub(crate) identity: Url,
    /// Knows the devices.
    pub(crate) devices: Url,
    /// Knows the tasks.
    pub(crate) tasks: Url,
}

impl Addresses {
    pub(crate) fn of(region: Region, own: Option<&OwnAddresses>) -> Result<Self, Failure> {
        let usual = |service: &str| format!("https://{region}.{service}.eset.systems/");
        match own {
            None => Ok(Self {
                identity: address(&usual("business-account.iam"))?,
                devices: address(&usual("device-management"))?,
                tasks: address(&usual("automation"))?,
            }),
            Some(own) => Ok(Self {
                identity: address(&own.identity)?,
                devices: address(&own.devices)?,
                tasks: address(&own.tasks)?,
            }),
        }
    }
}

/// An address that may be sent a password: encrypted, or of this very machine; with nothing in it but where.
pub(crate) fn address(text: &str) -> Result<Url, Failure> {
    let wrong = |why: &str| {
        // The text is not repeated: somebody may have put a password into it.
        Failure::new(Code::BadArgument, "an address of the management server cannot be used")
            .expected("https://HOST[:PORT]/, or http:// on this machine's own loopback")
            .found(why)
            .hint("see docs/remote.md")
    };
    let url = Url::parse(text).map_err(|error| wrong(&error.to_string()))?;
    let loopback = match url.host_str() {
        // Not "localhost": what that leads to, the resolver says.
        Some(host) => host
            .trim_matches(['[', ']'])
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback()),
        None => return Err(wrong("no host")),
    };
    match url.scheme() {
        "https" => {}
        "http" if loopback => {}
        other => return Err(wrong(&format!("{other}:// to another machine"))),
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(wrong("a user or password in it"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(wrong("more than a host and a path in it"));
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_region_has_its_own_documented_addresses() {
        for region in Region::ALL {
            let addresses = Addresses::of(region, None).unwrap();
            assert_eq!(Region::parse(region.word()), Some(region));
            let word = region.word();
            assert_eq!(
                addresses.identity.as_str(),
                format!("https://{word}.business-account.iam.eset.systems/")
            );
            assert_eq!(addresses.tasks.as_str(), format!("https://{word}.automation.eset.systems/"));
        }
        assert_eq!(Region::parse("EU"), None);
    }

    #[test]
    fn a_password_goes_nowhere_unencrypted_but_to_this_machine() {
        for good in ["https://connect.example", "http://127.0.0.1:8080/", "http://[::1]:1/x"] {
            assert!(address(good).is_ok(), "{good}");
        }
        for bad in [
            "http://connect.example",
            "http://localhost/",
            "http://10.0.0.1/",
            "ftp://127.0.0.1/",
            "https://user:hunter2@connect.example/",
            "https://connect.example/?x=hunter2",
            "https://connect.example/#hunter2",
            "hunter2",
        ] {
            let failure = address(bad).unwrap_err();
            assert!(!format!("{failure:?}").contains("hunter2"), "{failure:?}");
        }
    }
}
