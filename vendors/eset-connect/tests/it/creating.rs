//! A task is asked for once: what may have been taken is never sent again.

use crate::harness::{Bench, permit, run, task};
use mailsec_eset::remote::{Created, Management};
use mailsec_eset_connect_standin::{Route, Trouble};

/// What became of one request: the word for it, how often it was sent (not counting repeats that name the pending
/// answer), and the tasks that there are then.
fn created_after(trouble: Option<Trouble>, times: u32) -> (String, usize, u32) {
    let bench = Bench::new();
    if let Some(trouble) = trouble {
        bench.server.tenant().will(Route::Create, times, trouble);
    }
    let word = match run(bench.client.create_task(&permit(), &task("x"))) {
        Ok(Created::Task { task, request }) => {
            assert_eq!((task.display_name.as_str(), request.is_some()), ("x", true));
            "task".to_owned()
        }
        Ok(Created::InDoubt(failure)) => format!("in doubt: {}", failure.code),
        Err(failure) => failure.code.to_string(),
    };
    let tenant = bench.server.tenant();
    let sent =
        tenant.seen.iter().filter(|seen| seen.route == Route::Create && seen.response.is_none()).count();
    (word, sent, tenant.created)
}

#[test]
fn no_misbehaviour_makes_two_tasks_or_hides_one() {
    let doubt = "in doubt: management-server";
    let rows = [
        ("it answers", None, 0, "task", 1, 1),
        ("busy: not looked at, so sent again", Some(Trouble::Busy(1)), 2, "task", 3, 1),
        ("busy for ever", Some(Trouble::Busy(1)), 9, "management-server", 4, 0),
        ("500 before", Some(Trouble::Status(500)), 1, doubt, 1, 0),
        ("500 after", Some(Trouble::StatusAfter(500)), 1, doubt, 1, 1),
        ("time-out of its own after", Some(Trouble::StatusAfter(504)), 1, doubt, 1, 1),
        ("no answer, not done", Some(Trouble::Hang), 1, doubt, 1, 0),
        ("no answer, done", Some(Trouble::HangAfter), 1, doubt, 1, 1),
        ("connection ends before", Some(Trouble::Drop), 1, doubt, 1, 0),
        ("connection ends after", Some(Trouble::DropAfter), 1, doubt, 1, 1),
        ("half a JSON", Some(Trouble::HalfJson), 1, doubt, 1, 1),
        ("half an answer", Some(Trouble::HalfAnswer), 1, doubt, 1, 1),
        ("a huge answer", Some(Trouble::Huge(1 << 20)), 1, doubt, 1, 0),
        ("not ready at first", Some(Trouble::Pending(3)), 1, "task", 1, 1),
        ("never ready", Some(Trouble::Pending(99)), 1, "in doubt: time-limit", 1, 1),
        ("forgotten when it was ready", Some(Trouble::Forgotten), 1, "in doubt: management-refused", 1, 1),
        ("refused", Some(Trouble::Status(400)), 1, "management-refused", 1, 0),
        ("not allowed", Some(Trouble::Status(403)), 1, "management-access", 1, 0),
    ];
    for (name, trouble, times, word, sent, tasks) in rows {
        assert_eq!(created_after(trouble, times), (word.to_owned(), sent, tasks), "{name}");
    }
}

#[test]
fn a_token_that_ended_meanwhile_does_not_make_it_two() {
    let bench = Bench::new();
    run(bench.client.devices()).unwrap();
    bench.server.tenant().end_tokens();
    assert!(matches!(run(bench.client.create_task(&permit(), &task("x"))), Ok(Created::Task { .. })));
    assert_eq!(bench.server.tenant().created, 1);
}

#[test]
fn the_servers_own_answer_for_what_it_has_already_is_handed_on() {
    let bench = Bench::new();
    bench.server.tenant().names_do_not_count = true;
    let uuid = |name: &str| match run(bench.client.create_task(&permit(), &task(name))).unwrap() {
        Created::Task { task, .. } => (task.uuid, task.display_name),
        doubt @ Created::InDoubt(_) => panic!("{doubt:?}"),
    };
    let (first, second) = (uuid("x"), uuid("y"));
    assert_eq!(first, second, "the second has the first one's name");
    assert_eq!(bench.server.tenant().created, 1);
}

#[test]
fn a_task_is_sent_as_the_interface_documents_it() {
    let bench = Bench::new();
    run(bench.client.create_task(&permit(), &task("x"))).unwrap();
    let sent = bench.server.tenant().tasks[0].sent.clone();
    assert_eq!(
        sent,
        serde_json::json!({
            "displayName": "x",
            "description": "[x]",
            "action": { "name": "RunCommand", "params": { "@type": "lab/Run", "anything": [1] } },
            "targets": { "devicesUuids": ["10000000-0000-4000-8000-000000000001"], "deviceGroupsUuids": [] },
            "triggers": [{ "manual": { "expireTime": "2025-12-30T13:06:40.000Z" } }],
        })
    );
}
