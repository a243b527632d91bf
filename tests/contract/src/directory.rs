use crate::permit;
use mailsec_core::{
    Code,
    host::{Credentials, Host},
    values::{AccountName, Secret},
};

/// Accounts that may be made, and one that exists.
#[derive(Clone, Debug)]
pub struct DirectoryFixture {
    /// Does not exist; may be made and deleted.
    pub fresh: AccountName,
    /// Exists, can log on, and is not changed.
    pub existing: AccountName,
    /// The password of `existing`.
    pub password: Secret,
    /// A password that the policy takes.
    pub good: Secret,
    /// A password that the policy refuses.
    pub weak: Secret,
}

/// The directory: an account is made disabled, then given a password, then enabled; only its maker deletes it.
pub async fn directory(host: &dyn Host, fixture: &DirectoryFixture) {
    let directory = host.directory();
    let fresh = &fixture.fresh;
    assert!(directory.account(fresh).await.unwrap().is_none(), "no account is none, and no error");
    let existing = directory.account(&fixture.existing).await.unwrap().unwrap();
    assert!(existing.enabled);
    assert!(existing.memberships.iter().any(|group| group.primary), "the primary group counts");
    for group in &existing.memberships {
        assert_eq!(group.through.last(), Some(&group.group), "the chain ends at the group itself");
    }
    let tried = async |name: &AccountName, password: &Secret| {
        directory.try_credentials(name, password).await.unwrap()
    };
    assert_eq!(tried(&fixture.existing, &fixture.password).await, Credentials::Valid);
    assert_eq!(tried(&fixture.existing, &fixture.good).await, Credentials::WrongPassword);

    let mark = "made by the contract tests";
    let taken = directory.create_disabled(&permit(), &fixture.existing, mark).await.unwrap_err();
    assert_eq!(taken.code, Code::AccountExists);
    directory.create_disabled(&permit(), fresh, mark).await.unwrap();
    let account = directory.account(fresh).await.unwrap().unwrap();
    assert!(!account.enabled);
    assert_eq!(account.description, mark);
    let again = directory.create_disabled(&permit(), fresh, mark).await.unwrap_err();
    assert_eq!(again.code, Code::AccountExists, "whoever made it");

    let refused = directory.set_password(&permit(), fresh, &fixture.weak).await.unwrap_err();
    assert_eq!(refused.code, Code::PasswordPolicy);
    directory.set_password(&permit(), fresh, &fixture.good).await.unwrap();
    directory.set_password(&permit(), fresh, &fixture.good).await.expect("a reset may be repeated");
    assert!(matches!(tried(fresh, &fixture.good).await, Credentials::AccountUnfit(_)), "still disabled");
    directory.enable_never_expiring(&permit(), fresh).await.unwrap();
    directory.enable_never_expiring(&permit(), fresh).await.expect("enabling twice is fine");
    let account = directory.account(fresh).await.unwrap().unwrap();
    assert!(account.enabled && account.password_never_expires && account.account_never_expires);
    assert_eq!(account.administrator_through().count(), 0, "a standard user");
    assert_eq!(tried(fresh, &fixture.good).await, Credentials::Valid);
    assert_eq!(tried(fresh, &fixture.weak).await, Credentials::WrongPassword);

    assert!(directory.delete(&permit(), fresh, "made by somebody else").await.is_err());
    assert!(directory.account(fresh).await.unwrap().is_some(), "left alone");
    directory.delete(&permit(), fresh, mark).await.unwrap();
    assert!(directory.account(fresh).await.unwrap().is_none());
}
