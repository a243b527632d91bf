//! Names of secrets that nothing wants. A misspelt one would be found out late: the upgrade begins, and a gate asks for a
//! secret that its operator believes to have given.

use super::{Sources, State, config::Config, host::Which};
use crate::{args::Common, otlp::HEADERS, output};
use mailsec_core::{Failure, failure::Code, values::SecretRef};
use mailsec_eset_connect::PASSWORD;
use std::collections::BTreeSet;

/// How alike two names must be (1: the same) for the one to be taken for the other.
const ALIKE: f64 = 0.8;

impl Sources {
    /// Refuses a name that is nearly one of these, or of the configuration, which nobody gave. Another one that nothing
    /// wants is said: whoever keeps one list for many servers gives more than one of them wants.
    ///
    /// Not for what gives the secrets of all upgrades at once, as the service does: one upgrade does not want them all.
    ///
    /// # Errors
    /// [`Code::BadArgument`] with the name that was probably meant.
    pub(crate) fn none_unwanted<'a>(
        &self,
        common: &Common,
        wanted: impl IntoIterator<Item = &'a SecretRef>,
    ) -> Result<(), Failure> {
        let which = Which::parse(common).unwrap_or(Which::Windows);
        // One that cannot be used is refused elsewhere, where it counts; what its names were cannot be known.
        let Ok(config) = Config::read(common, &State::of(common, &which)?) else { return Ok(()) };
        let mut known: BTreeSet<SecretRef> = wanted.into_iter().cloned().collect();
        known.extend(of_config(config, &which));
        let given: BTreeSet<&SecretRef> = self.names().collect();
        let missing: Vec<&SecretRef> = known.iter().filter(|name| !given.contains(name)).collect();
        // Whether anything is exported is for another place to say.
        let strange = given.iter().filter(|name| !known.contains(**name) && name.as_str() != HEADERS);
        for name in strange {
            match meant(name, &missing) {
                Some(meant) => return Err(mistyped(name, meant)),
                None => output::say(&format!("Nothing wants the secret {name}; it is not used.")),
            }
        }
        Ok(())
    }
}

/// The names in the configuration, and the one of the management server.
fn of_config(config: Config, which: &Which) -> Vec<SecretRef> {
    let pickup = config.pickup.map(|pickup| pickup.secret);
    let directory = config.directory.map(|directory| directory.bind_secret);
    let management = matches!(which, Which::Connect(_)).then(|| SecretRef::new(PASSWORD));
    pickup.into_iter().chain(directory).chain(management).collect()
}

fn meant<'n>(name: &SecretRef, missing: &[&'n SecretRef]) -> Option<&'n SecretRef> {
    let alike = |one: &SecretRef| strsim::normalized_damerau_levenshtein(one.as_str(), name.as_str());
    let near = missing.iter().map(|one| (alike(one), *one)).filter(|(alike, _)| *alike >= ALIKE);
    near.max_by(|(one, _), (other, _)| one.total_cmp(other)).map(|(_, one)| one)
}

fn mistyped(name: &SecretRef, meant: &SecretRef) -> Failure {
    Failure::new(Code::BadArgument, format!("nothing wants a secret of the name {name}"))
        .expected(meant.as_str())
        .hint(format!("did you mean {meant}? Nothing was changed"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_seen_where_the_right_name_is_missing_and_another_name_is_none() {
        let known = ["service-account-password", "former-account-password"].map(SecretRef::new);
        let missing: Vec<&SecretRef> = known.iter().collect();
        let meant = |name: &str| meant(&SecretRef::new(name), &missing).map(SecretRef::as_str);
        assert_eq!(meant("service-acount-password"), Some("service-account-password"));
        assert_eq!(meant("formeraccount-pasword"), Some("former-account-password"));
        assert_eq!(meant("eset-settings-password"), None);
        assert_eq!(meant("mailbox"), None);
    }
}
