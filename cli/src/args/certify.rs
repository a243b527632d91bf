//! `certify`.

use clap::Args;
use std::path::PathBuf;

const AFTER: &str = "\
What is checked, on simulated servers:
  the product      its description, its methods, what it refuses
  facts            the same facts lead to the same plan; a fact that is
                   missing or cannot be read is never passed over
  plans            rules, names, words; what a plan says of itself
  operations       each where its plan reaches it: observed, applied,
                   applied again, cut at every point, undone, undone again,
                   with questions that are not answered; no secret in
                   anything that it says
  whole upgrades   undisturbed, and cut at every point, by a power cut and
                   by a kill

The answer is a card: what was shown, how often, for which versions, and
what was not shown. With --json it is data.

Exit codes: 0 everything was shown and nothing failed, 1 a check failed,
30 there is no such vendor.

A vendor of your own is certified by a test in its crate; see
docs/contributing/add-a-vendor.md.";

/// What is to be certified.
#[derive(Debug, Args)]
#[command(after_help = AFTER)]
pub(crate) struct CertifyArgs {
    /// The product's key: `vipre`, `eset`
    pub(crate) vendor: String,
    /// Write the card to this file; with --json as data, else as text
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Specimens at once [default: as many as this machine has cores]
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u16).range(1..=64))]
    pub(crate) threads: Option<u16>,
}
