use crate::permit;
use mailsec_core::{
    Code,
    host::{Credentials, Host, PasswordExpiry},
    values::{AccountName, Secret, SecretRef},
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

    // A directory may say that there is no such account, or that the password is wrong; never that it fits.
    match directory.try_credentials(fresh, &fixture.good).await {
        Ok(answer) => assert_eq!(answer, Credentials::WrongPassword),
        Err(failure) => assert_eq!(failure.code, Code::AccountNotFound),
    }
    assert_eq!(
        tried(&fixture.existing, &Secret::new("")).await,
        Credentials::WrongPassword,
        "no anonymous bind"
    );
    let nobody = directory.set_password(&permit(), fresh, &fixture.good).await.unwrap_err();
    assert_eq!(nobody.code, Code::AccountNotFound);
    let other = AccountName::parse(r"ELSEWHERE\nobody").unwrap();
    assert_eq!(directory.account(&other).await.unwrap_err().code, Code::Directory, "another domain");

    let (mark, done) = ("being made by the contract tests", "made by the contract tests");
    let long = AccountName::parse(&format!(r"{}\a-name-of-more-than-twenty", fresh.domain())).unwrap();
    let refused = directory.create_disabled(&permit(), &long, mark).await.unwrap_err();
    assert_eq!(refused.code, Code::AccountForm);
    let taken = directory.create_disabled(&permit(), &fixture.existing, mark).await.unwrap_err();
    assert_eq!(taken.code, Code::AccountExists);
    directory.create_disabled(&permit(), fresh, mark).await.unwrap();
    let account = directory.account(fresh).await.unwrap().unwrap();
    // Not the whole: an account without a password is reckoned to expire from now on, and now moves.
    let changed = directory.account_where_changed(fresh).await.unwrap().unwrap();
    assert_eq!((&changed.name, &changed.description), (&account.name, &account.description));
    assert!(!account.enabled);
    assert_eq!((account.description.as_str(), account.password_set), (mark, None));
    let again = directory.create_disabled(&permit(), fresh, mark).await.unwrap_err();
    assert_eq!(again.code, Code::AccountExists, "whoever made it");

    let early = directory.enable_never_expiring(&permit(), fresh, done).await.unwrap_err();
    assert_eq!(early.code, Code::Directory, "not without a password");
    let refused = directory.set_password(&permit(), fresh, &fixture.weak).await.unwrap_err();
    assert_eq!(refused.code, Code::PasswordPolicy);
    directory.set_password(&permit(), fresh, &fixture.good).await.unwrap();
    directory.set_password(&permit(), fresh, &fixture.good).await.expect("a reset may be repeated");
    assert!(matches!(tried(fresh, &fixture.good).await, Credentials::AccountUnfit(_)), "still disabled");
    let account = directory.account(fresh).await.unwrap().unwrap();
    assert_eq!((account.enabled, account.description.as_str()), (false, mark), "unfinished still");
    directory.enable_never_expiring(&permit(), fresh, done).await.unwrap();
    directory.enable_never_expiring(&permit(), fresh, done).await.expect("enabling twice is fine");
    let account = directory.account(fresh).await.unwrap().unwrap();
    assert!(account.enabled && account.password_never_expires && account.account_never_expires);
    assert_eq!(account.description, done);
    assert_eq!(account.password_expiry, Some(PasswordExpiry::Never), "by the directory's own reckoning");
    assert_eq!(account.administrator_through().count(), 0, "a standard user");
    assert_eq!(tried(fresh, &fixture.good).await, Credentials::Valid);
    assert_eq!(tried(fresh, &fixture.weak).await, Credentials::WrongPassword);

    let made = SecretRef::new("contract-password");
    directory.generate_password(&permit(), fresh, &made).await.unwrap();
    let password = host.secrets().get(&made).await.unwrap().expect("it is in the store");
    assert_eq!(tried(fresh, &password).await, Credentials::WrongPassword, "made, not set");
    let before = directory.account(fresh).await.unwrap().unwrap().password_set;
    directory.set_password(&permit(), fresh, &password).await.expect("it fits the policy");
    let after = directory.account(fresh).await.unwrap().unwrap().password_set;
    assert!(before.is_some() && after > before, "the time of a reset is the proof of it");
    assert_eq!(tried(fresh, &password).await, Credentials::Valid);
    // Nothing is asked of the former one: controllers take it for an hour more (`old password allowed period` of Samba,
    // `OldPasswordAllowedPeriod` of Windows).

    assert!(directory.delete(&permit(), fresh, "made by somebody else").await.is_err());
    assert!(directory.account(fresh).await.unwrap().is_some(), "left alone");
    directory.delete(&permit(), fresh, done).await.unwrap();
    assert!(directory.account(fresh).await.unwrap().is_none());
    directory.delete(&permit(), fresh, done).await.expect("what is not there need not be deleted");
}

/// A reset unlocks an account that wrong passwords have locked. `locked` is one; `good` fits the policy.
pub async fn locked_account(host: &dyn Host, locked: &AccountName, good: &Secret) {
    let directory = host.directory();
    assert!(directory.account(locked).await.unwrap().unwrap().locked);
    directory.set_password(&permit(), locked, good).await.unwrap();
    assert!(!directory.account(locked).await.unwrap().unwrap().locked);
    assert_eq!(directory.try_credentials(locked, good).await.unwrap(), Credentials::Valid);
}
