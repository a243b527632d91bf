//! What the product says of itself, whoever asks.

use super::{Said, gather, say};
use crate::{Candidate, Check, Specimen, tally::Tally};
use mailsec_core::{
    Failure,
    failure::Code,
    product::{Description, Method},
};
use mailsec_simulator::{
    World,
    worlds::{bare_windows, eset::eset_65, exchange::mailbox_server, vipre_45},
};

/// Key, names, article, limits.
pub(crate) fn describe(candidate: &Candidate, tally: &mut Tally) {
    let Description { key, publisher, names, article, limits } = candidate.product.describe();
    let mut must = |holds: bool, why: String| tally.must(Check::Description, holds, || why);
    let begins = key.bytes().next().is_some_and(|byte| byte.is_ascii_lowercase());
    let words = key.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    must(
        begins && words && key.len() <= 24,
        format!("the key {key:?} is not a short lower-case word, as in `--product vipre`"),
    );
    must(!publisher.trim().is_empty(), "there is no publisher".to_owned());
    must(!names.is_empty(), "there is no name".to_owned());
    for (index, name) in names.iter().enumerate() {
        let twice = names[..index].iter().any(|other| other.eq_ignore_ascii_case(name));
        must(!name.trim().is_empty() && !twice, format!("the name {name:?} is empty, or there twice"));
    }
    must(is_link(article), format!("the article {article:?} is no https address"));
    for limit in limits {
        let begins = limit.chars().next().is_some_and(|first| !first.is_lowercase());
        must(begins && limit.ends_with('.'), format!("the limit {limit:?} is not a whole sentence"));
    }
    must(!candidate.version.trim().is_empty(), "the crate's version is empty".to_owned());
}

fn is_link(text: &str) -> bool {
    text.strip_prefix("https://")
        .is_some_and(|rest| rest.contains('.') && !rest.contains(char::is_whitespace))
}

/// The table of methods, and what is said to a method that is not in it.
pub(crate) fn methods(candidate: &Candidate, tally: &mut Tally) {
    let rows = candidate.product.methods();
    tally.must(Check::Methods, !rows.is_empty(), || "the table of methods is empty".to_owned());
    for (index, row) in rows.iter().enumerate() {
        let twice = rows[..index].iter().any(|other| other.method == row.method);
        tally.must(Check::Methods, !twice, || format!("{} is in the table twice", row.method));
        let told = [row.from, row.to, row.servers, row.needs].iter().all(|text| !text.trim().is_empty());
        tally.must(Check::Methods, told && is_link(row.source), || {
            format!("the row {} does not say from, to, servers, needs and an https source", row.method)
        });
    }
    for specimen in &candidate.specimens {
        let facts = gather(candidate.product, specimen);
        let Ok(Some(installation)) = candidate.product.detect(&facts) else { continue };
        for method in Method::ALL {
            let known = rows.iter().any(|row| row.method == method);
            let fits = candidate.product.fits(method, &installation, &facts);
            if let Err(failure) = &fits {
                tally.refusal(&format!("{}, fits({method})", specimen.name), failure);
            }
            if !known {
                unknown(candidate, specimen, method, fits, tally);
            }
        }
    }
}

/// A method that the table does not have is refused, wherever it is named.
fn unknown(
    candidate: &Candidate,
    specimen: &Specimen,
    method: Method,
    fits: Result<(), Failure>,
    tally: &mut Tally,
) {
    tally.must(Check::Methods, fits.is_err_and(|failure| failure.code == Code::MethodUnfit), || {
        format!("{}: `fits` does not refuse {method} with {}", specimen.name, Code::MethodUnfit)
    });
    let mut asked = specimen.clone();
    asked.request.method = Some(method);
    let facts = gather(candidate.product, &asked);
    let said = say(candidate.product, &facts, &asked.request, specimen.world.now);
    if let Said::Refused(failure) = &said {
        tally.refusal(&format!("{}, --method {method}", specimen.name), failure);
    }
    tally.must(Check::Methods, !matches!(said, Said::Planned(_)), || {
        format!("{}: asked for {method}, which is not in the table, it plans", specimen.name)
    });
}

/// Servers where something else is installed, or nothing.
pub(crate) fn not_installed(candidate: &Candidate, tally: &mut Tally) {
    let Some(sample) = candidate.specimens.first() else { return };
    let names = candidate.product.describe().names;
    let servers: [(&str, World); 4] = [
        ("a Windows server without Exchange", bare_windows()),
        ("an Exchange server without any product", mailbox_server()),
        ("a server with VIPRE Email Security", vipre_45()),
        ("a server with ESET Mail Security", eset_65()),
    ];
    for (what, world) in servers {
        if names.iter().any(|name| world.installed_version(name).is_some()) {
            continue;
        }
        let server = Specimen { world, ..sample.clone() };
        let facts = gather(candidate.product, &server);
        let said = say(candidate.product, &facts, &server.request, server.world.now);
        tally.must(Check::NotInstalled, matches!(said, Said::Absent), || {
            format!("{what}: {}, instead of \"not installed\"", said.short())
        });
    }
}
