//! Beyond this machine: encrypted or not at all.

use super::{
    at_a_gate,
    served::{Answer, HANGS, Served},
};
use crate::harness::{Place, says};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned, pki_types::ServerName};
use std::{
    fs,
    io::Write,
    net::{SocketAddr, TcpStream},
    os::unix::fs::PermissionsExt,
    path::PathBuf,
    sync::Arc,
};

const NAME: &str = "mail01.lab.test";

/// A certificate and its key in files.
struct Pair {
    cert: PathBuf,
    key: PathBuf,
    roots: RootCertStore,
}

fn pair(place: &Place) -> Pair {
    let made = rcgen::generate_simple_self_signed([NAME.to_owned()]).unwrap();
    let pair =
        Pair { cert: place.file("cert.pem"), key: place.file("key.pem"), roots: RootCertStore::empty() };
    let mut roots = pair.roots.clone();
    roots.add(made.cert.der().clone()).unwrap();
    fs::write(&pair.cert, made.cert.pem()).unwrap();
    fs::write(&pair.key, made.signing_key.serialize_pem()).unwrap();
    fs::set_permissions(&pair.key, fs::Permissions::from_mode(0o600)).unwrap();
    Pair { roots, ..pair }
}

#[test]
fn elsewhere_than_here_it_wants_a_certificate_and_a_name() {
    let place = at_a_gate();
    says!(place, place.run(["serve", "--listen", "0.0.0.0:0"]), @"
    exit: 2
    ----- stdout -----
    ----- stderr -----
    error[bad-argument]: beyond this machine the page is served encrypted or not at
      all
      expected: --tls-cert FILE and --tls-key FILE, or a loopback address
      found:    --listen 0.0.0.0:0
      hint:     leave --listen away and reach the page through a tunnel, or get a
                certificate for this server
    ");
    let pair = pair(&place);
    let files = |cert: &PathBuf, key: &PathBuf| {
        [
            "--tls-cert".to_owned(),
            cert.display().to_string(),
            "--tls-key".to_owned(),
            key.display().to_string(),
        ]
    };
    let run = |listen: &str, files: &[String]| {
        place.run(["serve", "--listen", listen].into_iter().chain(files.iter().map(String::as_str)))
    };
    says!(place, run("0.0.0.0:0", &files(&pair.cert, &pair.key)), @r"
    exit: 2
    ----- stdout -----
    ----- stderr -----
    error[bad-argument]: nobody said by which name browsers reach the page
      expected: --name NAME, as the certificate has it
      found:    --listen 0.0.0.0:0
    ");
    run("127.0.0.1:0", &files(&pair.cert, &pair.key)[..2]).exits(2);
    fs::set_permissions(&pair.key, fs::Permissions::from_mode(0o644)).unwrap();
    let ran = run("127.0.0.1:0", &files(&pair.cert, &pair.key)).exits(30);
    assert!(ran.stderr.contains("error[access-denied]"), "{ran}");
    fs::set_permissions(&pair.key, fs::Permissions::from_mode(0o600)).unwrap();
    for (cert, key) in [(&pair.key, &pair.key), (&pair.cert, &pair.cert), (&place.file("none"), &pair.key)] {
        if cert != key {
            fs::set_permissions(&pair.cert, fs::Permissions::from_mode(0o600)).unwrap();
        }
        let ran = run("127.0.0.1:0", &files(cert, key));
        assert_ne!(ran.code, Some(0), "{ran}");
        assert!(ran.stderr.contains("file-unreadable") || ran.stderr.contains("access-denied"), "{ran}");
    }
}

fn fetch(at: SocketAddr, roots: &RootCertStore, request: &str) -> Answer {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots.clone())
        .with_no_client_auth();
    let name = ServerName::try_from(NAME).unwrap();
    let connection = ClientConnection::new(Arc::new(config), name).unwrap();
    let stream = TcpStream::connect(at).unwrap();
    stream.set_read_timeout(Some(HANGS)).unwrap();
    let mut stream = StreamOwned::new(connection, stream);
    stream.write_all(request.as_bytes()).unwrap();
    Answer::read(&mut stream)
}

#[test]
fn with_a_certificate_it_is_served_encrypted() {
    let place = at_a_gate();
    let pair = pair(&place);
    let mut command = place.command(["serve", "--listen", "0.0.0.0:0", "--name", NAME, "--tls-cert"]);
    command.arg(&pair.cert).arg("--tls-key").arg(&pair.key);
    let served = Served::spawn(command);
    let host = format!("{NAME}:{}", served.at.port());
    assert!(served.said.contains(&format!("https://{host}/enter?token=")), "{}", served.said);
    let ask = |path: &str, host: &str, cookie: &str| {
        let request =
            format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nCookie: {cookie}\r\nConnection: close\r\n\r\n");
        fetch(served.at, &pair.roots, &request)
    };
    let door = format!("/enter?token={}", served.token);
    assert_eq!(ask(&door, &format!("0.0.0.0:{}", served.at.port()), "").status, 421);
    let entered = ask(&door, &host, "");
    let cookie = entered.header("set-cookie").to_owned();
    assert!(cookie.starts_with("__host-mailsec") && cookie.ends_with("; secure"), "{cookie}");
    assert!(entered.header("strict-transport-security").starts_with("max-age="));
    // Headers are read in lower case here, and the prefix is not.
    let cookie = cookie.split(';').next().unwrap().replacen("__host-", "__Host-", 1);
    let list = ask("/", &host, &cookie);
    assert!(list.status == 200 && list.body.contains("waiting at a gate"), "{list:?}");
    // Nobody is answered in the clear.
    let clear = served.ask("GET /", &[("Host", &host)], "");
    assert_eq!(clear.status, 0, "{clear:?}");
}
