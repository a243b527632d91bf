//! What is read of an account.

use super::{
    members::{Group, WellKnown, memberships, primary_sid, well_known},
    session::{Session, bytes, texts},
};
use crate::sid::sid_text;
use ldap3::{SearchEntry, controls::RawControl, ldap_escape};
use mailsec_core::{
    Code, Failure,
    host::{Account, PasswordExpiry},
    values::{AccountName, Timestamp},
};

// Bits of userAccountControl (<https://learn.microsoft.com/windows/win32/adschema/a-useraccountcontrol>).
const DISABLED: u32 = 0x2;
const DONT_EXPIRE_PASSWORD: u32 = 0x1_0000;
/// Bit of `msDS-User-Account-Control-Computed`.
const LOCKED: u32 = 0x10;
/// SIDs in one question.
const AT_A_TIME: usize = 200;

/// What is read of an account besides its groups.
pub(super) struct Entry {
    pub(super) dn: String,
    entry: SearchEntry,
}

impl Entry {
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.entry.attrs.get(name)?.first().map(String::as_str)
    }

    fn number(&self, name: &str) -> Option<i64> {
        self.text(name)?.parse().ok()
    }

    fn flags(&self, name: &str) -> Option<u32> {
        // The directory writes a signed number.
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "32 bits by definition")]
        self.number(name).map(|number| number as u32)
    }

    pub(super) fn is_locked(&self) -> bool {
        self.flags("msDS-User-Account-Control-Computed").unwrap_or_default() & LOCKED != 0
    }

    /// When the password was set; an account has none when it is created.
    pub(super) fn password_set(&self) -> Option<Timestamp> {
        self.number("pwdLastSet").filter(|at| *at != 0).map(time)
    }
}

/// What `msDS-UserPasswordExpiryTimeComputed` says
/// (<https://learn.microsoft.com/windows/win32/adschema/a-msds-userpasswordexpirytimecomputed>).
fn expiry(computed: i64) -> PasswordExpiry {
    match computed {
        i64::MAX => PasswordExpiry::Never,
        0 => PasswordExpiry::MustChange,
        at => PasswordExpiry::At(time(at)),
    }
}

/// A time of Windows: tenths of microseconds since 1601.
fn time(at: i64) -> Timestamp {
    const EPOCH_MILLIS: i64 = 11_644_473_600_000;
    Timestamp::from_millis(at / 10_000 - EPOCH_MILLIS)
}

impl Session {
    pub(super) fn find(&mut self, name: &AccountName) -> Result<Option<Entry>, Failure> {
        let filter = format!("(&(objectClass=user)(sAMAccountName={}))", ldap_escape(name.user()));
        let base = self.config.base.clone();
        let attributes = [
            "userAccountControl",
            "msDS-User-Account-Control-Computed",
            "msDS-UserPasswordExpiryTimeComputed",
            "accountExpires",
            "pwdLastSet",
            "description",
            "primaryGroupID",
            "objectSid",
            "memberOf",
        ];
        let found = self.below(&base, &filter, &attributes)?;
        Ok(found.into_iter().next().map(|entry| Entry { dn: entry.dn.clone(), entry }))
    }

    pub(super) fn existing(&mut self, name: &AccountName) -> Result<Entry, Failure> {
        self.find(name)?.ok_or_else(|| {
            Failure::new(Code::AccountNotFound, format!("there is no account {name}"))
                .expected(self.config.base.clone())
        })
    }

