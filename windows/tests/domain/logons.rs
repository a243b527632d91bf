//! What is wrong with a name and a password, by the sub-code of a refused bind.

use crate::setup::{PASSWORD, asked, config, directory, name};
use mailsec_core::{
    Code,
    host::{Credentials, Directory, PasswordExpiry},
    values::Secret,
};
use mailsec_domain::{Admin, BASE, Domain};

/// Long ago, in Windows' time.
const PAST: &str = "116444736000000000";

#[tokio::test]
async fn each_refused_log_on_says_why() {
    let domain = Domain::start().unwrap();
    let mut admin = domain.admin().unwrap();
    let (disabled, expired, must_change, locked) =
        ("svc-disabled", "svc-expired", "svc-change", "svc-locked");
    for user in ["svc-fine", disabled, expired, must_change, locked] {
        admin.user(user, PASSWORD).unwrap();
    }
    admin.set(&Admin::dn(disabled), "userAccountControl", &["66050"]).unwrap();
    admin.set(&Admin::dn(expired), "accountExpires", &[PAST]).unwrap();
    admin.set(&Admin::dn(must_change), "userAccountControl", &["512"]).unwrap();
    admin.set(&Admin::dn(must_change), "pwdLastSet", &["0"]).unwrap();
    admin.set(BASE, "lockoutThreshold", &["3"]).unwrap();
    let directory = directory(&domain);
    let tried = async |user: &str, password: &str| {
        directory.try_credentials(&name(user), &Secret::new(password)).await.unwrap()
    };
    for _ in 0..4 {
        _ = tried(locked, "wrong").await;
    }
    assert_eq!(tried("svc-fine", PASSWORD).await, Credentials::Valid);
    assert_eq!(tried("svc-fine", "wrong").await, Credentials::WrongPassword);
    assert_eq!(tried("svc-nobody", PASSWORD).await, Credentials::WrongPassword);
    let said = async |user: &str| match tried(user, PASSWORD).await {
        Credentials::AccountUnfit(why) | Credentials::PasswordUnfit(why) => why,
        other => panic!("{user}: {other:?}"),
    };
    assert_eq!(said(disabled).await, "it is disabled (533)");
    assert_eq!(said(expired).await, "it has expired (701)");
    assert_eq!(said(must_change).await, "it must be changed first (773)");
    assert_eq!(said(locked).await, "it is locked (775)");

    // The same of an account as it is read.
    let read = async |user: &str| directory.account(&name(user)).await.unwrap().unwrap();
    assert!(read("svc-fine").await.fit_for_service().is_ok());
    let why = async |user: &str| {
        let failure = read(user).await.fit_for_service().unwrap_err();
        assert_eq!(failure.code, Code::AccountUnfit);
        failure.found.unwrap()
    };
    assert_eq!(why(disabled).await, "disabled");
    assert_eq!(why(expired).await, "the account expires");
    assert_eq!(why(locked).await, "locked out");
    assert_eq!(read(must_change).await.password_expiry, Some(PasswordExpiry::MustChange));
    assert_eq!(why(must_change).await, "its password must be changed first");
}

/// Without the flag a password expires on a day that the directory computes.
#[tokio::test]
async fn a_password_that_expires_has_its_day() {
    let domain = Domain::start().unwrap();
    let mut admin = domain.admin().unwrap();
    admin.user("svc-day", PASSWORD).unwrap();
    admin.set(&Admin::dn("svc-day"), "userAccountControl", &["512"]).unwrap();
    let found = directory(&domain).account(&name("svc-day")).await.unwrap().unwrap();
    assert!(matches!(found.password_expiry, Some(PasswordExpiry::At(_))), "{found:?}");
    assert_eq!(found.fit_for_service().unwrap_err().found.unwrap(), "its password expires");
}

#[tokio::test]
async fn what_is_wrong_with_the_account_that_asks_is_said_too() {
    let domain = Domain::start().unwrap();
    let mut admin = domain.admin().unwrap();
    admin.user("reader", PASSWORD).unwrap();
    let mut reading = config(&domain);
    reading.bind_name = r"LAB\reader".to_owned();
    let wrong = asked(reading.clone(), "wrong").account(&name("reader")).await.unwrap_err();
    assert_eq!(wrong.code, Code::PasswordWrong);
    admin.set(&Admin::dn("reader"), "userAccountControl", &["66050"]).unwrap();
    let unfit = asked(reading, PASSWORD).account(&name("reader")).await.unwrap_err();
    assert_eq!((unfit.code, unfit.found.as_deref()), (Code::AccountUnfit, Some("it is disabled (533)")));
}
