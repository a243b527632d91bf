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

/// Whose word is taken for an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Word {
    /// Any controller's.
    Any,
    /// That of the controller which takes changes: about what was changed, or is about to be.
    OfChanges,
}

impl Word {
    pub(super) async fn account(self, host: &dyn Host, name: &AccountName) -> Answer<Option<Account>> {
        match self {
            Self::Any => host.directory().account(name).await,
            Self::OfChanges => host.directory().account_where_changed(name).await,
        }
    }

    pub(super) async fn existing(self, host: &dyn Host, name: &AccountName) -> Answer<Account> {
        self.account(host, name).await?.ok_or_else(|| {
            Failure::new(Code::AccountNotFound, format!("there is no account {name}"))
                .expected(name.to_string())
                .hint("plan with --create-account to have it created")
        })
    }

    /// Tries the credentials; anything but success is a failure that says what is wrong.
    pub(super) async fn prove(
        self,
        host: &dyn Host,
        account: &AccountName,
        password: &SecretRef,
    ) -> Answer<Evidence> {
        let value = secret(host, password).await?;
        let tried = match self {
            Self::Any => host.directory().try_credentials(account, &value).await?,
            Self::OfChanges => host.directory().try_credentials_where_changed(account, &value).await?,
        };
        tried.accepted(account).map_err(|failure| match failure.code {
            Code::PasswordWrong => failure.hint(
                "each try counts towards a lock-out; if nobody knows the password, roll back and plan again with \
                 --reset-password",
            ),
            _ => failure,
        })?;
        Ok(Evidence::new(format!("log-on as {account}"), "accepted by the directory"))
    }
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
        Some(password) => {
            let tried = host.directory().try_credentials_where_changed(account, &password).await?;
            tried == Credentials::Valid
        }
        None => false,
    })
}

/// How an account is described while it is made, and from the change on that enables it. Only what is unfinished is gone
/// on with: the other description stays with an account for ever, long after somebody has disabled it for good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Marks {
    pub(super) unfinished: String,
    pub(super) finished: String,
}

impl Marks {
    /// By whom it is made: `upgrade ID`, or `by hand`.
    pub(super) fn of(maker: &str) -> Self {
        Self {
            unfinished: format!("being made by mailsec, {maker}"),
            finished: format!("made by mailsec, {maker}"),
        }
    }
}

/// Makes the account in the order that leaves nothing open on the way - disabled, its password, enabled - or finishes one
/// that was left unfinished. Nobody who became an administrator meanwhile is given a password.
pub(super) async fn create(
    host: &dyn Host,
    permit: &Permit,
    marks: &Marks,
    making: &Making<'_>,
) -> Answer<()> {
    let directory = host.directory();
    let found = match directory.account_where_changed(making.account).await? {
        None => {
            directory.create_disabled(permit, making.account, &marks.unfinished).await?;
            Word::OfChanges.existing(host, making.account).await?
        }
        Some(found) => found,
    };
    if found.description != marks.unfinished {
        return Err(Failure::new(Code::AccountExists, format!("{} exists already", making.account))
            .expected("no account of that name")
            .found(format!("one described as {:?}", found.description))
            .hint("choose another name, or plan with --account to use this one"));
    }
    found.standard_user()?;
    set_password(host, permit, making).await?;
    directory.enable_never_expiring(permit, making.account, &marks.finished).await
}

/// Reads every property of a finished account back and proves its password.
pub(super) async fn finished(host: &dyn Host, making: &Making<'_>) -> Answer<Account> {
    let account = Word::OfChanges.existing(host, making.account).await?;
    account.fit_for_service()?;
    Word::OfChanges.prove(host, making.account, making.password).await?;
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
