//! The same seeds take the same course on Linux and on Windows: the traces of the simulator say so.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]

use mailsec_lab::{Lab, build_for_windows};
use std::{process::Command, time::Duration};

/// Every medium of the journal, over all plans several times.
const WORDS: [&str; 7] = ["--json", "simulate", "swarm", "--twice", "--seeds", "120", "--medium"];

fn trace(said: &str) -> serde_json::Value {
    let said: serde_json::Value = serde_json::from_str(said).unwrap_or_else(|why| panic!("{why}: {said}"));
    assert_eq!(said["seeds"], 120, "{said}");
    assert!(said["trace"].is_string(), "{said}");
    serde_json::json!([said["trace"], said["events"], said["broken"], said["unsteady"]])
}

#[test]
fn the_same_seeds_take_the_same_course_on_windows() {
    let lab = Lab::new().unwrap();
    let exe = build_for_windows("mailsec", "mailsec").unwrap();
    lab.put(&exe, r"C:\tests\mailsec.exe").unwrap();
    for medium in ["typed", "sealed", "device"] {
        let words: Vec<&str> = WORDS.into_iter().chain([medium]).collect();
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let here = Command::new(cargo)
            .args(["run", "--quiet", "--package", "mailsec", "--"])
            .args(&words)
            .output()
            .unwrap();
        assert!(here.status.success(), "{}", String::from_utf8_lossy(&here.stderr));
        let there: Vec<&str> = std::iter::once(r"C:\tests\mailsec.exe").chain(words).collect();
        let there = lab.run_within(&there, Duration::from_secs(300)).unwrap();
        assert_eq!(there.code, 0, "{}\n{}", there.stdout, there.stderr);
        assert_eq!(trace(&String::from_utf8(here.stdout).unwrap()), trace(&there.stdout), "{medium}");
    }
}
