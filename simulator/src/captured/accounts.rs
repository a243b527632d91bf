//! The directory: accounts that were seen with their groups, and those with which services log on.

use super::{Building, secrets::PRESENT};
use crate::world::directory::{SimGroup, SimUser};
use mailsec_core::{
    host::{Account, Rank},
    product::{Fact, FactQuery},
    values::AccountName,
};

/// The group of every user, where none was seen.
const USERS: &str = "Domain Users";

impl Building<'_> {
    pub(super) fn accounts(&mut self) {
        let seen: Vec<(AccountName, Option<Account>)> = self
            .facts
            .iter()
            .filter_map(|(query, fact)| match (query, fact) {
                (FactQuery::Account(name), Fact::Account(account)) => Some((name.clone(), account.clone())),
                _ => None,
            })
            .collect();
        let logs_on: Vec<AccountName> = self
            .world
            .services
            .values()
            .filter_map(|service| AccountName::parse(&service.account).ok())
            .collect();
        let planned = self.planned_account().map(|(_, account)| account.clone());
        let own = self.installation.services.iter().find_map(|s| AccountName::parse(&s.account).ok());
        let named = planned.or(own).or_else(|| seen.first().map(|(name, _)| name.clone()));
        if let Some(name) = named {
            name.domain().clone_into(&mut self.world.directory.domain);
        }
        let directory = &mut self.world.directory;
        directory.users.clear();
        directory.groups.clear();
        directory.add_group(USERS, "S-1-5-21-1-1-1-513", Rank::Plain, &[]);
        for (_, account) in &seen {
            if let Some(account) = account {
                self.account(account);
            }
        }
        for name in logs_on {
            let in_domain = name.domain().eq_ignore_ascii_case(&self.world.directory.domain);
            let known = seen.iter().any(|(other, _)| other.user().eq_ignore_ascii_case(name.user()));
            if in_domain && !known {
                self.assume(format!("{name}, which was not looked up, is a standard user"));
                self.user(SimUser::new(name.user()));
            }
        }
        self.log_on();
        self.assume("passwords are made up; those that you will give are taken to be right");
        self.assume("the domain takes passwords of 10 characters of three kinds");
    }

    fn account(&mut self, account: &Account) {
        let mut user = SimUser {
            enabled: account.enabled,
            locked: account.locked,
            password_never_expires: account.password_never_expires,
            account_never_expires: account.account_never_expires,
            description: account.description.clone(),
            ..SimUser::new(account.name.user())
        };
        for membership in &account.memberships {
            let groups = &mut self.world.directory.groups;
            let own = groups.entry(membership.group.to_ascii_lowercase()).or_insert_with(|| SimGroup {
                name: membership.group.clone(),
                sid: String::new(),
                rank: Rank::Plain,
                groups: Vec::new(),
            });
            own.sid.clone_from(&membership.sid);
            own.rank = membership.rank;
            match membership.through.as_slice() {
                [.., above, group] => {
                    if let Some(above) = groups.get_mut(&above.to_ascii_lowercase())
                        && !above.groups.contains(group)
                    {
                        above.groups.push(group.clone());
                    }
                }
                _ if membership.primary => user.primary.clone_from(&membership.group),
                _ => user.groups.push(membership.group.clone()),
            }
        }
        self.user(user);
    }

    fn user(&mut self, user: SimUser) {
        let key = user.name.to_ascii_lowercase();
        self.world.vault.directory.insert(key.clone(), PRESENT.to_owned());
        self.world.directory.users.insert(key, user);
    }

    /// Each service knows the password of its account.
    fn log_on(&mut self) {
        for (name, service) in &self.world.services {
            if let Ok(account) = AccountName::parse(&service.account)
                && account.domain().eq_ignore_ascii_case(&self.world.directory.domain)
            {
                self.world.vault.services.insert(name.to_string(), PRESENT.to_owned());
            }
        }
    }
}
