//! What goes wrong with a shell, and asking for a restart: only for a machine of the Windows lab, whose stand-ins take
//! the faults from `faults.json`. Run with `--ignored --test-threads=1`.
#![cfg(windows)]
#![allow(clippy::unwrap_used, clippy::expect_used)]

use mailsec_core::{
    Code, Permit,
    host::{AgentId, Host, TransportService},
    values::ServerPath,
};
use mailsec_windows::{WindowsConfig, WindowsHost};
use std::{
    process::Command,
    time::{Duration, Instant},
};

const FAULTS: &str = r"C:\lab\faults.json";
const AGENT: &str = "Malware Agent";
const SHELL_FOLDER: &str = r"C:\windows\system32\WindowsPowerShell";

fn host(limit: u64) -> WindowsHost {
    let config = WindowsConfig { powershell_limit: Duration::from_secs(limit), ..WindowsConfig::default() };
    WindowsHost::new(config).unwrap()
}

fn faults(powershell: &str) {
    std::fs::write(FAULTS, format!("{{\"powershell\":{powershell}}}")).unwrap();
}

async fn enabled(host: &dyn Host) -> bool {
    let agents = host.transport().agents().await.unwrap();
    agents.into_iter().find(|agent| *agent.id.name == *AGENT).unwrap().enabled
}

async fn set(host: &dyn Host, to: bool) -> Result<(), mailsec_core::Failure> {
    let id = AgentId { name: AGENT.into(), service: TransportService::Hub };
    host.transport().set_enabled(&Permit::for_test("set"), &id, to).await
}

async fn shells(host: &dyn Host) -> usize {
    host.processes().under(&ServerPath::new(SHELL_FOLDER)).await.unwrap().len()
}

#[tokio::test]
#[ignore = "changes agents of the Windows lab"]
async fn only_a_whole_frame_and_the_file_count() {
    let host = host(60);
    faults(r#"{"noise":true,"exit_code":3}"#);
    set(&host, false).await.expect("noise and the exit code do not matter");
    assert!(!enabled(&host).await);

    faults(r#"{"half_frame":true}"#);
    let failure = set(&host, true).await.unwrap_err();
    assert_eq!(failure.code, Code::Shell, "{failure:?}");
    assert!(enabled(&host).await, "what the shell did before it lost its voice is seen in the file");

    faults(r#"{"die_after":0}"#);
    assert_eq!(set(&host, false).await.unwrap_err().code, Code::Shell);
    assert!(enabled(&host).await);

    faults("{}");
    set(&host, false).await.unwrap();
    set(&host, true).await.unwrap();
    assert_eq!(shells(&host).await, 0, "no shell is kept");
}

#[tokio::test]
#[ignore = "changes agents of the Windows lab"]
async fn a_shell_that_hangs_is_ended() {
    let host = host(2);
    for (fault, done) in [(r#"{"hang_before_seconds":60}"#, false), (r#"{"hang_after_seconds":60}"#, true)] {
        faults(fault);
        let begun = Instant::now();
        assert_eq!(set(&host, false).await.unwrap_err().code, Code::TimeLimit);
        assert!(begun.elapsed() < Duration::from_secs(20));
        assert_eq!(shells(&host).await, 0, "it is ended");
        assert_eq!(!enabled(&host).await, done);
    }
    faults("{}");
    set(&host, true).await.unwrap();
}

#[tokio::test]
#[ignore = "changes agents of the Windows lab"]
async fn a_shell_dies_with_its_caller() {
    faults(r#"{"hang_before_seconds":8}"#);
    let host = host(60);
    let mut caller = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "calls_the_shell", "--include-ignored"])
        .spawn()
        .unwrap();
    let begun = Instant::now();
    while shells(&host).await == 0 {
        assert!(begun.elapsed() < Duration::from_secs(7), "the shell starts");
        host.clock().sleep(Duration::from_millis(50)).await;
    }
    host.clock().sleep(Duration::from_millis(300)).await;
    caller.kill().unwrap();
    caller.wait().unwrap();
    host.clock().sleep(Duration::from_secs(1)).await;
    assert_eq!(shells(&host).await, 0, "an orphan would change agents behind the next run's back");
    host.clock().sleep(Duration::from_secs(9)).await;
    assert!(enabled(&host).await);
    faults("{}");
}

#[tokio::test]
#[ignore = "a helper of another test: is killed"]
async fn calls_the_shell() {
    let _ = set(&host(60), false).await;
}

#[tokio::test]
#[ignore = "asks for a restart of the Windows lab"]
async fn a_restart_is_asked_for_with_its_comment() {
    let host = host(60);
    host.power().restart(&Permit::for_test("restart"), "mailsec \"upgrade\" 42").await.unwrap();
    let asked = std::fs::read_to_string(r"C:\lab\restarts.jsonl").unwrap();
    assert!(asked.contains("/r") && asked.contains("p:4:2") && asked.contains("42"), "{asked}");
}
