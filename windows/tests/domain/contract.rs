//! The contract that every host keeps.

use crate::setup::{PASSWORD, host, name};
use mailsec_contract as contract;
use mailsec_core::values::Secret;
use mailsec_domain::{Admin, BASE, Domain, Scope};

#[tokio::test]
async fn the_directory_keeps_the_contract_of_its_port() {
    let domain = Domain::start().unwrap();
    domain.admin().unwrap().user("svc-vipre", PASSWORD).unwrap();
    let fixture = contract::DirectoryFixture {
        fresh: name("svc-contract"),
        existing: name("svc-vipre"),
        password: Secret::new(PASSWORD),
        good: Secret::new("Long-Enough-And-4-Kinds"),
        weak: Secret::new("short"),
    };
    contract::directory(&host(&domain), &fixture).await;
}

#[tokio::test]
async fn a_reset_unlocks_an_account_that_wrong_passwords_have_locked() {
    let domain = Domain::start().unwrap();
    let mut admin = domain.admin().unwrap();
    admin.set(BASE, "lockoutThreshold", &["2"]).unwrap();
    admin.user("svc-locked", PASSWORD).unwrap();
    let host = host(&domain);
    for _ in 0..3 {
        let wrong = Secret::new("not-this-one");
        _ = mailsec_core::host::Host::directory(&host)
            .try_credentials(&name("svc-locked"), &wrong)
            .await
            .unwrap();
    }
    contract::locked_account(&host, &name("svc-locked"), &Secret::new("Another-Good-1")).await;
}

/// Generated passwords are as long as the policy asks for: the domain's, or the one for the account alone.
#[tokio::test]
async fn a_password_is_generated_as_long_as_the_policy_for_the_account_asks() {
    let domain = Domain::start().unwrap();
    let mut admin = domain.admin().unwrap();
    admin.user("svc-plain", PASSWORD).unwrap();
    admin.user("svc-strict", PASSWORD).unwrap();
    let container = format!("CN=Password Settings Container,CN=System,{BASE}");
    let policy = format!("CN=strict,{container}");
    let never = "-9223372036854775808";
    let settings = [
        ("objectClass", "msDS-PasswordSettings"),
        ("msDS-PasswordSettingsPrecedence", "1"),
        ("msDS-PasswordReversibleEncryptionEnabled", "FALSE"),
        ("msDS-PasswordHistoryLength", "0"),
        ("msDS-PasswordComplexityEnabled", "TRUE"),
        ("msDS-MinimumPasswordLength", "50"),
        ("msDS-MinimumPasswordAge", "0"),
        ("msDS-MaximumPasswordAge", never),
        ("msDS-LockoutThreshold", "0"),
        ("msDS-LockoutObservationWindow", "-18000000000"),
        ("msDS-LockoutDuration", "-18000000000"),
        ("msDS-PSOAppliesTo", &Admin::dn("svc-strict")),
    ];
    admin.add(&policy, &settings).unwrap();
    assert_eq!(
        admin.find(&container, Scope::Subtree, "(objectClass=msDS-PasswordSettings)", &["cn"]).unwrap().len(),
        1
    );

    let host = host(&domain);
    for (user, length) in [("svc-plain", 32), ("svc-strict", 50)] {
        let made = made(&host, user).await;
        assert_eq!(made.expose().len(), length, "{user}");
        let directory = mailsec_core::host::Host::directory(&host);
        directory.set_password(&crate::setup::permit(), &name(user), &made).await.unwrap();
    }
    admin.set(BASE, "minPwdLength", &["40"]).unwrap();
    let longer = made(&self::again(&domain), "svc-plain").await;
    assert_eq!(longer.expose().len(), 40);
}

/// A program of its own, with no password in its store.
fn again(domain: &Domain) -> mailsec_core::host::Elsewhere {
    host(domain)
}

async fn made(host: &mailsec_core::host::Elsewhere, user: &str) -> Secret {
    use mailsec_core::host::Host;
    let secret = mailsec_core::values::SecretRef::new(format!("password-of-{user}"));
    host.directory().generate_password(&crate::setup::permit(), &name(user), &secret).await.unwrap();
    host.secrets().get(&secret).await.unwrap().unwrap()
}
