//! What is changed of an account.

use super::session::{Session, texts};
use ldap3::{Mod, dn_escape};
use mailsec_core::{
    Code, Failure,
    values::{AccountName, Secret},
};
use std::collections::HashSet;
use zeroize::Zeroizing;

/// `NORMAL_ACCOUNT` and disabled.
const NEW_ACCOUNT: &str = "514";
/// `NORMAL_ACCOUNT` and `DONT_EXPIRE_PASSWORD`.
const ENABLED_NEVER_EXPIRING: &str = "66048";

fn set(attribute: &str, value: impl Into<Vec<u8>>) -> Mod<Vec<u8>> {
    Mod::Replace(attribute.as_bytes().to_vec(), HashSet::from([value.into()]))
}

impl Session {
    pub(super) fn create_disabled(&mut self, name: &AccountName, description: &str) -> Result<(), Failure> {
        name.fit_for_new_user()?;
        let dn = format!("CN={},{}", dn_escape(name.user()), self.config.container());
        let principal = format!("{}@{}", name.user(), self.config.dns_domain());
        let attributes = [
            ("objectClass", "user"),
            ("sAMAccountName", name.user()),
            ("userPrincipalName", &principal),
            ("description", description),
            ("userAccountControl", NEW_ACCOUNT),
        ];
        let attributes =
            attributes.map(|(attribute, value)| (attribute.to_owned(), HashSet::from([value.to_owned()])));
        self.add(&dn, attributes.into(), &format!("the creation of {name}"))
    }

    /// The password in quotes and UTF-16LE, replaced as an administrator does
    /// (<https://learn.microsoft.com/troubleshoot/windows-server/active-directory/change-windows-active-directory-user-password>).
    pub(super) fn set_password(&mut self, name: &AccountName, password: &Secret) -> Result<(), Failure> {
        let found = self.existing(name)?;
        let quoted = Zeroizing::new(format!("\"{}\"", password.expose()));
        let value: Vec<u8> = quoted.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let mut changes = vec![set("unicodePwd", value)];
        // Only where it is needed: who may reset passwords need not be allowed to unlock.
        if found.is_locked() {
            changes.push(set("lockoutTime", "0"));
        }
        self.modify(&found.dn, changes, &format!("the new password of {name}"))
    }

    /// In one request, so that an enabled account is never described as unfinished.
    pub(super) fn enable_never_expiring(
        &mut self,
        name: &AccountName,
        description: &str,
    ) -> Result<(), Failure> {
        let found = self.existing(name)?;
        if found.password_set().is_none() {
            // Active Directory refuses it where its policy asks for a password; where it asks for none, everybody could
            // log on.
            return Err(Failure::new(
                Code::Directory,
                format!("{name} cannot be enabled without a password"),
            ));
        }
        let changes = vec![
            set("userAccountControl", ENABLED_NEVER_EXPIRING),
            set("accountExpires", "0"),
            set("description", description),
        ];
        self.modify(&found.dn, changes, &format!("enabling {name}"))
    }

    pub(super) fn delete(&mut self, name: &AccountName, description: &str) -> Result<(), Failure> {
        let Some(found) = self.find(name)? else { return Ok(()) };
        let has = found.text("description").unwrap_or_default();
        if has != description {
            return Err(Failure::new(
                Code::AccountExists,
                format!("the account {name} was not made by this upgrade"),
            )
            .expected(format!("the description {description:?}"))
            .found(format!("{has:?}")));
        }
        self.remove(&found.dn, &format!("the deletion of {name}"))
    }

    /// The fewest characters that the password of an account may have: by the policy for it alone, where there is one that
    /// may be read, else by the domain's. Complexity needs no look: what is generated always has it.
    pub(super) fn shortest_password(&mut self, name: &AccountName) -> Result<usize, Failure> {
        let base = self.config.base.clone();
        let mut policies = vec![(base, "minPwdLength")];
        if let Some(found) = self.find(name)? {
            let of_account = self.object(&found.dn, &["msDS-ResultantPSO"], None)?;
            let dn = of_account.and_then(|entry| texts(&entry, "msDS-ResultantPSO").into_iter().next());
            // By default administrators alone may read what is in it; the domain's policy is read besides.
            policies.extend(dn.map(|dn| (dn, "msDS-MinimumPasswordLength")));
        }
        let mut shortest = None;
        for (dn, attribute) in policies {
            let entry = self.object(&dn, &[attribute], None)?;
            let read = entry.and_then(|entry| texts(&entry, attribute).first()?.parse::<usize>().ok());
            shortest = shortest.max(read);
        }
        shortest.ok_or_else(|| {
            Failure::new(Code::Directory, "the domain's password policy cannot be read")
                .expected(format!("minPwdLength of {}", self.config.base))
                .hint("give an account that may read it, or give a password yourself")
                .ask()
        })
    }
}
