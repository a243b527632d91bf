//! Reading a bundle, and saying where it is damaged.

use super::{BUNDLE_FORMAT, Bundle, VERSIONS, engines, plan};
use crate::{
    failure::{Code, Failure},
    journal::{Damage, Line, chain::Tip},
    product::Captured,
    values::Digest,
};
use serde::Deserialize;
use std::fmt;

const HINT: &str = "nothing was changed; make the export again where the upgrade's journal is whole";

/// Something of a bundle that is not as it was exported, beside the chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flaw {
    /// What: the attachment `report.txt`, say.
    pub what: String,
    /// Why.
    pub why: String,
    /// In which line of the file, where that can be told.
    pub line: Option<usize>,
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.what)?;
        if let Some(line) = self.line {
            write!(f, " (line {line} of the file)")?;
        }
        write!(f, ": {}", self.why)
    }
}

impl Bundle {
    /// Whether a file is a bundle, or was one: any of its names tells.
    #[must_use]
    pub fn is_one(bytes: &[u8]) -> bool {
        #[derive(Deserialize)]
        struct Head {
            #[serde(rename = "bundle")]
            _bundle: u16,
        }
        serde_json::from_slice::<Head>(bytes).is_ok()
            || [&b"\"bundle\":"[..], b"\"envelopes\":", b"\"lines\":", b"\"attached\":"]
                .iter()
                .any(|name| find(bytes, name).is_some())
    }

    /// Reads a bundle and verifies its chain.
    ///
    /// # Errors
    /// [`Code::JournalNewer`] for a newer format, [`Code::JournalDamaged`] for one that is not whole, with the place:
    /// the envelope, or line and byte where its JSON breaks.
    pub fn read(bytes: &[u8]) -> Result<(Self, Vec<Line>), Failure> {
        #[derive(Deserialize)]
        struct Head {
            bundle: u16,
        }
        let damaged = |error: serde_json::Error| {
            Failure::new(Code::JournalDamaged, "this is not an exported journal, or a damaged one")
                .expected("the JSON that an export writes")
                .found(broken_at(bytes, &error))
                .cause(error)
                .hint(HINT)
        };
        let head: Head = serde_json::from_slice(bytes).map_err(damaged)?;
        if head.bundle > BUNDLE_FORMAT {
            return Err(Failure::new(Code::JournalNewer, "the export was made by a newer version")
                .expected(format!("bundle format {BUNDLE_FORMAT}"))
                .found(format!("bundle format {}", head.bundle)));
        }
        let bundle: Self = serde_json::from_slice(bytes).map_err(damaged)?;
        let lines = bundle.chain(Some(bytes))?;
        Ok((bundle, lines))
    }

    /// Reads a bundle of which everything must be as it was exported.
    ///
    /// # Errors
    /// As [`Bundle::read`]; [`Code::JournalDamaged`] with each attachment that was changed, and with the facts when they
    /// are not those of the plan.
    pub fn read_whole(bytes: &[u8]) -> Result<(Self, Vec<Line>), Failure> {
        let (bundle, lines) = Self::read(bytes)?;
        let flaws = bundle.flaws(&lines, bytes);
        let Some(first) = flaws.first() else { return Ok((bundle, lines)) };
        let failure = Failure::new(
            Code::JournalDamaged,
            "the export is damaged, beside the journal in it, which is whole",
        )
        .found(first.to_string())
        .hint("nothing was changed; make the export again, or import this one: its journal is whole");
        Err(flaws.iter().skip(1).fold(failure, |failure, flaw| failure.cause(flaw)))
    }

    /// Its lines, when they are one whole chain that ends as the bundle says.
    ///
    /// # Errors
    /// [`Code::JournalDamaged`] with the last good envelope.
    pub fn verify(&self) -> Result<Vec<Line>, Failure> {
        self.chain(None)
    }

    fn chain(&self, file: Option<&[u8]>) -> Result<Vec<Line>, Failure> {
        let mut lines: Vec<Line> = Vec::with_capacity(self.lines.len());
        let mut why = None;
        for (index, text) in self.lines.iter().enumerate() {
            let tip = Tip::of(&lines);
            match Line::parse(text.as_bytes()) {
                Some(line) if tip.takes(self.upgrade, &line) => lines.push(line),
                other => {
                    let line = file.and_then(|bytes| line_of(bytes, text));
                    let place = line.map(|line| format!(" (line {line} of the file)")).unwrap_or_default();
                    let what = self.misfit(&tip, other.as_ref());
                    why = Some(format!("envelope {index}{place} {what}"));
                    break;
                }
            }
        }
        let tip = Tip::of(&lines);
        let why = why.or_else(|| self.ends_otherwise(&tip));
        let Some(why) = why else { return Ok(lines) };
        let mut failure = Damage::after(self.upgrade, &lines, self.envelopes, "").failure();
        failure.message = format!("the export is damaged: {why}");
        Err(failure.hint(HINT))
    }

