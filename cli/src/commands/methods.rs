//! `methods`: the ways to upgrade, each with its source, and which of them apply here.

use super::{detect::nothing_wanted, site, survey::wanted_products};
use crate::{args::Common, output::Reply, show};
use mailsec_core::{
    Failure,
    product::{Facts, Installation, MailSecurityProduct, Method},
};
use serde_json::{Value, json};

pub(crate) async fn methods(common: &Common) -> Result<Reply, Failure> {
    // The table can be read anywhere; on a server it says which rows apply.
    let host = match site(common).and_then(|(site, _)| site.as_configured().map(|()| site)) {
        Ok(site) => Some(site),
        Err(_) if common.host.is_none() => None,
        Err(failure) => return Err(failure),
    };
    let (mut text, mut rows) = (String::new(), Vec::new());
    for product in wanted_products(common.product.as_deref())? {
        let description = product.describe();
        let found = match &host {
            Some(site) => {
                let facts = product.gather(site.server()?, &nothing_wanted()).await?;
                product.detect(&facts)?.map(|installation| (installation, facts))
            }
            None => None,
        };
        let title = found.as_ref().map_or_else(
            || description.names.join(", "),
            |(installation, _)| format!("{} {}, installed here", installation.name, installation.version),
        );
        text.push_str(&format!("{title}\n"));
        for row in product.methods() {
            let fits = found.as_ref().map(|found| fits(product.as_ref(), row.method, found));
            text.push_str(&show::method(row, fits.as_ref()));
            rows.push(json!({
                "product": description.key,
                "method": row,
                "applies": fits.as_ref().map(Result::is_ok),
                "why_not": fits.and_then(Result::err).map_or(Value::Null, |failure| json!(failure)),
            }));
        }
        text.push('\n');
    }
    Ok(Reply::new(text, json!({ "methods": rows })))
}

fn fits(
    product: &dyn MailSecurityProduct,
    method: Method,
    (installation, facts): &(Installation, Facts),
) -> Result<(), Failure> {
    product.fits(method, installation, facts)
}
