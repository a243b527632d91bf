//! What an export says of itself.

use super::{
    reader::{Reader, Step},
    trouble,
};
use mailsec_core::{Failure, values::Version};
use serde::{Deserialize, Serialize};
use std::io::BufRead;

/// The signature behind the root element, as far as its form tells. Whether it holds, only the product can say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Signature {
    /// There is none.
    #[default]
    None,
    /// A comment `Signature:` with 64 bytes in Base64: the tool's version 2, for products from 11.1 on.
    V2,
    /// A comment that speaks of a signature in another form. That of the tool's version 1 is not documented.
    OtherForm,
}

impl Signature {
    /// With a comment behind the root taken into account.
    pub(super) fn or(self, comment: &str) -> Self {
        let comment = comment.trim();
        let base64 = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'+' || byte == b'/';
        let v2 = comment
            .strip_prefix("Signature:")
            .and_then(|rest| rest.trim_start().strip_suffix("=="))
            .is_some_and(|text| text.len() == 86 && text.bytes().all(base64));
        if v2 {
            Self::V2
        } else if self == Self::None && comment.to_ascii_lowercase().contains("signature") {
            Self::OtherForm
        } else {
            self
        }
    }
}

/// Which product wrote an export, and whether it was signed afterwards.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// NAME of the product.
    pub product: String,
    /// VERSION of the product: the build that wrote the export.
    pub version: Version,
    /// Its signature.
    pub signature: Signature,
}

impl Header {
    /// From a PRODUCT element that was just opened.
    pub(super) fn of<R: BufRead>(reader: &Reader<R>) -> Result<Self, Failure> {
        let product = reader.element();
        let missing = |what: &str| trouble::foreign(reader.place(), format!("a PRODUCT without {what}"));
        let name = product.name().ok_or_else(|| missing("NAME"))?;
        let version = product.get("VERSION").ok_or_else(|| missing("VERSION"))?;
        let version = Version::parse(version).map_err(|error| {
            trouble::malformed(reader.place(), error).expected("a version of numbers, such as 7.1.2045")
        })?;
        Ok(Self { product: name.to_owned(), version, signature: Signature::None })
    }
}

/// Goes to the product's element: the one child of the root.
pub(super) fn to_product<R: BufRead>(reader: &mut Reader<R>) -> Result<Header, Failure> {
    reader.step()?;
    loop {
        match reader.step()? {
            Step::Open if reader.element().tag() == "PRODUCT" => return Header::of(reader),
            Step::Open => reader.skip()?,
            Step::Close | Step::End => {
                return Err(trouble::without_product());
            }
        }
    }
}

/// Reads what an export says of itself. The whole file is read, which proves that it is well-formed and complete.
///
/// # Errors
/// `settings-foreign`, `settings-malformed`, `settings-truncated`, `settings-too-large`, `file-unreadable`; each says
/// where.
pub fn header(export: impl BufRead) -> Result<Header, Failure> {
    let mut reader = Reader::new(export);
    let mut header = to_product(&mut reader)?;
    header.signature = reader.finish()?;
    Ok(header)
}
