//! The same changes outside any upgrade, for a person at the command line (`mailsec account`).
//!
//! There is no journal, so nothing is remembered between two calls but what the directory itself holds: an account that
//! was left half made is known by a description of its own and by being disabled still, and the next call finishes it.

mod reset;

pub use reset::{Reset, can_reset, reset};

use super::change::{self, Making, Marks, Word};
use crate::{
    Permit,
    failure::{Code, Failure},
    host::{Account, Answer, Host, Service, ServiceName},
    operations::service,
    plan::Evidence,
    values::{AccountName, Secret, SecretRef},
};

fn marks() -> Marks {
    Marks::of("by hand")
}

/// Takes a password that the program made, before the directory learns of it. Where it fails, nothing is set.
pub type Keep<'a> = dyn Fn(&Secret) -> Answer<()> + Sync + 'a;

/// A new password.
pub struct NewPassword<'a> {
    /// The secret that it is, or will be.
    pub secret: &'a SecretRef,
    /// Called with a password that the program makes; `None` for one that was given.
    pub keep: Option<&'a Keep<'a>>,
}

impl NewPassword<'_> {
    fn of<'a>(&'a self, account: &'a AccountName) -> Making<'a> {
        let keep = self.keep.unwrap_or(&|_| Ok(()));
        Making { account, password: self.secret, generate: self.keep.is_some(), keep }
    }
}

/// An account and how it stands.
///
/// # Errors
/// [`Code::AccountNotFound`], [`Code::Directory`].
pub async fn look(host: &dyn Host, name: &AccountName) -> Answer<(Account, Vec<Evidence>)> {
    let account = existing(Word::Any, host, name).await?;
    let evidence = change::shown(&account);
    Ok((account, evidence))
}

async fn existing(word: Word, host: &dyn Host, name: &AccountName) -> Answer<Account> {
    word.account(host, name).await?.ok_or_else(|| {
        Failure::new(Code::AccountNotFound, format!("there is no account {name}"))
            .hint("`mailsec account create` makes one")
    })
}

/// What [`create`] would begin with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beginning {
    /// There is no account of that name.
    Nothing,
    /// One that an earlier call left half made.
    HalfMade,
}

/// Looks whether an account can be created.
///
/// # Errors
/// [`Code::AccountExists`] for any other account of that name, whoever made it; [`Code::AccountIsAdmin`] for one that
/// became an administrator while it was half made; [`Code::Directory`].
pub async fn can_create(host: &dyn Host, name: &AccountName) -> Answer<Beginning> {
    match Word::OfChanges.account(host, name).await? {
        None => Ok(Beginning::Nothing),
        Some(found) if found.description == marks().unfinished && !found.enabled => {
            found.standard_user().map_err(|failure| {
                failure.hint("it was left half made, and is disabled: delete it, or choose another name")
            })?;
            Ok(Beginning::HalfMade)
        }
        Some(found) => Err(Failure::new(Code::AccountExists, format!("{name} exists already"))
            .expected("no account of that name")
            .found(format!("one described as {:?}", found.description))
            .hint("choose another name; `mailsec account check` says whether this one is fit, `account reset` gives \
                   it another password")),
    }
}

/// Creates a standard user that never expires, reads it back and proves its password.
///
/// # Errors
/// As [`can_create`], and [`Code::PasswordPolicy`], [`Code::AccessDenied`]; [`Code::AccountUnproven`] when it is made, and
/// what it is, or its password, could not be verified.
pub async fn create(
    host: &dyn Host,
    permit: &Permit,
    name: &AccountName,
    password: &NewPassword<'_>,
) -> Answer<Vec<Evidence>> {
    can_create(host, name).await?;
    let making = password.of(name);
    if let Err(failure) = change::create(host, permit, &marks(), &making).await {
        return Err(match can_create(host, name).await {
            Ok(Beginning::HalfMade) => left_half_made(name, failure),
            _ => failure,
        });
    }
    let account = change::finished(host, &making).await.map_err(|failure| {
        Failure::new(Code::AccountUnproven, format!("{name} was created and enabled, and is not proven"))
            .found(failure.to_string())
            .hint("`mailsec account check --log-on` looks at it again")
    })?;
    let mut evidence = change::shown(&account);
    evidence.push(proven(name));
    Ok(evidence)
}

/// A failure that says what stays in the directory. A password that was made is in its file by then.
fn left_half_made(name: &AccountName, failure: Failure) -> Failure {
    let with = match failure.code {
        Code::PasswordPolicy => "with another password",
        _ => "with the same password",
    };
    let left =
        format!("{name} is there now, half made and disabled: `mailsec account create` {with} finishes it");
    let hint = failure.hint.clone().map_or_else(|| left.clone(), |hint| format!("{hint}; {left}"));
    failure.hint(hint)
}

fn proven(name: &AccountName) -> Evidence {
    Evidence::new(format!("log-on as {name}"), "accepted by the directory")
}

/// Proves a password.
///
/// # Errors
/// [`Code::PasswordWrong`], [`Code::AccountUnfit`], [`Code::SecretMissing`].
pub async fn prove(host: &dyn Host, name: &AccountName, password: &SecretRef) -> Answer<Evidence> {
    Word::Any.prove(host, name, password).await.map_err(|failure| match failure.code {
        Code::PasswordWrong => failure.hint("`mailsec account reset` gives it another one"),
        _ => failure,
    })
}

/// A service that can be given another log-on by hand.
///
/// # Errors
/// [`Code::ServiceNotFound`], [`Code::BadArgument`] for Exchange's own transport service, which logs on with no account
/// of a domain and whose restart holds mail.
pub async fn service_to_change(host: &dyn Host, name: &ServiceName) -> Answer<Service> {
    if service::is_transport(name) {
        return Err(Failure::new(Code::BadArgument, format!("{name} is not a service of a product"))
            .expected("the product's service that logs on with the account")
            .found(name.to_string()));
    }
    host.services().get(name).await?.ok_or_else(|| {
        Failure::new(Code::ServiceNotFound, format!("there is no service {name}"))
            .expected("the short name of a service")
            .hint("`mailsec detect` shows the product's services")
    })
}

/// The services of this server that log on with an account.
///
/// # Errors
/// When they cannot be read.
pub async fn services_of(host: &dyn Host, account: &AccountName) -> Answer<Vec<ServiceName>> {
    let users = super::reset::logged_on_as(host, account).await?;
    Ok(users.into_iter().map(|service| service.name).collect())
}
