//! No password goes out unencrypted, or to a server that is not who it should be.

use crate::setup::{PASSWORD, asked, config, name};
use mailsec_core::{Code, Failure, host::Directory};
use mailsec_domain::{ADMINISTRATOR_PASSWORD, Domain};
use mailsec_windows::{DirectoryConfig, Encryption};
use std::{
    net::TcpListener,
    time::{Duration, Instant},
};

async fn refused(config: DirectoryConfig) -> Failure {
    let failure = asked(config, ADMINISTRATOR_PASSWORD).account(&name("svc")).await.unwrap_err();
    assert_eq!(failure.code, Code::Directory, "{failure:?}");
    failure
}

#[tokio::test]
async fn both_ways_of_encryption_work() {
    let domain = Domain::start().unwrap();
    domain.admin().unwrap().user("svc", PASSWORD).unwrap();
    let ldaps = config(&domain);
    let start_tls = DirectoryConfig {
        server: Some(domain.plain_server()),
        encryption: Encryption::StartTls,
        ..ldaps.clone()
    };
    for config in [ldaps, start_tls] {
        let directory = asked(config, ADMINISTRATOR_PASSWORD);
        assert!(directory.account(&name("svc")).await.unwrap().unwrap().enabled);
    }
}

#[tokio::test]
async fn a_certificate_that_nobody_vouches_for_is_refused() {
    let domain = Domain::start().unwrap();
    for encryption in [Encryption::Ldaps, Encryption::StartTls] {
        let server = if encryption == Encryption::Ldaps { domain.server() } else { domain.plain_server() };
        // The system's own certificates are trusted then, and this one is not among them.
        let config = DirectoryConfig { trust: None, encryption, server: Some(server), ..config(&domain) };
        let failure = refused(config).await;
        assert!(failure.causes.iter().any(|cause| cause.contains("UnknownIssuer")), "{failure:?}");
    }
}

#[tokio::test]
async fn a_certificate_for_another_name_is_refused() {
    let domain = Domain::start().unwrap();
    let failure = refused(DirectoryConfig { server: Some(domain.unnamed_server()), ..config(&domain) }).await;
    assert!(failure.causes.iter().any(|cause| cause.contains("not valid for name")), "{failure:?}");
}

#[tokio::test]
async fn a_port_without_encryption_gets_no_password() {
    let domain = Domain::start().unwrap();
    // LDAPS to the port of plain LDAP: the controller does not understand, and the password was not sent.
    refused(DirectoryConfig { server: Some(domain.plain_server()), ..config(&domain) }).await;
    // And what a controller says to a password in the clear, which this program has no way to send.
    let url = format!("ldap://{}", domain.plain_server());
    let plain = move || {
        let mut plain = ldap3::LdapConn::new(&url).unwrap();
        plain.simple_bind(mailsec_domain::ADMINISTRATOR, ADMINISTRATOR_PASSWORD).unwrap()
    };
    let answer = tokio::task::spawn_blocking(plain).await.unwrap();
    assert_eq!(answer.rc, 8, "strongerAuthRequired: {answer}");
}

#[tokio::test]
async fn a_file_without_certificates_is_said() {
    let domain = Domain::start().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let empty = folder.path().join("empty.pem");
    std::fs::write(&empty, "").unwrap();
    let failure = refused(DirectoryConfig { trust: Some(empty), ..config(&domain) }).await;
    assert!(failure.message.contains("empty.pem"), "{failure:?}");
}

#[tokio::test]
async fn a_server_that_says_nothing_is_given_up() {
    let domain = Domain::start().unwrap();
    // The system takes the connections; nobody ever answers.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let server = Some(silent.local_addr().unwrap().to_string());
    for encryption in [Encryption::Ldaps, Encryption::StartTls] {
        let limit = Duration::from_millis(300);
        let config = DirectoryConfig { server: server.clone(), encryption, limit, ..config(&domain) };
        let since = Instant::now();
        refused(config).await;
        assert!(since.elapsed() >= limit);
    }
}
