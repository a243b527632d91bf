//! A controller that dies between two requests, and comes back.

use crate::setup::{directory, name, permit};
use mailsec_core::{
    Code,
    failure::Remedy,
    host::{Credentials, Directory},
    values::Secret,
};
use mailsec_domain::Domain;

#[tokio::test]
async fn a_controller_killed_between_any_two_steps_of_a_creation_goes_on_where_it_was() {
    let mut domain = Domain::start().unwrap();
    let directory = directory(&domain);
    let (svc, password) = (name("svc-killed"), Secret::new("Another-Good-1"));
    let mut kill = async |directory: &mailsec_windows::LdapDirectory| {
        domain.kill().unwrap();
        let away = directory.account(&svc).await.unwrap_err();
        assert_eq!((away.code, away.remedy), (Code::Directory, Remedy::Retry), "{away:?}");
        domain.start_again().unwrap();
    };
    kill(&directory).await;
    directory.create_disabled(&permit(), &svc, "ours").await.unwrap();
    kill(&directory).await;
    assert_eq!(
        directory.account(&svc).await.unwrap().unwrap().description,
        "ours",
        "what was answered is kept"
    );
    directory.set_password(&permit(), &svc, &password).await.unwrap();
    kill(&directory).await;
    assert!(!directory.account(&svc).await.unwrap().unwrap().enabled);
    directory.enable_never_expiring(&permit(), &svc, "ours, and made").await.unwrap();
    kill(&directory).await;
    let account = directory.account(&svc).await.unwrap().unwrap();
    assert!(account.fit_for_service().is_ok(), "{account:?}");
    assert_eq!(directory.try_credentials(&svc, &password).await.unwrap(), Credentials::Valid);
}