    pub(super) fn account(&mut self, name: &AccountName) -> Result<Option<Account>, Failure> {
        let Some(found) = self.find(name)? else { return Ok(None) };
        // Computed by the directory, with nested and primary groups; only a search of the object itself has it
        // (<https://learn.microsoft.com/windows/win32/adschema/a-tokengroups>).
        let token = self.object(&found.dn, &["tokenGroups"], None)?;
        let sids: Vec<Vec<u8>> = token.map(|entry| bytes(&entry, "tokenGroups")).unwrap_or_default();
        let texts_of: Vec<String> = sids.iter().filter_map(|sid| sid_text(sid)).collect();
        if texts_of.is_empty() || texts_of.len() != sids.len() {
            // Every account has a primary group: an empty list means that we may not see it.
            return Err(Failure::new(Code::Directory, format!("the groups of {name} cannot be read"))
                .hint("the account that asks must be allowed to read tokenGroups (Windows Authorization Access Group)")
                .ask());
        }
        let groups = self.groups(&sids)?;
        let exchange = self.exchange_groups()?;
        let own_sid =
            bytes(&found.entry, "objectSid").first().and_then(|sid| sid_text(sid)).unwrap_or_default();
        let primary = primary_sid(&own_sid, found.text("primaryGroupID").unwrap_or_default());
        // What may not be read must not pass for a harmless value.
        let (Some(control), Some(expires), Some(computed)) = (
            found.flags("userAccountControl"),
            found.number("accountExpires"),
            found.number("msDS-UserPasswordExpiryTimeComputed"),
        ) else {
            return Err(Failure::new(Code::Directory, format!("the settings of {name} cannot be read"))
                .hint("give an account that may read users in the directory")
                .ask());
        };
        // Both mean never (<https://learn.microsoft.com/windows/win32/adschema/a-accountexpires>).
        let never = [0, i64::MAX].contains(&expires);
        Ok(Some(Account {
            name: name.clone(),
            enabled: control & DISABLED == 0,
            locked: found.is_locked(),
            password_never_expires: control & DONT_EXPIRE_PASSWORD != 0,
            password_expiry: Some(expiry(computed)),
            password_set: found.password_set(),
            account_never_expires: never,
            account_expiry: (!never).then(|| time(expires)),
            description: found.text("description").unwrap_or_default().to_owned(),
            memberships: memberships(
                &texts_of,
                &groups,
                &texts(&found.entry, "memberOf"),
                primary.as_deref(),
                &exchange,
            ),
        }))
    }

    fn groups(&mut self, sids: &[Vec<u8>]) -> Result<Vec<Group>, Failure> {
        let mut groups = Vec::new();
        let base = self.config.base.clone();
        for some in sids.chunks(AT_A_TIME) {
            let terms: String = some
                .iter()
                .map(|sid| {
                    format!("(objectSid={})", sid.iter().map(|b| format!("\\{b:02x}")).collect::<String>())
                })
                .collect();
            let attributes = ["objectSid", "sAMAccountName", "memberOf"];
            for entry in self.below(&base, &format!("(|{terms})"), &attributes)? {
                let sid =
                    bytes(&entry, "objectSid").first().and_then(|sid| sid_text(sid)).unwrap_or_default();
                let name =
                    texts(&entry, "sAMAccountName").into_iter().next().unwrap_or_else(|| entry.dn.clone());
                groups.push(Group { name, sid, member_of: texts(&entry, "memberOf"), dn: entry.dn });
            }
        }
        Ok(groups)
    }

    /// The SIDs of Exchange's role groups, by the list that Exchange keeps of them: they can be renamed, moved and
    /// translated. Empty where there is no Exchange in this forest.
    fn exchange_groups(&mut self) -> Result<Vec<String>, Failure> {
        let root = self.object("", &["configurationNamingContext"], None)?;
        let context = root.map(|entry| texts(&entry, "configurationNamingContext")).unwrap_or_default();
        let context = context.into_iter().next().ok_or_else(|| {
            Failure::new(Code::Directory, "the directory does not say where its configuration is").retry()
        })?;
        let base = format!("CN=Microsoft Exchange,CN=Services,{context}");
        // The groups lie in the root domain of the forest, which need not be ours: with this control their names come with
        // their SIDs, which every controller of the forest has ([MS-ADTS] 3.1.1.3.4.1.5, the value is SEQUENCE {1}).
        let with_sids = RawControl {
            ctype: "1.2.840.113556.1.4.529".to_owned(),
            crit: true,
            val: Some(vec![0x30, 3, 2, 1, 1]),
        };
        let found = self.object(&base, &["otherWellKnownObjects"], Some(with_sids))?;
        let values = found.map(|entry| texts(&entry, "otherWellKnownObjects")).unwrap_or_default();
        let mut sids = Vec::new();
        for value in values {
            match well_known(&value) {
                WellKnown::Sid(sid) => sids.push(sid),
                WellKnown::Deleted => {}
                WellKnown::Unreadable => {
                    return Err(Failure::new(
                        Code::Directory,
                        "Exchange's list of its groups cannot be read",
                    )
                    .expected("names of groups with their SIDs")
                    .found(value)
                    .ask());
                }
            }
        }
        Ok(sids)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_of_windows_becomes_one_of_ours() {
        assert_eq!(expiry(i64::MAX), PasswordExpiry::Never);
        assert_eq!(expiry(0), PasswordExpiry::MustChange);
        // 2026-11-21T22:00:00Z
        let at = Timestamp::from_millis(1_795_298_400_000);
        assert_eq!(expiry((1_795_298_400_000 + 11_644_473_600_000) * 10_000), PasswordExpiry::At(at));
    }
}
