//! What cannot begin: each is refused with a code, what was expected, what was found and a hint, and neither the
//! server nor the journal is changed.

mod account;
mod installer;
mod request;
mod server;

use crate::harness::{Place, Ran};

/// A `run` that would begin at once.
fn run<'a>(place: &Place, more: impl IntoIterator<Item = &'a str>) -> Ran {
    place.changes_nothing(["--no-input", "run", "--yes"].into_iter().chain(more))
}

fn run_installer(installer: &str) -> (Place, Ran) {
    let place = Place::vipre();
    let ran = run(&place, ["--installer", installer]);
    (place, ran)
}
