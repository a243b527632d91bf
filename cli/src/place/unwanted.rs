//! Names of secrets that nothing wants. A misspelt one would be found out late: the upgrade begins, and a gate asks for a
//! secret that its operator believes to have given.

use super::{Sources, State, config::Config, host::Which};
use crate::args::Common;
use mailsec_core::{Failure, failure::Code, values::SecretRef};
use mailsec_eset_connect::PASSWORD;
use std::collections::BTreeSet;

/// How alike two names must be (1: the same) for the one to be taken for the other.
const ALIKE: f64 = 0.7;

impl Sources {
    /// Refuses a name that is neither among these nor in the configuration.
    ///
    /// Not for what gives the secrets of all upgrades at once, as the service does: one upgrade does not want them all.
    ///
    /// # Errors
    /// [`Code::BadArgument`] with the names that are wanted, and the nearest of them.
    pub(crate) fn none_unwanted<'a>(
        &self,
        common: &Common,
        wanted: impl IntoIterator<Item = &'a SecretRef>,
    ) -> Result<(), Failure> {
        let mut known: BTreeSet<SecretRef> = wanted.into_iter().cloned().collect();
        known.extend(of_config(common)?);
        // Whether anything is exported is for another place to say; the name is right.
        let exports = self.names().find(|name| name.as_str() == crate::otlp::HEADERS);
        known.extend(exports.cloned());
        match self.names().find(|name| !known.contains(name)) {
            Some(name) => Err(unwanted(name, &known)),
            None => Ok(()),
        }
    }
}

/// The names in the configuration, and the one of the management server.
fn of_config(common: &Common) -> Result<Vec<SecretRef>, Failure> {
    let which = Which::parse(common).unwrap_or(Which::Windows);
    let config = Config::read(common, &State::of(common, &which))?;
    let pickup = config.pickup.map(|pickup| pickup.secret);
    let directory = config.directory.map(|directory| directory.bind_secret);
    let management = matches!(which, Which::Connect(_)).then(|| SecretRef::new(PASSWORD));
    Ok(pickup.into_iter().chain(directory).chain(management).collect())
}

fn unwanted(name: &SecretRef, known: &BTreeSet<SecretRef>) -> Failure {
    let near = known
        .iter()
        .map(|one| (strsim::normalized_damerau_levenshtein(one.as_str(), name.as_str()), one))
        .filter(|(alike, _)| *alike >= ALIKE)
        .max_by(|(one, _), (other, _)| one.total_cmp(other));
    let hint = match near {
        Some((_, near)) => format!("did you mean {near}? Nothing was changed"),
        None => "leave it out; nothing was changed".to_owned(),
    };
    let names: Vec<&str> = known.iter().map(SecretRef::as_str).collect();
    let expected = if names.is_empty() { "no --secret".to_owned() } else { names.join(", ") };
    Failure::new(Code::BadArgument, format!("nothing wants a secret of the name {name}"))
        .expected(expected)
        .hint(hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_the_hint_and_a_far_one_is_none() {
        let known = ["service-account-password", "former-account-password"].map(SecretRef::new).into();
        let hint = |name: &str| unwanted(&SecretRef::new(name), &known).hint.unwrap_or_default();
        assert!(hint("service-acount-password").starts_with("did you mean service-account-password?"));
        assert!(hint("formeraccount-pasword").starts_with("did you mean former-account-password?"));
        assert!(hint("mailbox").starts_with("leave it out"));
    }
}
