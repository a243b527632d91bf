//! A server's facts as a file: what a plan was made from, to rehearse it, to send it, to look at it elsewhere.

use super::{Fact, FactQuery, Facts};
use crate::{
    failure::{Code, Failure},
    values::{Digest, Timestamp},
};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Format of captured facts. A reader refuses one that it does not know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CapturedFormat(u16);

impl CapturedFormat {
    /// The format that this version writes.
    pub const CURRENT: Self = Self(1);
}

impl fmt::Display for CapturedFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "format {}", self.0)
    }
}

/// Facts of one server, with when and by what they were taken. Facts hold no secrets: no question asks for one.
///
/// Whatever later formats add is optional, so that facts of today can be read tomorrow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Captured {
    /// Format.
    pub format: CapturedFormat,
    /// Version of the program that took them.
    pub mailsec: String,
    /// When.
    pub taken: Timestamp,
    /// The product that asked for them (`vipre`).
    pub product: String,
    /// Questions and answers.
    pub facts: Facts,
}

#[derive(Serialize)]
struct Sealed<'a> {
    digest: Digest,
    captured: &'a Captured,
}

#[derive(Deserialize)]
struct Head {
    captured: HeadOfCaptured,
}

#[derive(Deserialize)]
struct HeadOfCaptured {
    format: CapturedFormat,
    mailsec: String,
}

#[derive(Deserialize)]
struct Opened {
    digest: Digest,
    captured: Captured,
}

impl Captured {
    /// Facts that were just gathered.
    #[must_use]
    pub fn new(
        product: impl Into<String>,
        facts: Facts,
        taken: Timestamp,
        mailsec: impl Into<String>,
    ) -> Self {
        Self {
            format: CapturedFormat::CURRENT,
            mailsec: mailsec.into(),
            taken,
            product: product.into(),
            facts,
        }
    }

    /// What a plan calls these facts by.
    #[must_use]
    pub fn digest(&self) -> Digest {
        self.facts.digest()
    }

    /// As a file: with the digest, so that a change shows.
    #[must_use]
    pub fn sealed(&self) -> Vec<u8> {
        serde_json::to_vec_pretty(&Sealed { digest: self.digest(), captured: self }).unwrap_or_default()
    }

    /// Reads them from their file.
    ///
    /// # Errors
    /// [`Code::FactsDamaged`] when these are no captured facts, or of a format that this version does not know, or not
    /// those that were taken.
    pub fn read(bytes: &[u8]) -> Result<Self, Failure> {
        let damaged = |error: serde_json::Error| {
            Failure::new(Code::FactsDamaged, "these are no captured facts, or damaged ones")
                .expected("the JSON that `mailsec capture --out FILE` writes")
                .found(format!("line {}, column {}", error.line(), error.column()))
                .cause(error)
                .hint("capture them again")
        };
        let head: Head = serde_json::from_slice(bytes).map_err(damaged)?;
        let HeadOfCaptured { format, mailsec } = head.captured;
        if format != CapturedFormat::CURRENT {
            return Err(Failure::new(
                Code::FactsDamaged,
                "the captured facts have a format that this version does not know",
            )
            .expected(CapturedFormat::CURRENT.to_string())
            .found(format!("{format}, written by mailsec {mailsec}"))
            .hint("use that version, or capture the facts again with this one"));
        }
        let opened: Opened = serde_json::from_slice(bytes).map_err(damaged)?;
        let digest = opened.captured.digest();
        if digest != opened.digest {
            return Err(Failure::new(Code::FactsDamaged, "the facts are not those that were captured")
                .expected(format!("digest {}", opened.digest))
                .found(format!("digest {digest}"))
                .cause(format!(
                    "they were changed, or mailsec {mailsec} wrote what this version does not know"
                ))
                .hint("capture them again"));
        }
        Ok(opened.captured)
    }

