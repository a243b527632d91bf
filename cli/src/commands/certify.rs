//! `certify`: a vendor's crate, put through the checks of all vendors on the sample servers of the simulator.

use super::{VERSION, products};
use crate::{
    args::{CertifyArgs, Common},
    exit::Exit,
    nearest::did_you_mean,
    output::{self, Reply},
    show::Counter,
};
use mailsec_conformance::{Candidate, Card, built_in, certify_with};
use mailsec_core::{Code, Failure};
use mailsec_simulator::explore::parallel;
use serde_json::json;

pub(crate) fn certify(common: &Common, args: &CertifyArgs) -> Result<Reply, Failure> {
    let candidate = candidate(&args.vendor)?;
    let counter = Counter::new("sample upgrades", candidate.specimens().len());
    let threads = args.threads.map_or_else(parallel::cores, usize::from);
    let today = time::OffsetDateTime::now_utc().date().to_string();
    let card = certify_with(&candidate, &today, threads, |done| counter.show(done));
    drop(counter);
    let exit = if card.passed { Exit::Done } else { Exit::Failed };
    let Some(out) = &args.out else { return Ok(Reply::new(card.text(), json!(card)).exit(exit)) };
    let text = if common.json {
        serde_json::to_string_pretty(&card).unwrap_or_default() + "\n"
    } else {
        card.text()
    };
    output::save(out, "card", text.as_bytes())?;
    let value =
        json!({ "written": out.display().to_string(), "product": card.product, "passed": card.passed });
    Ok(Reply::new(format!("{}\nWritten to {}.", verdict(&card), out.display()), value).exit(exit))
}

fn verdict(card: &Card) -> String {
    let failed: Vec<&str> = card.failed().map(|check| check.name()).collect();
    match failed.as_slice() {
        [] => format!("{} {} is certified.", card.product, card.crate_version),
        names => format!("{} {} is not certified: {}.", card.product, card.crate_version, names.join(", ")),
    }
}

/// A product of this program that the simulator has servers for.
fn candidate(key: &str) -> Result<Candidate, Failure> {
    let known: Vec<&str> = products().iter().map(|product| product.describe().key).collect();
    let unknown = || {
        let failure = Failure::new(Code::ProductNotFound, "this program has no such vendor")
            .expected(known.join(", "))
            .found(format!("{key:?}"))
            .hint("a vendor's crate of your own is certified by a test in it: docs/contributing/add-a-vendor.md");
        did_you_mean(failure, key, known.iter().copied())
    };
    let product = products().into_iter().find(|product| product.describe().key == key).ok_or_else(unknown)?;
    // Once in the life of the process; what runs upgrades on threads wants it for as long.
    built_in(Box::leak(product), VERSION).ok_or_else(unknown)
}
