//! The directory: service accounts and what they are members of.

use super::Answer;
use crate::{
    Permit,
    failure::{Code, Failure},
    planted::planted,
    values::{AccountName, Secret, SecretRef},
};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};

/// Why a group makes its members administrators for our purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rank {
    /// Domain Admins, Enterprise Admins, Schema Admins, the built-in Administrators (by SID, not by name).
    DomainAdmin,
    /// An Exchange role group that administers (found through `otherWellKnownObjects`, not by name).
    ExchangeAdmin,
    /// Any other group.
    Plain,
}

/// One group whose rights an account has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Membership {
    /// The group's name, as the directory shows it.
    pub group: String,
    /// The group's SID in its text form (`S-1-5-21-...-512`).
    pub sid: String,
    /// What the group makes of its members.
    pub rank: Rank,
    /// The chain that leads there: the account's own group first, this group last; one entry when direct.
    pub through: Vec<String>,
    /// Whether the first link is the account's *primary* group, which `memberOf` does not show.
    #[serde(default)]
    pub primary: bool,
}

/// An account as the directory has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Its name.
    pub name: AccountName,
    /// Whether it can log on at all.
    pub enabled: bool,
    /// Whether it is locked out now.
    #[serde(default)]
    pub locked: bool,
    /// `DONT_EXPIRE_PASSWORD` is set.
    pub password_never_expires: bool,
    /// `accountExpires` is 0 or 0x7FFFFFFFFFFFFFFF.
    pub account_never_expires: bool,
    /// Free text; creation leaves the upgrade's id here, so that a resumed run knows its own account.
    #[serde(default)]
    pub description: String,
    /// Every group whose rights the account has: nested and primary groups included.
    pub memberships: Vec<Membership>,
}

impl Account {
    /// The groups that make it an administrator, Exchange's included.
    pub fn administrator_through(&self) -> impl Iterator<Item = &Membership> {
        self.memberships.iter().filter(|membership| membership.rank != Rank::Plain)
    }

    /// Refuses an administrator, and an account that cannot log on or will expire.
    ///
    /// # Errors
    /// [`Code::AccountIsAdmin`] with the chain that makes it one, [`Code::AccountUnfit`].
    pub fn fit_for_service(&self) -> Answer<()> {
        let admin: Vec<String> = self
            .administrator_through()
            .map(|m| {
                let how = if m.primary { " (primary group)" } else { "" };
                format!("{}{how}", m.through.join(" > "))
            })
            .collect();
        if !admin.is_empty() && !planted!(RankNotLookedAt) {
            return Err(Failure::new(
                Code::AccountIsAdmin,
                format!("{} has administrator rights", self.name),
            )
            .expected("a standard domain user, neither Domain Admin nor Exchange administrator")
            .found(format!("member through {}", admin.join("; ")))
            .hint(
                "plan again with --create-account DOMAIN\\name, which makes a standard user for the service",
            ));
        }
        let mut wrong = Vec::new();
        if !self.enabled {
            wrong.push("disabled");
        }
        if self.locked {
            wrong.push("locked out");
        }
        if !self.password_never_expires {
            wrong.push("its password expires");
        }
        if !self.account_never_expires {
            wrong.push("the account expires");
        }
        if wrong.is_empty() {
            return Ok(());
        }
        Err(Failure::new(Code::AccountUnfit, format!("{} is not fit for a service", self.name))
            .expected("enabled, password never expires, account never expires")
            .found(wrong.join(", "))
            .hint("correct it in the directory, or plan with --create-account"))
    }
}

/// What the directory says of a name and a password.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Credentials {
    /// They work.
    Valid,
    /// The password is wrong (sub-code 52e).
    WrongPassword,
    /// The account cannot log on: disabled (533), expired (701), locked (775).
    AccountUnfit(String),
    /// The password must be changed first (773) or has expired (532).
    PasswordUnfit(String),
}

/// The directory in which the service account lives.
#[cfg_attr(feature = "testing", mockall::automock)]
#[async_trait]
pub trait Directory: Send + Sync {
    /// Looks an account up; `None` when there is none of that name.
    async fn account(&self, name: &AccountName) -> Answer<Option<Account>>;

    /// Tries the name and the password, without leaving anything behind.
    async fn try_credentials(&self, name: &AccountName, password: &Secret) -> Answer<Credentials>;

    /// Creates a standard user, *disabled*, without a password, with `description`.
    ///
    /// An account of that name is an error ([`Code::AccountExists`](crate::Code::AccountExists)), whoever made it.
    async fn create_disabled(&self, permit: &Permit, name: &AccountName, description: &str) -> Answer<()>;

    /// Resets the password (`unicodePwd`, over an encrypted connection).
    async fn set_password(&self, permit: &Permit, name: &AccountName, password: &Secret) -> Answer<()>;

    /// Enables the account and sets "password never expires" and "account never expires".
    async fn enable_never_expiring(&self, permit: &Permit, name: &AccountName) -> Answer<()>;

    /// Deletes an account whose description is `description` still; any other is left alone and is an error.
    async fn delete(&self, permit: &Permit, name: &AccountName, description: &str) -> Answer<()>;

    /// Makes a password that fits the domain's policy and keeps it under `secret` in the secret store, where
    /// [`Secrets::get`](super::Secrets::get) finds it from now on: after a crash and a restart, too. It is durable when
    /// this returns, as nobody could know a password that was set and then lost.
    async fn generate_password(&self, permit: &Permit, secret: &SecretRef) -> Answer<()>;
}
