//! `DOMAIN\user`, the form in which installers and the service manager take an account.

use crate::failure::{Code, Failure};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// What [`AccountName::parse`] takes, for the schema.
const PATTERN: &str =
    r#"^[^"/\\\[\]:;|=,+*?<>@ \x00-\x1f\x7f-\x9f]+\\[^"/\\\[\]:;|=,+*?<>@\x00-\x1f\x7f-\x9f]+$"#;

/// An account as `DOMAIN\user`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(extend("pattern" = PATTERN))]
pub struct AccountName {
    domain: String,
    user: String,
}

impl AccountName {
    /// Parses `DOMAIN\user`.
    ///
    /// # Errors
    /// [`Code::AccountForm`] when there is no domain, no user, or a character that sAMAccountName forbids.
    pub fn parse(text: &str) -> Result<Self, Failure> {
        let refuse = |why: &str| {
            Failure::new(Code::AccountForm, format!("the account {why}"))
                .expected(r"DOMAIN\user")
                .found(format!("{text:?}"))
                .hint(r"give the NetBIOS domain name and the logon name, for example LAB\svc-vipre")
        };
        let Some((domain, user)) = text.split_once('\\') else {
            return Err(refuse("has no domain"));
        };
        if domain.is_empty() || user.is_empty() {
            return Err(refuse("lacks its domain or its user name"));
        }
        // Characters that Windows forbids in logon names:
        // https://learn.microsoft.com/windows/win32/adschema/a-samaccountname
        if user.chars().any(|c| r#""/\[]:;|=,+*?<>@"#.contains(c) || c.is_control())
            || domain.chars().any(|c| r#""/\[]:;|=,+*?<>@ "#.contains(c) || c.is_control())
        {
            return Err(refuse("has a character that is not allowed"));
        }
        Ok(Self { domain: domain.to_owned(), user: user.to_owned() })
    }

    /// The domain's NetBIOS name, or `.` for this machine.
    #[must_use]
    pub fn domain(&self) -> &str {
        &self.domain
    }

    /// The logon name (sAMAccountName).
    #[must_use]
    pub fn user(&self) -> &str {
        &self.user
    }

    /// Refuses a name that no new user can have, although others (computers, say) may.
    ///
    /// # Errors
    /// [`Code::AccountForm`]: more than 20 characters, or a full stop at the end.
    pub fn fit_for_new_user(&self) -> Result<(), Failure> {
        // https://learn.microsoft.com/windows/win32/adschema/a-samaccountname
        const LONGEST: usize = 20;
        let length = self.user.chars().count();
        if length <= LONGEST && !self.user.ends_with('.') {
            return Ok(());
        }
        Err(Failure::new(Code::AccountForm, "no new user can have this name")
            .expected(format!("at most {LONGEST} characters after the domain, and no full stop at the end"))
            .found(format!("{:?}, {length} characters", self.user))
            .hint("choose a shorter name"))
    }

    /// Whether both name the same account; Windows compares without case.
    #[must_use]
    pub fn same(&self, other: &Self) -> bool {
        self.domain.eq_ignore_ascii_case(&other.domain) && self.user.eq_ignore_ascii_case(&other.user)
    }
}

impl fmt::Display for AccountName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\\{}", self.domain, self.user)
    }
}

impl TryFrom<String> for AccountName {
    type Error = Failure;
    fn try_from(text: String) -> Result<Self, Failure> {
        Self::parse(&text)
    }
}

impl From<AccountName> for String {
    fn from(account: AccountName) -> String {
        account.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_user_has_a_short_name() {
        let fits =
            |user: &str| AccountName::parse(&format!(r"LAB\{user}")).unwrap().fit_for_new_user().is_ok();
        assert!(fits("twenty-characters-ok"));
        assert!(!fits("twenty-one-characters"));
        assert!(!fits("svc."));
    }

    #[test]
    fn only_domain_backslash_user_is_an_account() {
        let account = AccountName::parse(r"LAB\svc-vipre").unwrap();
        assert_eq!((account.domain(), account.user()), ("LAB", "svc-vipre"));
        assert!(account.same(&AccountName::parse(r"lab\SVC-VIPRE").unwrap()));
        for bad in ["svc", r"\svc", r"LAB\", "svc@lab.test", r"LAB\a\b", r"LA B\svc", "LAB\\a\nb", ""] {
            assert_eq!(AccountName::parse(bad).unwrap_err().code, Code::AccountForm, "{bad:?}");
        }
    }
}