    /// Why a line does not continue the chain.
    fn misfit(&self, tip: &Tip, line: Option<&Line>) -> String {
        match line {
            None => "is not as it was written: its bytes do not have its hash".to_owned(),
            Some(line) if line.upgrade() != self.upgrade => format!("is of upgrade {}", line.upgrade()),
            Some(line) if line.seq() != tip.count => {
                format!("is missing or out of its place: envelope {} stands there", line.seq())
            }
            Some(_) => "is of another history: it does not name the hash of the one before".to_owned(),
        }
    }

    fn ends_otherwise(&self, tip: &Tip) -> Option<String> {
        if tip.count != self.envelopes {
            return Some(format!(
                "there are {} envelopes, and it was exported with {}: the end is missing, or too much is there",
                tip.count, self.envelopes
            ));
        }
        (tip.hash != self.head || tip.count == 0).then(|| {
            format!("the last envelope has hash {}, and it was exported with head {}", tip.hash, self.head)
        })
    }

    /// What beside the chain is not as it was exported; `file` are its bytes.
    #[must_use]
    pub fn flaws(&self, lines: &[Line], file: &[u8]) -> Vec<Flaw> {
        let mut flaws = Vec::new();
        if let Some(why) = self.facts_flaw(lines) {
            flaws.push(Flaw {
                what: "the captured facts".to_owned(),
                why,
                line: find(file, b"\"facts\":").map(|at| line_at(file, at)),
            });
        }
        let mut changed = |what: &str, name: &[u8], why: String| {
            let line = find(file, name).map(|at| line_at(file, at));
            flaws.push(Flaw { what: what.to_owned(), why, line });
        };
        let engines = engines(lines);
        if self.engines != engines {
            changed(
                "the versions of the program",
                b"\"engines\"",
                format!("the envelopes were written by {}", engines.join(", ")),
            );
        }
        // Format 1 had no digests.
        if self.bundle < 2 {
            return flaws;
        }
        if !self.versions.is_empty() && self.digests.get(VERSIONS) != Some(&self.digest_of_versions()) {
            changed("the versions of all else", b"\"versions\"", "their digest is another".to_owned());
        }
        for (name, text) in &self.attached {
            let found = Digest::of(text.as_bytes());
            let why = match self.digests.get(name) {
                Some(digest) if *digest == found => continue,
                Some(digest) => format!("its digest was {}, and is {}", digest.short(), found.short()),
                None => "it has no digest".to_owned(),
            };
            let line = line_of(file, text);
            flaws.push(Flaw { what: format!("the attachment {name}"), why, line });
        }
        for name in self.digests.keys().filter(|name| *name != VERSIONS && !self.attached.contains_key(*name))
        {
            let why = "it is missing".to_owned();
            flaws.push(Flaw { what: format!("the attachment {name}"), why, line: None });
        }
        flaws
    }

    fn facts_flaw(&self, lines: &[Line]) -> Option<String> {
        let facts = self.facts.as_ref()?;
        let captured = match Captured::read(facts.to_string().as_bytes()) {
            Ok(captured) => captured,
            Err(failure) => return Some(failure.to_string()),
        };
        let wanted = plan(lines)?.facts;
        (captured.digest() != wanted).then(|| {
            format!(
                "the plan was made from facts with digest {}, and these have {}",
                wanted.short(),
                captured.digest().short()
            )
        })
    }
}

/// Where JSON breaks: line, column and byte, and which part of a bundle stands there.
fn broken_at(bytes: &[u8], error: &serde_json::Error) -> String {
    let before: usize = bytes
        .split_inclusive(|byte| *byte == b'\n')
        .take(error.line().saturating_sub(1))
        .map(<[u8]>::len)
        .sum();
    let at = (before + error.column().saturating_sub(1)).min(bytes.len());
    let part = part_at(&bytes[..at]);
    format!("line {}, column {}, byte {at} of {}{part}", error.line(), error.column(), bytes.len())
}

/// In a JSON string quotes are escaped, so names with bare quotes are names of the bundle itself.
fn part_at(before: &[u8]) -> String {
    const OPENING: &[u8] = br#""{\"hash\":\""#;
    let parts: [(&[u8], &str); 5] = [
        (b"\"lines\":", "envelopes"),
        (b"\"facts\":", ", in the captured facts"),
        (b"\"digests\":", ", in the digests of what is attached"),
        (b"\"attached\":", ", in what is attached"),
        (b"\"bundle\":", ""),
    ];
    let last = parts.iter().filter_map(|(name, part)| Some((find(before, name)?, *part))).max();
    match last {
        Some((at, "envelopes")) => {
            let openings = before[at..].windows(OPENING.len()).filter(|window| *window == OPENING).count();
            format!(", at envelope {}", openings.saturating_sub(1))
        }
        Some((_, part)) => part.to_owned(),
        None => String::new(),
    }
}

/// The line of the file in which a text stands as JSON.
fn line_of(file: &[u8], text: &str) -> Option<usize> {
    let needle = serde_json::to_vec(text).ok()?;
    find(file, &needle).map(|at| line_at(file, at))
}

fn line_at(file: &[u8], at: usize) -> usize {
    1 + file[..at].iter().filter(|byte| **byte == b'\n').count()
}

fn find(bytes: &[u8], needle: &[u8]) -> Option<usize> {
    bytes.windows(needle.len()).position(|window| window == needle)
}
