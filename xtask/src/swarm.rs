//! Fresh seeds for the simulated upgrades. What is fixed stands in the tests; this meets something new each time, and
//! prints where it began, so that whoever sees it fail can go there again.

use crate::run::{self, Checked, Shop};
use std::time::{SystemTime, UNIX_EPOCH};

/// How long it searches, in seconds.
const SECONDS: &str = "60";

pub(crate) fn check(shop: &Shop) -> Checked {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).map_err(|error| error.to_string())?;
    // Far from the seeds of the tests, and the same for nobody.
    let first = (1 << 40) + u64::try_from(since.as_millis()).unwrap_or(0) * 1_000;
    let mut command = shop.cargo(["run", "--locked", "--quiet", "--package", "mailsec", "--"]);
    command.args(["simulate", "swarm", "--medium", "device", "--twice", "--seeds", "0", "--for", SECONDS]);
    command.args(["--from", &first.to_string(), "--out", "target"]);
    run::to_end(&mut command)?;
    Ok(format!("seeds from {first} on"))
}
