//! The directory: users, groups, and what is a member of what.

use super::World;
use mailsec_core::{
    Code, Failure,
    host::{Account, Answer, Credentials, Membership, PasswordExpiry, Rank},
    values::{AccountName, Timestamp},
};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    time::Duration,
};

/// The domain's administrators, in every world.
const ADMINS: &str = "Domain Admins";
/// What the security log calls a member that was added to a global group:
/// <https://learn.microsoft.com/windows/security/threat-protection/auditing/audit-security-group-management>.
pub const MEMBER_ADDED: u32 = 4_728;

/// A user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SimUser {
    /// Logon name.
    pub name: String,
    /// Whether it can log on.
    pub enabled: bool,
    /// Whether it is locked out.
    pub locked: bool,
    /// Its password never expires.
    pub password_never_expires: bool,
    /// It never expires itself.
    pub account_never_expires: bool,
    /// When its password was set last, if that was since the world began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password_set: Option<Timestamp>,
    /// Free text.
    pub description: String,
    /// Groups whose list of members names it.
    pub groups: Vec<String>,
    /// Its primary group, which no list shows.
    pub primary: String,
}

impl SimUser {
    /// A standard user that never expires.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            enabled: true,
            locked: false,
            password_never_expires: true,
            account_never_expires: true,
            password_set: None,
            description: String::new(),
            groups: Vec::new(),
            primary: "Domain Users".to_owned(),
        }
    }
}

/// A group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SimGroup {
    /// Name.
    pub name: String,
    /// SID.
    pub sid: String,
    /// What it makes of its members.
    pub rank: Rank,
    /// Groups that it is itself a member of.
    pub groups: Vec<String>,
}

/// A domain.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SimDirectory {
    /// NetBIOS name.
    pub domain: String,
    /// Users by logon name in lower case.
    pub users: BTreeMap<String, SimUser>,
    /// Groups by name in lower case.
    pub groups: BTreeMap<String, SimGroup>,
    /// Shortest password that the policy takes.
    pub min_length: usize,
    /// Passwords must mix three of four kinds of characters.
    pub complex: bool,
    /// No domain controller answers.
    pub unreachable: bool,
}

fn key(name: &str) -> String {
    name.to_ascii_lowercase()
}

impl SimDirectory {
    /// Adds a group; the groups that it is a member of may come later.
    pub fn add_group(&mut self, name: &str, sid: &str, rank: Rank, member_of: &[&str]) {
        let groups = member_of.iter().map(|&group| group.to_owned()).collect();
        let group = SimGroup { name: name.to_owned(), sid: sid.to_owned(), rank, groups };
        self.groups.insert(key(name), group);
    }

    /// Every group whose rights a user has, nearest first; loops are walked once.
    #[must_use]
    pub fn memberships(&self, user: &SimUser) -> Vec<Membership> {
        let direct = user.groups.iter().map(|group| (group, false));
        let mut queue: VecDeque<(Vec<String>, bool)> = std::iter::once((&user.primary, true))
            .chain(direct)
            .map(|(group, primary)| (vec![group.clone()], primary))
            .collect();
        let mut seen = BTreeSet::new();
        let mut found = Vec::new();
        while let Some((through, primary)) = queue.pop_front() {
            let Some(group) = through.last().and_then(|last| self.groups.get(&key(last))) else { continue };
            if !seen.insert(key(&group.name)) {
                continue;
            }
            for next in &group.groups {
                let mut chain = through.clone();
                chain.push(next.clone());
                queue.push_back((chain, primary));
            }
            let (group, sid, rank) = (group.name.clone(), group.sid.clone(), group.rank);
            found.push(Membership { group, sid, rank, through, primary });
        }
        found
    }

    fn fits_policy(&self, password: &str) -> bool {
        let kinds: [fn(char) -> bool; 4] = [
            |c| c.is_ascii_lowercase(),
            |c| c.is_ascii_uppercase(),
            |c| c.is_ascii_digit(),
            |c| !c.is_ascii_alphanumeric(),
        ];
        let mixed = kinds.into_iter().filter(|&kind| password.chars().any(kind)).count();
        password.chars().count() >= self.min_length && (!self.complex || mixed >= 3)
    }
}

impl World {
    /// The directory, when it answers for this domain.
    fn domain(&self, name: &AccountName) -> Answer<&SimDirectory> {
        if self.directory.unreachable {
            return Err(Failure::new(Code::Directory, "no domain controller answers").retry());
        }
        if !self.directory.domain.eq_ignore_ascii_case(name.domain()) {
            let text = format!("{} is not a domain that this server knows", name.domain());
            return Err(Failure::new(Code::Directory, text).expected(&self.directory.domain));
        }
        Ok(&self.directory)
    }

    fn user_mut(&mut self, name: &AccountName) -> Answer<&mut SimUser> {
        self.domain(name)?;
        self.directory.users.get_mut(&key(name.user())).ok_or_else(|| no_account(name))
    }

