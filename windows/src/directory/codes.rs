//! What the directory's answers mean.

use ldap3::LdapResult;
use mailsec_core::{Code, Failure, host::Credentials};

/// `noSuchObject`.
pub(super) const NO_SUCH_OBJECT: u32 = 32;
const REFERRAL: u32 = 10;
const CONSTRAINT_VIOLATION: u32 = 19;
const INVALID_CREDENTIALS: u32 = 49;
const INSUFFICIENT_RIGHTS: u32 = 50;
const UNWILLING: u32 = 53;
const ENTRY_EXISTS: u32 = 68;

/// What a refused log-on says of the name and the password: Active Directory puts the reason into the text, as
/// `data 52e`; the numbers are Windows error codes in hex. Samba does the same.
pub(super) fn credentials(result: &LdapResult) -> Option<Credentials> {
    match (result.rc, sub_code(&result.text)) {
        // No user of that name: nobody is told more than that the two do not fit.
        (INVALID_CREDENTIALS, Some("525")) => Some(Credentials::WrongPassword),
        (INVALID_CREDENTIALS, Some(code)) => Credentials::of_sub_code(code),
        _ => None,
    }
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
        REFERRAL => {
            Failure::new(Code::Directory, format!("this domain controller does not answer for {what}"))
                .expected("the distinguished name of its own domain as base, and a container below it")
                .hint(format!("it refers to {}", result.refs.join(", ")))
                .ask()
        }
        NO_SUCH_OBJECT => Failure::new(Code::Directory, format!("the directory has no place for {what}"))
            .expected("base and container in the configuration as the directory has them")
            .ask(),
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
        let of = |data: &str| {
            let text = format!(
                "80090308: LdapErr: DSID-0C09044E, comment: AcceptSecurityContext error, data {data}, v2580"
            );
            credentials(&result(49, &text))
        };
        for wrong in ["52e", "525"] {
            assert_eq!(of(wrong), Some(Credentials::WrongPassword));
        }
        for unfit in ["530", "531", "533", "701", "775"] {
            assert!(matches!(of(unfit), Some(Credentials::AccountUnfit(why)) if why.contains(unfit)));
        }
        for unfit in ["773", "532"] {
            assert!(matches!(of(unfit), Some(Credentials::PasswordUnfit(why)) if why.contains(unfit)));
        }
        assert_eq!(of("80090311"), None);
        assert_eq!(credentials(&result(49, "no reason")), None);
        assert_eq!(credentials(&result(8, "Transport encryption required.")), None);
    }

    #[test]
    fn refusals_have_their_own_codes() {
        assert_eq!(refused(&result(68, ""), "x").code, Code::AccountExists);
        assert_eq!(refused(&result(50, ""), "x").code, Code::AccessDenied);
        assert_eq!(refused(&result(53, "0000052D: SvcErr"), "x").code, Code::PasswordPolicy);
        assert_eq!(refused(&result(19, "0000052D: too short"), "x").code, Code::PasswordPolicy);
        assert_eq!(refused(&result(19, "other"), "x").code, Code::Directory);
        let referral = LdapResult { refs: vec!["ldap://other.test/DC=other".into()], ..result(10, "") };
        assert!(refused(&referral, "x").hint.unwrap().contains("ldap://other.test/DC=other"));
    }
}
