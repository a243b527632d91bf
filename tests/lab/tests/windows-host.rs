//! The tests of the Windows host, on machines of the lab: they stop its services, change its agents and install packages,
//! so they are ignored wherever a machine would be missed.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]

use mailsec_lab::Lab;
use std::{
    collections::BTreeMap,
    path::PathBuf,
    process::{Command, Stdio},
    sync::OnceLock,
    time::Duration,
};

/// What the tests are called by others of their own, to be ended or killed.
const HELPERS: [&str; 3] = ["waits", "calls_the_shell", "runs_an_installer"];

/// The programs that cargo makes of the crate's tests and examples, by the names of their sources.
fn programs() -> &'static BTreeMap<String, PathBuf> {
    static PROGRAMS: OnceLock<BTreeMap<String, PathBuf>> = OnceLock::new();
    PROGRAMS.get_or_init(|| {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let build = Command::new(cargo)
            .args(["test", "--no-run", "--package", "mailsec-windows", "--target", "x86_64-pc-windows-gnu"])
            .args(["--message-format", "json"])
            .env_remove("RUSTFLAGS")
            .env_remove("CARGO_ENCODED_RUSTFLAGS")
            .stdin(Stdio::null())
            .stderr(Stdio::inherit())
            .output()
            .expect("cargo runs");
        assert!(build.status.success(), "the tests of mailsec-windows build for Windows");
        let made = |line: &str| {
            let message: serde_json::Value = serde_json::from_str(line).ok()?;
            let name = message["target"]["name"].as_str()?.to_owned();
            Some((name, message["executable"].as_str()?.into()))
        };
        String::from_utf8(build.stdout).unwrap().lines().filter_map(made).collect()
    })
}

/// Runs all tests of one source on a machine of its own, the ignored ones too.
fn run(source: &str) {
    let lab = Lab::new().unwrap();
    // As cargo lays them out: a test looks for an example beside its own folder.
    let exe = format!(r"C:\tests\deps\{source}.exe");
    lab.put(&programs()[source], &exe).unwrap();
    lab.put(&programs()["sample-service"], r"C:\tests\examples\sample-service.exe").unwrap();
    lab.set_variable("MAILSEC_SMTP", &format!("127.0.0.1:{}", lab.smtp_port()));
    lab.set_variable("MAILSEC_TEST_MSI", r"C:\lab\packages\other-product.msi");
    let mut words = vec![exe.as_str(), "--include-ignored", "--test-threads=1"];
    words.extend(HELPERS.iter().flat_map(|name| ["--skip", name]));
    let ended = lab.run_within(&words, Duration::from_secs(400)).unwrap();
    assert_eq!(ended.code, 0, "{}\n{}", ended.stdout, ended.stderr);
    assert!(ended.stdout.contains("test result: ok."), "{}", ended.stdout);
    assert!(!ended.stdout.contains(" 0 passed"), "{}", ended.stdout);
}

#[test]
fn the_contract_of_the_ports_holds_on_windows() {
    run("contract");
}

#[test]
fn the_ports_do_what_windows_makes_possible() {
    run("on_windows");
}

#[test]
fn a_shell_that_goes_wrong_is_seen_through() {
    run("shell_faults");
}
