//! `remote`: planned, run and reported with the real command against a management server that is a stand-in.

use crate::harness::{NEW, Ran, Tenant};
use mailsec_eset_connect_standin::{PASSWORD, Route, Trouble};
use std::fs;

const THREE: [&str; 3] = ["EX1", "EX2", "EX3"];

#[test]
fn three_servers_are_upgraded_and_restarted_by_one_task_each() {
    let tenant = Tenant::new(&THREE);
    let listed = tenant.run(["remote", "devices"]).exits(0);
    assert_eq!(listed.stdout.lines().count(), 3, "{listed}");
    let planned = tenant.plans(&THREE, &["--restart", "--explain"]).exits(0);
    for said in [
        "ESET documents no action that installs software",
        "the task goes to all 3 devices at the same time",
        "Mail      not watched",
        "point of no return",
        "restart 3 devices, all at the same time",
    ] {
        assert!(planned.stdout.replace("\n        ", " ").contains(said), "{said}\n{planned}");
    }
    assert_eq!(tenant.server.tenant().created, 0, "planning changes nothing");

    let ran = tenant.runs().output().map(Ran::from).unwrap().exits(0);
    assert!(ran.stdout.contains(&format!("ESET Mail Security {NEW} is reported by every server")), "{ran}");
    let actions: Vec<_> =
        tenant.server.tenant().tasks.iter().map(|task| task.sent["action"]["name"].to_string()).collect();
    assert_eq!(actions, [r#""RunCommand""#, r#""ShutdownComputer""#]);

    let report = tenant.run(["report"]).exits(0);
    for said in
        ["request-id", "task 00000000-0000-4000-8000-000000000001", "EX3: finished at", "Mail: not watched"]
    {
        assert!(report.stdout.replace("\n  ", " ").contains(said), "{said}\n{report}");
    }
    tenant.run(["journal", "verify"]).exits(0);
    tenant.run(["journal", "export", "--out", &tenant.path("bundle")]).exits(0);
    let said = format!("{listed}{planned}{ran}{report}{}", tenant.written());
    for secret in [PASSWORD, "LabAccessToken", "LabRefreshToken"] {
        assert!(!said.contains(secret), "{secret} was written");
    }
}

#[test]
fn a_device_that_fails_is_named_at_a_gate_and_the_report_says_who_went_on() {
    let tenant = Tenant::new(&THREE);
    tenant.plans(&THREE, &[]).exits(0);
    tenant.server.tenant().device("EX2").fails = Some("exit code 1603".to_owned());
    let ran = tenant.runs().output().map(Ran::from).unwrap().exits(21);
    assert!(ran.stderr.contains("EX2: failed") && ran.stderr.contains("1603"), "{ran}");
    // Somebody runs the task on EX2 again, from the console.
    tenant.server.tenant().device("EX2").fails = None;
    tenant.run(["answer", "follow-runs#1", "retry", "--note", "disk was full"]).exits(0);
    assert_eq!(tenant.server.tenant().created, 1);
    assert!(tenant.run(["report"]).stdout.contains("disk was full"));
    assert!(
        tenant.run(["status"]).stdout.contains("`mailsec --host eset-connect:"),
        "{}",
        tenant.run(["status"])
    );
}

#[test]
fn a_server_that_is_busy_and_lets_tokens_end_only_takes_longer() {
    let tenant = Tenant::new(&THREE);
    tenant.plans(&THREE, &["--settle", "1"]).exits(0);
    {
        let mut server = tenant.server.tenant();
        server.token_lasts = 1;
        server.will(Route::Devices, 1, Trouble::Status(500));
        server.will(Route::Tasks, 1, Trouble::HalfJson);
        server.will(Route::Create, 1, Trouble::DropAfter);
        server.will(Route::Runs, 1, Trouble::Busy(1));
    }
    let ran = tenant.runs().output().map(Ran::from).unwrap().exits(0);
    assert_eq!(tenant.server.tenant().created, 1, "{ran}");
}

#[test]
fn what_cannot_be_done_is_refused_before_anything_is_asked_of_a_server() {
    let tenant = Tenant::new(&THREE);
    let refused = |arguments: &[&str], code: i32, says: &str| {
        let ran = tenant.run(arguments.iter().copied()).exits(code);
        assert!(ran.told().contains(says), "{says}\n{ran}");
    };
    refused(&["detect"], 2, "mailsec remote devices");
    refused(&["plan", "--installer", r"C:\x.msi"], 2, "mailsec remote plan");
    refused(&["methods"], 2, "mailsec remote devices");
    refused(&["--host", "eset-connect:mars", "remote", "devices"], 2, "eset-connect:jpn");
    refused(&["--host", "sim:/nowhere", "remote", "devices"], 1, "there is no simulated server");
    fs::write(tenant.file("action.json"), r#"{"name": "SoftwareInstall"}"#).unwrap();
    assert!(tenant.plans(&["EX1"], &[]).exits(2).stderr.contains("missing field `params`"));
    fs::write(
        tenant.file("config.json"),
        format!(r#"{{"eset_connect": {{"user": "u", "password": "{PASSWORD}"}}}}"#),
    )
    .unwrap();
    let ran = tenant.run(["remote", "devices"]).exits(2);
    assert!(ran.stderr.contains("passwords do not belong there") && !ran.stderr.contains(PASSWORD), "{ran}");
    assert!(tenant.server.tenant().seen.is_empty());
}

#[test]
fn a_plan_is_for_the_tenant_that_it_was_made_for() {
    let tenant = Tenant::new(&THREE);
    tenant.plans(&["EX1"], &[]).exits(0);
    let other =
        tenant.run(["--host", "eset-connect:us", "run", "--yes", "--plan", &tenant.path("plan.json")]);
    assert!(other.exits(30).stderr.contains("the plan was made for another server"));
    assert_eq!(tenant.server.tenant().created, 0);
}

#[test]
fn an_action_with_a_secret_in_it_is_warned_of() {
    let tenant = Tenant::new(&THREE);
    let action = r#"{"name": "Odd", "params": {"@type": "lab/Run", "commandLine": "x PASSWORD=y"}}"#;
    fs::write(tenant.file("action.json"), action).unwrap();
    let planned = tenant.plans(&["EX1"], &[]).exits(0);
    let text = planned.stdout.replace("\n  ", " ");
    assert!(
        text.contains("seems to hold a secret") && text.contains("not among those that ESET documents"),
        "{planned}"
    );
}
