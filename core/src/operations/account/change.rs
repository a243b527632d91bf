//! What is done to accounts, whoever asks for it: a step of a plan, or a person by hand.

use super::by_hand::Keep;
use crate::{
    Permit,
    failure::{Code, Failure},
    host::{Account, Answer, Credentials, Host},
    operations::context::missing_secret,
    plan::Evidence,
    values::{AccountName, Secret, SecretRef},
};

/// A new password for an account.
pub(super) struct Making<'a> {
    /// Whose.
    pub(super) account: &'a AccountName,
    /// The secret that it is, or will be.
    pub(super) password: &'a SecretRef,
    /// Whether the program makes it, unless the secret is there already.
    pub(super) generate: bool,
    /// Called before the directory learns of it: a password that nobody kept locks everybody out.
    pub(super) keep: &'a Keep<'a>,
}

pub(super) async fn existing(host: &dyn Host, name: &AccountName) -> Answer<Account> {
    host.directory().account(name).await?.ok_or_else(|| {
        Failure::new(Code::AccountNotFound, format!("there is no account {name}"))
            .expected(name.to_string())
            .hint("plan with --create-account to have it created")
    })
}

/// How an account stands, for the report.
pub(super) fn shown(account: &Account) -> Vec<Evidence> {
    let computed = account.password_expiry.map_or_else(String::new, |expiry| {
        format!(", password expires by the directory's own reckoning: {expiry}")
    });
    let groups: Vec<String> = account.memberships.iter().map(|m| m.through.join(" > ")).collect();
    vec![
        Evidence::new(
            format!("account {}", account.name),
            format!(
                "enabled {}, password never expires {}, account never expires {}{computed}",
                account.enabled, account.password_never_expires, account.account_never_expires
            ),
        ),
        Evidence::new(format!("groups of {}", account.name), groups.join("; ")),
    ]
}

pub(super) async fn secret(host: &dyn Host, name: &SecretRef) -> Answer<Secret> {
    host.secrets().get(name).await?.ok_or_else(|| missing_secret(name))
}

/// Whether the directory takes the secret for the account's password; not when nobody gave it.
pub(super) async fn password_works(
    host: &dyn Host,
    account: &AccountName,
    password: &SecretRef,
) -> Answer<bool> {
    Ok(match host.secrets().get(password).await? {
        Some(password) => host.directory().try_credentials(account, &password).await? == Credentials::Valid,
        None => false,
    })
}

/// Makes the account in the order that leaves nothing open on the way - disabled, its password, enabled - and goes on
/// with one that carries `mark`. Reads every property back and proves the password.
pub(super) async fn create(
    host: &dyn Host,
    permit: &Permit,
    mark: &str,
    making: &Making<'_>,
) -> Answer<Account> {
    let directory = host.directory();
    match directory.account(making.account).await? {
        None => directory.create_disabled(permit, making.account, mark).await?,
        Some(found) if found.description == mark => {}
        Some(found) => {
            return Err(Failure::new(Code::AccountExists, format!("{} exists already", making.account))
                .expected("no account of that name")
                .found(format!("one described as {:?}", found.description))
                .hint("choose another name, or plan with --account to use this one"));
        }
    }
    set_password(host, permit, making).await?;
    directory.enable_never_expiring(permit, making.account).await?;
    let account = existing(host, making.account).await?;
    account.fit_for_service()?;
    prove(host, making.account, making.password).await?;
    Ok(account)
}

pub(super) async fn set_password(host: &dyn Host, permit: &Permit, making: &Making<'_>) -> Answer<()> {
    if making.generate && host.secrets().get(making.password).await?.is_none() {
        host.directory().generate_password(permit, making.account, making.password).await?;
    }
    let value = secret(host, making.password).await?;
    (making.keep)(&value)?;
    host.directory().set_password(permit, making.account, &value).await
}

/// Tries the credentials; anything but success is a failure that says what is wrong.
pub(super) async fn prove(host: &dyn Host, account: &AccountName, password: &SecretRef) -> Answer<Evidence> {
    let value = secret(host, password).await?;
    let tried = host.directory().try_credentials(account, &value).await?;
    tried.accepted(account).map_err(|failure| match failure.code {
        Code::PasswordWrong => failure.hint(
            "each try counts towards a lock-out; if nobody knows the password, roll back and plan again with \
             --reset-password",
        ),
        _ => failure,
    })?;
    Ok(Evidence::new(format!("log-on as {account}"), "accepted by the directory"))
}