    /// What is in it, in words: how many questions of each kind, and how many the server could not answer.
    #[must_use]
    pub fn contents(&self) -> Vec<(&'static str, usize)> {
        let mut contents: Vec<(&'static str, usize)> = Vec::new();
        for (query, fact) in self.facts.iter() {
            let (what, count) = content(query, fact);
            match contents.iter_mut().find(|(known, _)| *known == what) {
                Some((_, sum)) => *sum += count,
                None => contents.push((what, count)),
            }
        }
        contents
    }
}

fn content(query: &FactQuery, fact: &Fact) -> (&'static str, usize) {
    match fact {
        Fact::Exchange(exchange) => ("Exchange servers", usize::from(exchange.is_some())),
        Fact::Services(all) => ("services", all.len()),
        Fact::Packages(all) => ("installed packages", all.len()),
        Fact::Agents(all) => ("transport agents", all.len()),
        Fact::PendingRestart(all) => ("signs of a pending restart", all.len()),
        Fact::InstallerBusy(busy) => ("running installations", usize::from(*busy)),
        Fact::File(file) => ("files and folders", usize::from(file.is_some())),
        Fact::Tree(files, _) => ("files of settings", usize::try_from(*files).unwrap_or(usize::MAX)),
        Fact::FreeSpace(_) => ("volumes", 1),
        Fact::Package(_) => ("installers", 1),
        Fact::Account(account) => ("accounts", usize::from(account.is_some())),
        Fact::Programs(all) => ("running programs", all.len()),
        Fact::Registry(value) => ("registry values", usize::from(value.is_some())),
        Fact::Unknown(_) => match query {
            // An installer that is not there yet, say: its failure is part of the facts.
            FactQuery::Package(_) => ("installers that could not be looked at", 1),
            _ => ("questions that the server could not answer", 1),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::values::ServerPath;

    fn captured() -> Captured {
        let mut facts = Facts::of("MAIL01".to_owned());
        facts.put(FactQuery::FreeSpace(ServerPath::new(r"C:\")), Fact::FreeSpace(42));
        facts.put(FactQuery::File(ServerPath::new(r"C:\none")), Fact::File(None));
        let why = Failure::new(Code::AccessDenied, "no").expected("rights").cause("because").ask();
        facts.put(FactQuery::Services, Fact::Unknown(why));
        Captured::new("vipre", facts, Timestamp::from_millis(5), "0.1.0")
    }

    fn refused(text: &str) -> Failure {
        Captured::read(text.as_bytes()).unwrap_err()
    }

    #[test]
    fn what_was_written_is_read_and_laid_out_anew_it_still_is() {
        let sealed = captured().sealed();
        assert_eq!(Captured::read(&sealed), Ok(captured()));
        let value: serde_json::Value = serde_json::from_slice(&sealed).unwrap();
        assert_eq!(Captured::read(value.to_string().as_bytes()), Ok(captured()));
    }

    #[test]
    fn a_changed_fact_shows() {
        let text = String::from_utf8(captured().sealed()).unwrap();
        let failure = refused(&text.replace("42", "43"));
        assert_eq!(failure.code, Code::FactsDamaged);
        assert!(failure.expected.unwrap().contains(&captured().digest().to_string()));
    }

    #[test]
    fn a_newer_format_is_named_with_the_version_that_wrote_it() {
        let text = String::from_utf8(captured().sealed()).unwrap();
        let newer = text.replace("\"format\": 1", "\"format\": 2").replace("\"facts\"", "\"other\"");
        let failure = refused(&newer);
        assert_eq!(failure.found.as_deref(), Some("format 2, written by mailsec 0.1.0"));
    }

    #[test]
    fn anything_else_is_refused_with_its_place() {
        let text = String::from_utf8(captured().sealed()).unwrap();
        for bad in ["", "{}", "[]", "\u{0}", &text[..text.len() / 2], &text.replace("free_space", "nothing")]
        {
            let failure = refused(bad);
            assert_eq!(failure.code, Code::FactsDamaged, "{bad}");
        }
        assert!(refused(&text[..text.len() / 2]).found.unwrap().starts_with("line "));
    }

    #[test]
    fn its_contents_are_counted() {
        assert_eq!(
            captured().contents(),
            [("questions that the server could not answer", 1), ("files and folders", 0), ("volumes", 1)]
        );
    }
}
