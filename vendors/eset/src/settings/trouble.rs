//! What can be wrong with an export, in few codes and with the place.

use super::{
    limits,
    source::{Place, Reached},
};
use mailsec_core::{Code, Failure};
use std::fmt::Display;

/// A failure at a place.
fn at(code: Code, message: impl Into<String>, place: Place, found: impl Display) -> Failure {
    Failure::new(code, message).found(format!("line {}, column {}: {found}", place.line, place.column))
}

/// Not well-formed.
pub(super) fn malformed(place: Place, found: impl Display) -> Failure {
    at(Code::SettingsMalformed, "the settings are not well-formed XML", place, found)
        .expected("an export as the product wrote it")
        .hint("export the settings again, and do not edit the file")
}

/// Another kind of file.
pub(super) fn foreign(place: Place, found: impl Display) -> Failure {
    at(Code::SettingsForeign, "this is not an export of ESET's settings", place, found)
        .expected("XML with the root element ESET and a PRODUCT with NAME and VERSION in it")
        .hint("give the file that `ecmd.exe /getcfg` or the product's export wrote")
}

/// Nothing says which product the settings are of.
pub(super) fn without_product() -> Failure {
    foreign(Place::START, "an ESET element without a PRODUCT")
}

/// It ends too early.
pub(super) fn truncated(place: Place, found: impl Display) -> Failure {
    at(Code::SettingsTruncated, "the settings end before they are complete", place, found)
        .expected("every element closed, </ESET> last")
        .hint("export the settings again; see that the disk is not full and the copy was not interrupted")
}

/// More than is read.
pub(super) fn too_large(place: Place, what: &str, limit: impl Display, found: impl Display) -> Failure {
    at(Code::SettingsTooLarge, format!("the settings have {what} that is larger than is read"), place, found)
        .expected(format!("at most {limit}"))
        .hint("no known export comes near; see where the file comes from")
}

/// A limit of the source.
pub(super) fn reached(reached: Reached, place: Place) -> Failure {
    match reached {
        Reached::File => too_large(place, "a size", format!("{} bytes", limits::FILE), "more"),
        Reached::Markup => too_large(
            place,
            "a tag, text or comment",
            format!("{} bytes", limits::MARKUP),
            "one that goes on beyond",
        ),
    }
}

/// The bytes cannot be had.
pub(super) fn unreadable(place: Place, error: impl Display) -> Failure {
    at(Code::FileUnreadable, "the settings cannot be read", place, "reading failed here").cause(error)
}

/// The file was read twice and was not the same.
pub(super) fn changed() -> Failure {
    Failure::new(Code::FileUnreadable, "the settings changed while they were read")
        .hint("wait until nothing writes to the file, and try again")
}
