//! What the directory's answers mean.

use ldap3::LdapResult;
use mailsec_core::{Code, Failure, host::Credentials, values::AccountName};

/// `noSuchObject`.
pub(super) const NO_SUCH_OBJECT: u32 = 32;
const CONSTRAINT_VIOLATION: u32 = 19;
const INVALID_CREDENTIALS: u32 = 49;
const INSUFFICIENT_RIGHTS: u32 = 50;
const UNWILLING: u32 = 53;
const ENTRY_EXISTS: u32 = 68;

/// What a refused log-on says of the name and the password: Active Directory puts the reason into the text, as
/// `data 52e`; the numbers are Windows error codes in hex. Samba does the same.
pub(super) fn credentials(result: &LdapResult, name: &AccountName) -> Result<Credentials, Failure> {
    if result.rc == 0 {
        return Ok(Credentials::Valid);
    }
    let failed = || refused(result, &format!("the log-on of {name}"));
    if result.rc != INVALID_CREDENTIALS {
        return Err(failed());
    }
    Ok(match sub_code(&result.text) {
        Some("52e") => Credentials::WrongPassword,
        Some("530") => Credentials::AccountUnfit("it may not log on at this time".into()),
        Some("531") => Credentials::AccountUnfit("it may not log on at this server".into()),
        Some("533") => Credentials::AccountUnfit("it is disabled".into()),
        Some("701") => Credentials::AccountUnfit("it has expired".into()),
        Some("775") => Credentials::AccountUnfit("it is locked".into()),
        Some("532") => Credentials::PasswordUnfit("it has expired".into()),
        Some("773") => Credentials::PasswordUnfit("it must be changed first".into()),
        Some("525") => {
            return Err(Failure::new(Code::AccountNotFound, format!("there is no account {name}")).ask());
        }
        // Without a sub-code a wrong password cannot be told from the rest.
        _ => return Err(failed()),
    })
}

fn sub_code(text: &str) -> Option<&str> {
    let rest = &text[text.find("data ")? + 5..];
    rest.split(|c: char| !c.is_ascii_hexdigit()).next().filter(|code| !code.is_empty())
}

/// A request that the directory refused.
pub(super) fn refused(result: &LdapResult, what: &str) -> Failure {
    // Policy violations of passwords come with error 0000052D in either result.
    let policy = result.text.to_ascii_lowercase().contains("0000052d");
    let failure = match result.rc {
        INSUFFICIENT_RIGHTS => {
            Failure::new(Code::AccessDenied, format!("the directory does not allow {what}"))
                .hint("give an account that may do this in the directory")
                .ask()
        }
        ENTRY_EXISTS => Failure::new(Code::AccountExists, format!("{what}: an account of that name exists"))
            .hint("choose another name, or use the existing account")
            .ask(),
        CONSTRAINT_VIOLATION | UNWILLING if policy => {
            Failure::new(Code::PasswordPolicy, format!("the domain's password policy refuses {what}"))
                .hint("choose a longer password with letters, digits and signs")
                .ask()
        }
        INVALID_CREDENTIALS => {
            Failure::new(Code::PasswordWrong, format!("the directory refuses {what}")).ask()
        }
        // busy, unavailable
        51 | 52 => {
            Failure::new(Code::Directory, format!("the directory is busy; it did not take {what}")).retry()
        }
        _ => Failure::new(Code::Directory, format!("the directory refuses {what}")),
    };
    failure.found(format!("result {}: {}", result.rc, result.text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn result(rc: u32, text: &str) -> LdapResult {
        LdapResult { rc, matched: String::new(), text: text.into(), refs: vec![], ctrls: vec![] }
    }

    #[test]
    fn sub_codes_tell_a_wrong_password_from_an_unfit_account() {
        let name = AccountName::parse(r"LAB\svc").unwrap();
        let of = |data: &str| {
            let text = format!(
                "80090308: LdapErr: DSID-0C09044E, comment: AcceptSecurityContext error, data {data}, v2580"
            );
            credentials(&result(49, &text), &name)
        };
        assert_eq!(of("52e").unwrap(), Credentials::WrongPassword);
        assert!(matches!(of("533").unwrap(), Credentials::AccountUnfit(_)));
        assert!(matches!(of("701").unwrap(), Credentials::AccountUnfit(_)));
        assert!(matches!(of("775").unwrap(), Credentials::AccountUnfit(_)));
        assert!(matches!(of("773").unwrap(), Credentials::PasswordUnfit(_)));
        assert!(matches!(of("532").unwrap(), Credentials::PasswordUnfit(_)));
        assert_eq!(of("525").unwrap_err().code, Code::AccountNotFound);
        assert!(credentials(&result(49, "no reason"), &name).is_err());
        assert_eq!(
            credentials(&result(8, "Transport encryption required."), &name).unwrap_err().code,
            Code::Directory
        );
        assert_eq!(credentials(&result(0, ""), &name).unwrap(), Credentials::Valid);
    }

    #[test]
    fn refusals_have_their_own_codes() {
        assert_eq!(refused(&result(68, ""), "x").code, Code::AccountExists);
        assert_eq!(refused(&result(50, ""), "x").code, Code::AccessDenied);
        assert_eq!(refused(&result(53, "0000052D: SvcErr"), "x").code, Code::PasswordPolicy);
        assert_eq!(refused(&result(19, "0000052D: too short"), "x").code, Code::PasswordPolicy);
        assert_eq!(refused(&result(19, "other"), "x").code, Code::Directory);
    }
}
