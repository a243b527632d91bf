//! What the directory, or this program, refuses.

use crate::setup::{PASSWORD, asked, config, directory, name, permit};
use mailsec_core::{Code, host::Directory, values::Secret};
use mailsec_domain::{Admin, BASE, Domain};

#[tokio::test]
async fn an_account_without_rights_changes_nothing() {
    let domain = Domain::start().unwrap();
    let mut admin = domain.admin().unwrap();
    for user in ["reader", "svc-other"] {
        admin.user(user, PASSWORD).unwrap();
    }
    let mut reading = config(&domain);
    reading.bind_name = r"LAB\reader".to_owned();
    let reader = asked(reading, PASSWORD);
    let (fresh, other) = (name("svc-new"), name("svc-other"));
    let created = reader.create_disabled(&permit(), &fresh, "x").await.unwrap_err();
    let reset = reader.set_password(&permit(), &other, &Secret::new("Another-Good-1")).await.unwrap_err();
    let enabled = reader.enable_never_expiring(&permit(), &other, "ours").await.unwrap_err();
    let deleted = reader.delete(&permit(), &other, "").await.unwrap_err();
    for failure in [created, reset, enabled, deleted] {
        assert_eq!(failure.code, Code::AccessDenied, "{failure:?}");
        assert!(failure.hint.is_some());
    }
    assert!(directory(&domain).account(&fresh).await.unwrap().is_none());
    assert!(admin.value("svc-other", "cn").unwrap().is_some());
}

#[tokio::test]
async fn an_account_of_somebody_else_is_never_taken_over() {
    let domain = Domain::start().unwrap();
    let mut admin = domain.admin().unwrap();
    admin.user("svc-mail", PASSWORD).unwrap();
    admin.group("svc-group", "-2147483646", &[]).unwrap();
    let directory = directory(&domain);
    for taken in ["svc-mail", "SVC-Mail", "svc-group"] {
        let refused = directory.create_disabled(&permit(), &name(taken), "ours").await.unwrap_err();
        assert_eq!(refused.code, Code::AccountExists, "{taken}");
    }
    let left = directory.delete(&permit(), &name("svc-mail"), "ours").await.unwrap_err();
    assert_eq!(left.code, Code::AccountExists);
    assert_eq!(admin.value("svc-mail", "description").unwrap(), None);
    let works = directory.try_credentials(&name("svc-mail"), &Secret::new(PASSWORD)).await.unwrap();
    assert_eq!(works, mailsec_core::host::Credentials::Valid, "its password is what it was");
}

#[tokio::test]
async fn a_place_that_the_directory_does_not_have_is_said_and_no_account_is_taken_for_missing() {
    let domain = Domain::start().unwrap();
    let mut elsewhere = config(&domain);
    elsewhere.base = "DC=other,DC=test".to_owned();
    let failure =
        asked(elsewhere, mailsec_domain::ADMINISTRATOR_PASSWORD).account(&name("svc")).await.unwrap_err();
    assert_eq!(failure.code, Code::Directory);
    assert!(failure.message.contains("DC=other,DC=test"), "{failure:?}");

    let mut nowhere = config(&domain);
    nowhere.container = Some(format!("OU=Missing,{BASE}"));
    let directory = asked(nowhere, mailsec_domain::ADMINISTRATOR_PASSWORD);
    let failure = directory.create_disabled(&permit(), &name("svc"), "x").await.unwrap_err();
    assert_eq!(failure.code, Code::Directory, "{failure:?}");
    assert!(failure.expected.unwrap().contains("container"));
}

/// Characters that mean something in filters and names of the directory.
#[tokio::test]
async fn a_name_with_signs_is_a_name_and_no_filter() {
    let domain = Domain::start().unwrap();
    let mut admin = domain.admin().unwrap();
    admin.user("svc-one", PASSWORD).unwrap();
    let directory = directory(&domain);
    let odd = name("svc (one) #1 & co");
    assert!(directory.account(&odd).await.unwrap().is_none());
    directory.create_disabled(&permit(), &odd, "ours").await.unwrap();
    assert_eq!(directory.account(&odd).await.unwrap().unwrap().description, "ours");
    directory.delete(&permit(), &odd, "ours").await.unwrap();
    assert!(admin.value("svc-one", "cn").unwrap().is_some());
}

#[tokio::test]
async fn an_account_lies_where_the_configuration_says() {
    let domain = Domain::start().unwrap();
    let mut admin = domain.admin().unwrap();
    let unit = format!("OU=Service accounts,{BASE}");
    admin.add(&unit, &[("objectClass", "organizationalUnit")]).unwrap();
    let mut there = config(&domain);
    there.container = Some(unit.clone());
    let directory = asked(there, mailsec_domain::ADMINISTRATOR_PASSWORD);
    directory.create_disabled(&permit(), &name("svc-there"), "ours").await.unwrap();
    let found = admin.find(
        &unit,
        mailsec_domain::Scope::Subtree,
        "(sAMAccountName=svc-there)",
        &["userPrincipalName"],
    );
    let found = found.unwrap();
    assert_eq!(found[0].dn, format!("CN=svc-there,{unit}"));
    assert_eq!(found[0].attrs["userPrincipalName"], ["svc-there@lab.test"]);
    assert!(admin.find(&Admin::dn("svc-there"), mailsec_domain::Scope::Base, "(cn=*)", &["cn"]).is_err());
}