    /// An account as the directory has it.
    ///
    /// # Errors
    /// [`Code::Directory`].
    pub fn account(&self, name: &AccountName) -> Answer<Option<Account>> {
        let directory = self.domain(name)?;
        let Some(user) = directory.users.get(&key(name.user())) else { return Ok(None) };
        let shown = AccountName::parse(&format!("{}\\{}", directory.domain, user.name))?;
        Ok(Some(Account {
            name: shown,
            enabled: user.enabled,
            locked: user.locked,
            password_never_expires: user.password_never_expires,
            password_expiry: Some(if user.password_never_expires {
                PasswordExpiry::Never
            } else {
                PasswordExpiry::At(self.now.after(Duration::from_secs(42 * 86_400)))
            }),
            // The domain is older than the world.
            password_set: self
                .vault
                .directory
                .get(&key(name.user()))
                .map(|_| user.password_set.unwrap_or(Timestamp::from_millis(0))),
            account_never_expires: user.account_never_expires,
            account_expiry: None,
            description: user.description.clone(),
            memberships: directory.memberships(user),
        }))
    }

    /// Whether a password works. What is wrong with the account is told only to who knows the password.
    ///
    /// # Errors
    /// [`Code::Directory`], [`Code::AccountNotFound`].
    pub fn credentials(&self, name: &AccountName, password: &str) -> Answer<Credentials> {
        let user = self.domain(name)?.users.get(&key(name.user())).ok_or_else(|| no_account(name))?;
        let known = self.vault.directory.get(&key(name.user()));
        let refused = if known.is_none_or(|known| known != password) {
            "52e"
        } else if !user.enabled {
            "533"
        } else if user.locked {
            "775"
        } else {
            return Ok(Credentials::Valid);
        };
        Ok(Credentials::of_sub_code(refused).unwrap_or(Credentials::WrongPassword))
    }

    pub(crate) fn create_disabled(&mut self, name: &AccountName, description: &str) -> Answer<()> {
        name.fit_for_new_user()?;
        if self.domain(name)?.users.contains_key(&key(name.user())) {
            return Err(Failure::new(Code::AccountExists, format!("{name} exists already")).ask());
        }
        let user = SimUser {
            enabled: false,
            password_never_expires: false,
            account_never_expires: false,
            description: description.to_owned(),
            ..SimUser::new(name.user())
        };
        self.directory.users.insert(key(name.user()), user);
        Ok(())
    }

    pub(crate) fn set_password(&mut self, name: &AccountName, password: &str) -> Answer<()> {
        self.user_mut(name)?;
        if !self.directory.fits_policy(password) {
            return Err(Failure::new(
                Code::PasswordPolicy,
                format!("the domain refused the password of {name}"),
            )
            .expected(format!("at least {} characters of three kinds", self.directory.min_length))
            .ask());
        }
        let now = self.now;
        let user = self.user_mut(name)?;
        user.locked = false;
        user.password_set = Some(now);
        self.vault.directory.insert(key(name.user()), password.to_owned());
        Ok(())
    }

    pub(crate) fn enable_never_expiring(&mut self, name: &AccountName, description: &str) -> Answer<()> {
        // Active Directory does not enable an account whose (missing) password breaks the policy.
        if self.user_mut(name).is_ok() && !self.vault.directory.contains_key(&key(name.user())) {
            return Err(Failure::new(
                Code::Directory,
                format!("{name} cannot be enabled without a password"),
            ));
        }
        let user = self.user_mut(name)?;
        (user.enabled, user.password_never_expires, user.account_never_expires) = (true, true, true);
        description.clone_into(&mut user.description);
        Ok(())
    }

    pub(crate) fn delete_account(&mut self, name: &AccountName, description: &str) -> Answer<()> {
        if !self.domain(name)?.users.contains_key(&key(name.user())) {
            return Ok(());
        }
        let user = self.user_mut(name)?;
        if user.description != description {
            return Err(Failure::new(Code::AccountExists, format!("{name} was not made by this upgrade"))
                .expected(description)
                .found(&user.description));
        }
        self.directory.users.remove(&key(name.user()));
        self.vault.directory.remove(&key(name.user()));
        Ok(())
    }

    /// Makes a password that fits the policy. Worlds have no randomness; its number makes it differ.
    pub(crate) fn generate_password(&mut self, account: &AccountName, secret: &str) -> Answer<()> {
        self.domain(account)?;
        let number = self.vault.generated.len() + self.events.len() + 1;
        let mut password = format!("Sim-{number:04}-{}-qW7", self.now.millis());
        while password.chars().count() < self.directory.min_length {
            password.push('x');
        }
        self.vault.generated.insert(secret.to_owned(), password);
        Ok(())
    }
}

impl World {
    /// Somebody puts an account into the domain's administrators; nothing where there is no such account.
    pub(crate) fn make_admin(&mut self, user: &str) {
        let Some(found) = self.directory.users.get_mut(&key(user)) else { return };
        if !found.groups.iter().any(|group| group == ADMINS) {
            found.groups.push(ADMINS.to_owned());
        }
        self.log(
            "Microsoft-Windows-Security-Auditing",
            MEMBER_ADDED,
            format!("{user} was added to {ADMINS}"),
        );
    }

    /// Memberships of those who were there are what they were.
    pub(super) fn mend_memberships(&mut self, before: &Self) {
        for (name, user) in &before.directory.users {
            let differs = |now: &SimUser| now.groups != user.groups;
            if self.directory.users.get(name).is_some_and(differs)
                && let Some(now) = self.directory.users.get_mut(name)
            {
                now.groups.clone_from(&user.groups);
            }
        }
    }
}

fn no_account(name: &AccountName) -> Failure {
    Failure::new(Code::AccountNotFound, format!("{name} does not exist"))
}
