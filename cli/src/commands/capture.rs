//! `capture`: a server's facts as a file.

use super::{VERSION, site, survey};
use crate::{
    args::{CaptureArgs, Common},
    output::{self, Reply},
    show,
};
use mailsec_core::{Failure, product::Captured};
use serde_json::json;

pub(crate) async fn capture(common: &Common, args: &CaptureArgs) -> Result<Reply, Failure> {
    let request = survey::request(&args.request)?;
    let (site, _) = site(common)?;
    let host = site.server()?;
    let found = survey::survey(host, common.product.as_deref(), &request).await?;
    let key = found.product.describe().key;
    let captured = Captured::new(key, found.facts, host.clock().now(), VERSION);
    let file = match &args.out {
        Some(file) => {
            output::save(file, "facts", &captured.sealed())?;
            file.clone()
        }
        None => site.state.keep_facts(&captured)?,
    };
    let text = show::captured(&captured, &found.installation, &file);
    let contents: serde_json::Map<_, _> =
        captured.contents().into_iter().map(|(what, count)| (what.to_owned(), json!(count))).collect();
    Ok(Reply::new(
        text,
        json!({
            "file": file.display().to_string(),
            "digest": captured.digest(),
            "server": captured.facts.server,
            "product": captured.product,
            "taken": captured.taken,
            "contents": contents,
        }),
    ))
}
