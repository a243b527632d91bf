//! Lists: repeated while the server is busy or away, within bounds, and never forever.

use crate::harness::{Bench, client, config, permit, run, task};
use mailsec_core::{Code, failure::Remedy};
use mailsec_eset::remote::{Created, Management, RunStatus};
use mailsec_eset_connect_standin::{PASSWORD, Route, StandIn, Trouble};

/// What the list of devices comes to when this happens to it, how often it was asked for, and the waits.
fn devices_after(trouble: Trouble, times: u32) -> (Result<usize, (Code, Remedy)>, usize, Vec<u64>) {
    let bench = Bench::new();
    bench.server.tenant().page = 100;
    bench.server.tenant().will(Route::Devices, times, trouble);
    let got = run(bench.client.devices());
    let calls = bench.server.tenant().calls(Route::Devices);
    if let Err(failure) = &got {
        assert!(!format!("{failure:?}").contains("LabAccessToken"), "{failure:?}");
    }
    (got.map(|all| all.len()).map_err(|failure| (failure.code, failure.remedy)), calls, bench.clock.waits())
}

#[test]
fn every_misbehaviour_of_a_list_ends_as_it_should() {
    use Code::{ManagementAccess, ManagementRefused, ManagementServer, TimeLimit};
    use Remedy::{Ask, None, Retry};
    let rows = [
        ("it answers", Trouble::Busy(0), 0, Ok(3), 1, vec![]),
        ("one 500", Trouble::Status(500), 1, Ok(3), 2, vec![1]),
        ("500s to the last try", Trouble::Status(500), 3, Ok(3), 4, vec![1, 2, 4]),
        ("500s for ever", Trouble::Status(503), 9, Err((ManagementServer, Retry)), 4, vec![1, 2, 4]),
        ("its own time-out", Trouble::Status(504), 1, Ok(3), 2, vec![1]),
        ("busy, and it says how long", Trouble::Busy(17), 1, Ok(3), 2, vec![17]),
        ("busy, and it asks for a day", Trouble::Busy(86400), 1, Ok(3), 2, vec![60]),
        ("busy for ever", Trouble::Busy(0), 9, Err((ManagementServer, Retry)), 4, vec![1, 2, 4]),
        ("no answer", Trouble::Hang, 1, Ok(3), 2, vec![1]),
        ("the connection ends", Trouble::Drop, 2, Ok(3), 3, vec![1, 2]),
        ("half a JSON", Trouble::HalfJson, 1, Ok(3), 2, vec![1]),
        ("half a JSON for ever", Trouble::HalfJson, 9, Err((ManagementServer, Retry)), 4, vec![1, 2, 4]),
        ("half an answer", Trouble::HalfAnswer, 1, Ok(3), 2, vec![1]),
        ("a huge answer", Trouble::Huge(1 << 20), 9, Err((ManagementServer, None)), 1, vec![]),
        (
            "elsewhere",
            Trouble::Redirect("http://127.0.0.1:1/".into()),
            9,
            Err((ManagementServer, Ask)),
            1,
            vec![],
        ),
        ("not allowed", Trouble::Status(403), 9, Err((ManagementAccess, Ask)), 1, vec![]),
        ("refused", Trouble::Status(400), 9, Err((ManagementRefused, Ask)), 1, vec![]),
        ("not there", Trouble::Status(404), 9, Err((ManagementRefused, Ask)), 1, vec![]),
        ("not ready at first", Trouble::Pending(2), 1, Ok(3), 3, vec![5, 5]),
        ("never ready", Trouble::Pending(99), 1, Err((TimeLimit, Retry)), 4, vec![5, 5, 5]),
        ("forgotten when it was ready", Trouble::Forgotten, 1, Ok(3), 3, vec![5, 1]),
        ("a list that goes on for ever", Trouble::Endless, 9, Err((ManagementServer, None)), 2, vec![]),
    ];
    for (name, trouble, times, expected, calls, waits) in rows {
        assert_eq!(devices_after(trouble, times), (expected, calls, waits), "{name}");
    }
}

#[test]
fn pages_are_followed_to_the_last() {
    let bench = Bench::new();
    assert_eq!(run(bench.client.devices()).unwrap().len(), 3);
    assert_eq!(bench.server.tenant().calls(Route::Devices), 2);
    let targets: Vec<_> = bench.server.tenant().seen.iter().map(|seen| seen.target.clone()).collect();
    assert_eq!(targets, ["/oauth/token", "/v1/devices pageSize=100", "/v1/devices pageSize=100 pageToken=2"]);
}

#[test]
fn runs_are_read_with_words_and_fields_that_nobody_knows() {
    let bench = Bench::new();
    bench.server.tenant().device("EX1").looks = Some(1);
    let made = run(bench.client.create_task(&permit(), &task("x"))).unwrap();
    let Created::Task { task, .. } = made else { panic!("{made:?}") };
    let status = || {
        run(bench.client.runs(&task.uuid)).unwrap().iter().map(|run| run.status.clone()).collect::<Vec<_>>()
    };
    assert_eq!((status(), status()), (vec![RunStatus::Running], vec![RunStatus::Finished]));
}

#[test]
fn an_id_with_a_slash_stays_one_part_of_the_address() {
    let bench = Bench::new();
    let id = mailsec_eset::remote::TaskId::new("../../oauth/token?x=1");
    assert_eq!(run(bench.client.runs(&id)).unwrap_err().code, Code::ManagementRefused);
    assert_eq!(bench.server.tenant().calls(Route::Token), 1, "only the log-on");
}

#[test]
fn nobody_there_is_tried_again_and_then_said() {
    let url = StandIn::start(&[]).url();
    let clock = std::sync::Arc::default();
    let client = client(&config(&url), Some(PASSWORD), std::sync::Arc::clone(&clock));
    let failure = run(client.devices()).unwrap_err();
    assert_eq!((failure.code, failure.remedy), (Code::ManagementServer, Remedy::Retry));
    assert_eq!(failure.found.as_deref(), Some("no connection"));
    assert_eq!(clock.waits(), [1, 2, 4]);
}

#[test]
fn over_tls_the_servers_certificate_must_be_trusted() {
    let (server, pem) = StandIn::start_tls(&["EX1"]);
    let mut config = config(&server.url());
    let unknown = client(&config, Some(PASSWORD), std::sync::Arc::default());
    let failure = run(unknown.devices()).unwrap_err();
    assert!(failure.causes.iter().any(|cause| cause.contains("certificate")), "{failure:?}");
    assert!(server.tenant().seen.is_empty(), "nothing was sent to a stranger");

    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("ca.pem");
    std::fs::write(&file, pem).unwrap();
    config.trust = Some(file);
    let trusted = client(&config, Some(PASSWORD), std::sync::Arc::default());
    assert_eq!(run(trusted.devices()).unwrap().len(), 1);
}
