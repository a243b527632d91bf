//! What was captured.

use mailsec_core::product::{Captured, Installation};
use std::path::Path;

/// What is in a file of captured facts, for a person.
pub(crate) fn captured(captured: &Captured, installation: &Installation, file: &Path) -> String {
    let mut text = format!(
        "{} on {}\n{} {}\n\n",
        captured.product, captured.facts.server, installation.name, installation.version
    );
    for (what, count) in captured.contents() {
        text.push_str(&format!("{count:>6}  {what}\n"));
    }
    text.push_str(&format!(
        "\nNo passwords are in it; names of services, accounts, programs and folders are.\nTaken {}.\nDigest {}.\nWritten to {}\n",
        captured.taken,
        captured.digest(),
        file.display()
    ));
    text
}
