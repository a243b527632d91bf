//! Starting, coming in, answering, leaving: what the page does for those who may.

use super::{at_a_gate, save_rules, served::Served};
use crate::harness::{Place, Running, SECRET};

fn upgrade(place: &Place) -> String {
    format!("/upgrade/{}", place.witnessed().unwrap().envelopes[0].upgrade)
}

#[test]
fn an_answer_by_the_page_is_one_by_the_command_with_another_name() {
    let place = at_a_gate();
    let served = Served::start(&place);
    let cookie = served.enter();
    let gate = format!("{}/gate", upgrade(&place));
    let page = served.get(&gate, &cookie);
    for text in [
        "Export the custom rules",
        "open the product",
        "no source names",
        "the file must exist",
        "the upgrade waits",
        "export-rules#1",
        "roll-back",
    ] {
        assert!(page.body.contains(text), "{text}: {}", page.body);
    }
    let note = "<script>alert(1)</script> \u{202e}& \"exported\"";
    let fields = [
        ("form", page.form()),
        ("gate", "export-rules#1".into()),
        ("choice", "done".into()),
        ("note", note.into()),
    ];
    let fields = fields.each_ref().map(|(name, value)| (*name, value.as_str()));
    save_rules(&place);
    let answer = served.post(&gate, &cookie, &fields);
    assert_eq!(
        (answer.status, answer.header("location")),
        (303, format!("{}?taken=journaled", upgrade(&place)).as_str())
    );
    let again = served.post(&gate, &cookie, &fields);
    assert_eq!(again.status, 409, "the same answer twice: {again:?}");
    place.run(SECRET.into_iter().chain(["--no-input", "resume"])).exits(0);
    for path in ["/report", "/report/html", "/report/md", "/report/xml"] {
        let report = served.get(&format!("{}{path}", upgrade(&place)), &cookie);
        assert_eq!(report.status, 200);
        // JUnit's form has steps and promises, and no gates.
        assert!(
            report.body.contains("ada (by the web page)") || path == "/report/xml",
            "{path}: {}",
            report.body
        );
        assert!(!report.body.contains("<script>") || path == "/report/md", "{path}: {}", report.body);
        assert!(!report.body.contains('\u{202e}'), "{path}");
    }
    let json = served.get(&format!("{}/report/json", upgrade(&place)), &cookie);
    let value: serde_json::Value = serde_json::from_str(&json.body).unwrap();
    assert_eq!(value["report"]["gates"][0]["answer"]["by"], "ada (by the web page)");
    assert_eq!(value["report"]["gates"][0]["answer"]["note"], note);
    assert!(json.header("content-disposition").starts_with("attachment; filename=\"upgrade-"));
}

#[test]
fn what_is_said_while_a_process_runs_is_handed_to_it() {
    let place = at_a_gate();
    let running = Running::at_a_terminal(&place, SECRET.into_iter().chain(["resume"]));
    running.reaches_gate("export-rules#1");
    let served = Served::start(&place);
    let cookie = served.enter();
    let ask = format!("{}/ask/cancel", upgrade(&place));
    let page = served.get(&ask, &cookie);
    assert!(page.body.contains("take back what was done"), "{}", page.body);
    // The process holds the journal once it is at its gate; before, the request is journaled.
    let fields = [("form", page.form()), ("note", "not tonight".into())];
    let answer = served.post(&ask, &cookie, &fields.each_ref().map(|(name, value)| (*name, value.as_str())));
    assert_eq!(answer.status, 303, "{answer:?}");
    assert_eq!(answer.header("location"), format!("{}?taken=handed", upgrade(&place)));
    assert!(served.get(answer.header("location"), &cookie).body.contains("Handed to the running process"));
    // The gate at the keyboard is left, and the request is found.
    running.ends().exits(20);
    let report = place.run(["report"]).exits(0).stdout;
    assert!(report.contains("ada (by the web page) asked to cancel: not tonight"), "{report}");
}

#[test]
fn whoever_leaves_is_out_and_ctrl_c_ends_it() {
    let place = at_a_gate();
    let served = Served::start(&place);
    let cookie = served.enter();
    let form = served.get("/", &cookie).form();
    assert_eq!(served.post("/leave", &cookie, &[("form", &form)]).status, 200);
    assert_eq!(served.get("/", &cookie).status, 401);
    assert!(served.said.contains("Ctrl-C ends it"), "{}", served.said);
    let ran = served.interrupted().exits(0);
    assert_eq!(ran.stdout, "The page is closed.\n");
}

#[test]
fn the_token_is_in_no_log() {
    let place = at_a_gate();
    let mut command = place.command(["-vv", "serve", "--listen", "127.0.0.1:0"]);
    command.env("MAILSEC_LOG", "trace");
    let served = Served::spawn(command);
    let (token, cookie) = (served.token.clone(), served.enter());
    served.get("/", &cookie);
    let said = served.said.clone();
    let all = format!("{said}{}", served.interrupted().exits(0).stderr);
    assert!(all.contains("GET /enter 200"), "nothing was logged: {all}");
    assert_eq!(all.matches(&token).count(), 1, "it is shown once: {all}");
    assert!(!all.contains(cookie.split_once('=').unwrap().1), "the session is in the log");
}
