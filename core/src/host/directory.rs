//! The directory: service accounts and what they are members of.

use super::Answer;
use crate::{
    Permit,
    failure::{Code, Failure},
    planted::planted,
    values::{AccountName, Secret, SecretRef, Timestamp},
};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use std::fmt;

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

/// When an account's password expires, as the directory itself computes it (`msDS-UserPasswordExpiryTimeComputed`) from
/// the account's flags and the policy that holds for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PasswordExpiry {
    /// Never.
    Never,
    /// It must be changed before it can be used.
    MustChange,
    /// At this time.
    At(Timestamp),
}

impl fmt::Display for PasswordExpiry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Never => write!(f, "never"),
            Self::MustChange => write!(f, "must be changed first"),
            Self::At(at) => write!(f, "{at}"),
        }
    }
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
    /// What the directory computes; `None` where an older version of this program wrote the account down.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password_expiry: Option<PasswordExpiry>,
    /// When its password was set last (`pwdLastSet`); `None` when it has none, or must change it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password_set: Option<Timestamp>,
    /// `accountExpires` is 0 or 0x7FFFFFFFFFFFFFFF.
    pub account_never_expires: bool,
    /// When the account itself expires; `None` for never, and where an older version of this program wrote it down.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_expiry: Option<Timestamp>,
    /// Free text; creation leaves the upgrade's id here, so that a resumed run knows its own account, and whether it is
    /// finished.
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

    /// Refuses an administrator.
    ///
    /// # Errors
    /// [`Code::AccountIsAdmin`] with the chain that makes it one.
    pub fn standard_user(&self) -> Answer<()> {
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
        Ok(())
    }

    /// Refuses an administrator, and an account that cannot log on or will expire.
    ///
    /// # Errors
    /// As [`Account::standard_user`], and [`Code::AccountUnfit`].
    pub fn fit_for_service(&self) -> Answer<()> {
        self.standard_user()?;
        let mut wrong = Vec::new();
        if !self.enabled {
            wrong.push("disabled");
        }
        if self.locked {
            wrong.push("locked out");
        }
        match self.password_expiry {
            Some(PasswordExpiry::MustChange) => wrong.push("its password must be changed first"),
            None | Some(PasswordExpiry::Never) if self.password_never_expires => {}
            // The flag is not believed where the directory computes otherwise.
            _ => wrong.push("its password expires"),
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

impl Credentials {
    /// What a refused log-on means, by the sub-code that Active Directory gives as its reason: a Windows error code in
    /// hex. `None` for one that says nothing of the name and the password.
    #[must_use]
    pub fn of_sub_code(code: &str) -> Option<Self> {
        let unfit = |why: &str| Some(Self::AccountUnfit(format!("{why} ({code})")));
        let expired = |why: &str| Some(Self::PasswordUnfit(format!("{why} ({code})")));
        match code {
            "52e" => Some(Self::WrongPassword),
            "530" => unfit("it may not log on at this time"),
            "531" => unfit("it may not log on at this server"),
            "533" => unfit("it is disabled"),
            "701" => unfit("it has expired"),
            "775" => unfit("it is locked"),
            "532" => expired("it has expired"),
            "773" => expired("it must be changed first"),
            _ => None,
        }
    }

    /// Refuses all but credentials that work.
    ///
    /// # Errors
    /// [`Code::PasswordWrong`], [`Code::AccountUnfit`]: with what the directory said.
    pub fn accepted(self, account: &AccountName) -> Answer<()> {
        let failure = match self {
            Self::Valid => return Ok(()),
            Self::WrongPassword => {
                Failure::new(Code::PasswordWrong, format!("the password of {account} is wrong"))
            }
            Self::AccountUnfit(why) => {
                Failure::new(Code::AccountUnfit, format!("{account} cannot log on")).found(why)
            }
            Self::PasswordUnfit(why) => {
                Failure::new(Code::AccountUnfit, format!("{account} must change its password first"))
                    .found(why)
            }
        };
        Err(failure.expected("a name and a password that the directory accepts").ask())
    }
}

/// The directory in which the service account lives.
#[cfg_attr(feature = "testing", mockall::automock)]
#[async_trait]
pub trait Directory: Send + Sync {
    /// Looks an account up; `None` when there is none of that name.
    ///
    /// While the controller that takes changes is away, another may answer, which need not know of the last ones: what it
    /// does not have proves nothing of what was changed.
    async fn account(&self, name: &AccountName) -> Answer<Option<Account>>;

    /// As [`account`](Self::account), by the controller alone that takes changes: the one to ask before and after a change.
    /// While it is away this is a failure to be retried.
    async fn account_where_changed(&self, name: &AccountName) -> Answer<Option<Account>>;

    /// Tries the name and the password, without leaving anything behind. Any controller may answer, as for
    /// [`account`](Self::account).
    async fn try_credentials(&self, name: &AccountName, password: &Secret) -> Answer<Credentials>;

    /// As [`try_credentials`](Self::try_credentials), at the controller alone that takes changes.
    async fn try_credentials_where_changed(
        &self,
        name: &AccountName,
        password: &Secret,
    ) -> Answer<Credentials>;

    /// Creates a standard user, *disabled*, without a password, with `description`.
    ///
    /// An account of that name is an error ([`Code::AccountExists`](crate::Code::AccountExists)), whoever made it.
    async fn create_disabled(&self, permit: &Permit, name: &AccountName, description: &str) -> Answer<()>;

    /// Resets the password (`unicodePwd`, over an encrypted connection), and unlocks an account that is locked out: the
    /// wrong passwords that locked it are the usual reason for a reset.
    async fn set_password(&self, permit: &Permit, name: &AccountName, password: &Secret) -> Answer<()>;

    /// Enables the account and sets "password never expires", "account never expires" and its description: all of it or
    /// nothing. One without a password stays as it is.
    async fn enable_never_expiring(
        &self,
        permit: &Permit,
        name: &AccountName,
        description: &str,
    ) -> Answer<()>;

    /// Deletes an account whose description is `description` still; any other is left alone and is an error. One that is
    /// not there is none.
    async fn delete(&self, permit: &Permit, name: &AccountName, description: &str) -> Answer<()>;

    /// Makes a password that fits the policy that holds for `account` and keeps it under `secret` in the secret store, where
    /// [`Secrets::get`](super::Secrets::get) finds it from now on: after a crash and a restart, too. It is durable when
    /// this returns, as nobody could know a password that was set and then lost.
    async fn generate_password(
        &self,
        permit: &Permit,
        account: &AccountName,
        secret: &SecretRef,
    ) -> Answer<()>;
}
