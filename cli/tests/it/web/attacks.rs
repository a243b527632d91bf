//! Requests that somebody else would send: each is refused, and the journal is as it was.

use super::{
    at_a_gate,
    served::{Answer, FORM, Served, encoded},
};
use crate::harness::Place;
use std::{
    fs,
    io::{Read, Write},
    net::TcpStream,
    time::{Duration, Instant},
};

/// An upgrade at its gate, the page, and a visitor who came in.
struct Scene {
    place: Place,
    served: Served,
    cookie: String,
    gate: String,
    form: String,
    before: (Vec<u8>, bool),
}

impl Scene {
    fn new() -> Self {
        let place = at_a_gate();
        let served = Served::start(&place);
        let cookie = served.enter();
        let upgrade = place.witnessed().unwrap().envelopes[0].upgrade;
        let gate = format!("/upgrade/{upgrade}/gate");
        let form = served.get(&gate, &cookie).form();
        let before = journal(&place);
        Self { place, served, cookie, gate, form, before }
    }

    fn origin(&self) -> String {
        format!("http://{}", self.served.at)
    }

    fn answer(&self) -> String {
        encoded(&[("form", &self.form), ("gate", "export-rules#1"), ("choice", "done")])
    }

    /// Sends the right answer with these headers instead of the right ones.
    fn answers_with(&self, headers: &[(&str, &str)]) -> Answer {
        let mut all = vec![FORM];
        all.extend(headers);
        self.served.ask(&format!("POST {}", self.gate), &all, &self.answer())
    }

    #[track_caller]
    fn unchanged(&self) {
        assert!(journal(&self.place) == self.before, "the journal or the inbox was changed");
    }
}

/// The witness, and whether anything was left for a running process.
fn journal(place: &Place) -> (Vec<u8>, bool) {
    (fs::read(place.witness()).unwrap(), place.file("state/inbox").exists())
}

#[test]
fn nobody_reads_without_the_session() {
    let scene = Scene::new();
    let upgrade = scene.gate.trim_end_matches("/gate");
    let pages = ["", "/live", "/gate", "/plan", "/report", "/report/json", "/ask/cancel"];
    let all = pages.map(|page| format!("{upgrade}{page}")).into_iter().chain(["/".into(), "/nowhere".into()]);
    let name = scene.cookie.split('=').next().unwrap();
    for path in all {
        let wrong = format!("{name}={}", "0".repeat(64));
        let twice = format!("{}; {}", scene.cookie, wrong);
        for cookie in ["", "x=y", name, &wrong, &twice] {
            let answer = scene.served.get(&path, cookie);
            assert_eq!(answer.status, 401, "{path} with {cookie:?}: {answer:?}");
            assert!(!answer.body.contains("MAIL01") && !answer.body.contains("export"), "{answer:?}");
        }
    }
    assert_eq!(scene.served.get("/", &scene.cookie).status, 200);
}

#[test]
fn the_token_opens_once_and_only_itself() {
    let place = at_a_gate();
    let served = Served::start(&place);
    let right = served.token.clone();
    let flipped = if right.starts_with('0') { "1" } else { "0" };
    for wrong in [
        "",
        "0",
        &right[..63],
        &format!("{flipped}{}", &right[1..]),
        &format!("{right}0"),
        &right.to_uppercase(),
    ] {
        let answer = served.ask(&format!("GET /enter?token={wrong}"), &[], "");
        assert_eq!((answer.status, answer.header("set-cookie")), (401, ""), "{wrong}");
    }
    // Who only looks whether the page is there does not spend it, and nobody else's page opens it in a frame or a picture.
    assert_eq!(served.ask(&format!("HEAD /enter?token={right}"), &[], "").status, 405);
    let framed =
        [("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Mode", "no-cors"), ("Sec-Fetch-Dest", "image")];
    assert_eq!(served.ask(&format!("GET /enter?token={right}"), &framed, "").status, 403);
    let cookie = served.enter();
    let again = served.ask(&format!("GET /enter?token={right}"), &[], "");
    assert_eq!((again.status, again.header("set-cookie")), (401, ""), "it is spent");
    assert_eq!(served.get("/", &cookie).status, 200, "the session stays");
    assert!(!cookie.contains(&right));
}

#[test]
fn another_name_of_this_address_is_turned_away() {
    let scene = Scene::new();
    let port = scene.served.at.port();
    for host in [
        "evil.test",
        &format!("evil.test:{port}"),
        "127.0.0.1",
        &format!("127.0.0.1.evil.test:{port}"),
        "",
        "127.0.0.1:1",
    ] {
        let answer = scene.served.ask("GET /", &[("Host", host), ("Cookie", &scene.cookie)], "");
        assert_eq!(answer.status, 421, "{host:?}: {answer:?}");
    }
    let own = scene.served.at.to_string();
    let two =
        scene.served.ask("GET /", &[("Host", &own), ("Host", "evil.test"), ("Cookie", &scene.cookie)], "");
    assert_eq!(two.status, 421, "{two:?}");
    let absolute = scene.served.ask("GET http://evil.test/", &[("Cookie", &scene.cookie)], "");
    assert_eq!(absolute.status, 421, "{absolute:?}");
    let none = scene.served.send(b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n");
    assert_eq!(none.status, 421, "{none:?}");
    let localhost = format!("localhost:{port}");
    assert_eq!(scene.served.ask("GET /", &[("Host", &localhost), ("Cookie", &scene.cookie)], "").status, 200);
}

#[test]
fn an_answer_of_another_site_is_not_taken() {
    let scene = Scene::new();
    let (own, cookie) = (scene.origin(), scene.cookie.as_str());
    let local = format!("http://localhost:{}", scene.served.at.port());
    for origin in
        ["http://evil.test", "null", "", &own.replace("http", "https"), &format!("{own}.evil.test"), &local]
    {
        let answer = scene.answers_with(&[("Cookie", cookie), ("Origin", origin)]);
        assert_eq!(answer.status, 403, "{origin:?}");
    }
    assert_eq!(scene.answers_with(&[("Cookie", cookie)]).status, 403, "without an origin");
    let two = scene.answers_with(&[("Cookie", cookie), ("Origin", &own), ("Origin", "http://evil.test")]);
    assert_eq!(two.status, 403, "two origins");
    for site in ["cross-site", "same-site", "none", "x"] {
        let answer = scene.answers_with(&[("Cookie", cookie), ("Origin", &own), ("Sec-Fetch-Site", site)]);
        assert_eq!(answer.status, 403, "{site}");
    }
    assert_eq!(scene.answers_with(&[("Origin", &own)]).status, 401, "without a session");
    for site in ["cross-site", "same-site"] {
        for (mode, dest) in [("no-cors", "script"), ("cors", "empty"), ("navigate", "iframe")] {
            let headers = [
                ("Cookie", cookie),
                ("Sec-Fetch-Site", site),
                ("Sec-Fetch-Mode", mode),
                ("Sec-Fetch-Dest", dest),
            ];
            assert_eq!(
                scene.served.ask(&format!("GET {}", scene.gate), &headers, "").status,
                403,
                "{site} {mode}"
            );
        }
    }
    scene.unchanged();
}

#[test]
fn an_answer_without_the_forms_own_secret_is_not_taken() {
    let scene = Scene::new();
    let wrong = "0".repeat(64);
    let cookie = scene.cookie.split_once('=').unwrap().1;
    for form in [None, Some(""), Some(wrong.as_str()), Some(cookie), Some(&scene.form[..63])] {
        let mut fields = vec![("gate", "export-rules#1"), ("choice", "done")];
        fields.extend(form.map(|form| ("form", form)));
        let answer = scene.served.post(&scene.gate, &scene.cookie, &fields);
        assert_eq!(answer.status, 403, "{form:?}");
        let upgrade = scene.gate.trim_end_matches("/gate");
        let answer = scene.served.post(
            &format!("{upgrade}/ask/abandon"),
            &scene.cookie,
            &[("note", "x"), ("form", form.unwrap_or(""))],
        );
        assert_eq!(answer.status, 403, "{form:?}");
        assert_eq!(scene.served.post("/leave", &scene.cookie, &[("form", form.unwrap_or(""))]).status, 403);
    }
    let (own, body) = (scene.origin(), scene.answer());
    for kind in ["text/plain", "multipart/form-data; boundary=x", "application/json"] {
        let headers = [("Cookie", scene.cookie.as_str()), ("Origin", &own), ("Content-Type", kind)];
        assert_eq!(scene.served.ask(&format!("POST {}", scene.gate), &headers, &body).status, 415, "{kind}");
    }
    scene.unchanged();
    assert_eq!(scene.served.get("/", &scene.cookie).status, 200, "the session stays");
}

#[test]
fn no_path_leads_to_a_file() {
    let scene = Scene::new();
    let upgrade = scene.gate.trim_end_matches("/gate");
    let id = upgrade.rsplit('/').next().unwrap();
    let secret = scene.place.file("state/secret.txt");
    fs::write(&secret, "TOP SECRET").unwrap();
    let long = format!("/{}", "a".repeat(4000));
    let paths = [
        "/../../../../etc/passwd",
        "/upgrade/../../etc/passwd",
        "/upgrade/..%2f..%2fsecret.txt",
        "/upgrade/%2e%2e/secret.txt",
        "/upgrade/..%5c..%5csecret.txt",
        "/upgrade/%00",
        &format!("{upgrade}%00/report"),
        &format!("/upgrade/{}", id.to_uppercase()),
        &format!("/upgrade/{}", id.replace('-', "")),
        &format!("/upgrade/{{{id}}}"),
        &format!("{upgrade}/report/..%2f..%2f..%2fsecret.txt"),
        &format!("{upgrade}/report/txt"),
        &format!("{upgrade}/ask/resume"),
        &format!("/upgrade/{id}/"),
        "/upgrade/00000000-0000-0000-0000-000000000000",
        "/style.css/../state/secret.txt",
        "//etc/passwd",
        "/favicon.ico",
        "/upgrade/%ff",
        "*",
        &long,
    ];
    for path in paths {
        let answer = scene.served.get(path, &scene.cookie);
        assert!(matches!(answer.status, 400 | 404 | 414 | 421), "{path:.80}: {}", answer.status);
        assert!(!answer.body.contains("TOP SECRET") && !answer.body.contains("root:"), "{path:.80}");
    }
    for raw in [
        "GET /\0 HTTP/1.1\r\n\r\n",
        "GET / HTTP/9.9\r\n\r\n",
        "\0\0\0\0\r\n\r\n",
        "GET\r\n\r\n",
        "GET / / HTTP/1.1\r\n\r\n",
    ] {
        let answer = scene.served.send(raw.as_bytes());
        assert!(matches!(answer.status, 0 | 400 | 505), "{raw:?}: {answer:?}");
    }
    assert_eq!(scene.served.get("/", &scene.cookie).status, 200, "it goes on serving");
    scene.unchanged();
}

#[test]
fn methods_that_a_page_does_not_take() {
    let scene = Scene::new();
    let upgrade = scene.gate.trim_end_matches("/gate");
    for method in ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "BREW"] {
        let answer = scene.served.ask(&format!("{method} {}", scene.gate), &[("Cookie", &scene.cookie)], "");
        assert!(matches!(answer.status, 400 | 405), "{method}: {answer:?}");
    }
    for path in [
        "/",
        upgrade,
        &format!("{upgrade}/plan"),
        &format!("{upgrade}/report"),
        &format!("{upgrade}/live"),
        "/style.css",
    ] {
        let answer = scene.served.post(path, &scene.cookie, &[("form", &scene.form)]);
        assert_eq!(answer.status, 405, "{path}");
    }
    assert_eq!(scene.served.get("/leave", &scene.cookie).status, 405);
    // A method in a header is none.
    let overridden = [("Cookie", scene.cookie.as_str()), ("X-HTTP-Method-Override", "POST")];
    assert_eq!(
        scene
            .served
            .ask(&format!("GET {}?choice=done&gate=export-rules%231", scene.gate), &overridden, "")
            .status,
        200
    );
    scene.unchanged();
}

#[test]
fn too_much_is_not_read() {
    let scene = Scene::new();
    let origin = scene.origin();
    let headers = [("Cookie", scene.cookie.as_str()), ("Origin", origin.as_str()), FORM];
    let large = format!("{}&note={}", scene.answer(), "x".repeat(80 * 1024));
    assert_eq!(scene.served.ask(&format!("POST {}", scene.gate), &headers, &large).status, 413);
    let chunk = format!("10000\r\n{}\r\n", "x".repeat(0x10000));
    let head = format!(
        "POST {} HTTP/1.1\r\nHost: {}\r\nOrigin: {origin}\r\nCookie: {}\r\nContent-Type: {}\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n",
        scene.gate, scene.served.at, scene.cookie, FORM.1
    );
    assert_eq!(scene.served.send(format!("{head}{chunk}{chunk}").as_bytes()).status, 413, "without a length");
    let smuggled = head.replace("Transfer-Encoding: chunked", "Content-Length: 3\r\nContent-Length: 5");
    assert_eq!(scene.served.send(format!("{smuggled}abcde").as_bytes()).status, 400, "two lengths");
    let long = "x".repeat(40 * 1024);
    assert_eq!(scene.served.ask("GET /", &[("X-Long", &long)], "").status, 431);
    let many: Vec<(&str, &str)> = (0..200).map(|_| ("X-Many", "x")).collect();
    assert_eq!(scene.served.ask("GET /", &many, "").status, 431);
    scene.unchanged();
}

/// Reads until the other side hangs up, and says after how long.
fn cut_off(stream: &mut TcpStream, began: Instant) -> Duration {
    let mut rest = Vec::new();
    _ = stream.read_to_end(&mut rest);
    began.elapsed()
}

#[test]
fn who_is_slow_is_cut_off() {
    let scene = Scene::new();
    let began = Instant::now();
    let mut silent = scene.served.connect();
    let mut dribbling = scene.served.connect();
    dribbling.write_all(b"GET / HTTP/1.1\r\n").unwrap();
    let mut dribbler = dribbling.try_clone().unwrap();
    let drops = std::thread::spawn(move || {
        // A byte now and then, for longer than it can last.
        for _ in 0..300 {
            if dribbler.write_all(b"x").is_err() {
                return;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
    });
    let mut bodiless = scene.served.connect();
    let head = format!(
        "POST {} HTTP/1.1\r\nHost: {}\r\nOrigin: {}\r\nCookie: {}\r\nContent-Type: {}\r\nContent-Length: 100\r\n\r\nform=",
        scene.gate,
        scene.served.at,
        scene.origin(),
        scene.cookie,
        FORM.1
    );
    bodiless.write_all(head.as_bytes()).unwrap();
    let late = Duration::from_secs(25);
    assert!(cut_off(&mut silent, began) < late);
    assert!(cut_off(&mut dribbling, began) < late);
    assert!(cut_off(&mut bodiless, began) < late);
    drops.join().unwrap();
    assert_eq!(scene.served.get("/", &scene.cookie).status, 200);
    scene.unchanged();
}

#[test]
fn more_connections_than_there_are_places_are_turned_away() {
    let scene = Scene::new();
    // The connections of the scene itself may still be closing.
    let held: Vec<TcpStream> = (0..80).map(|_| scene.served.connect()).collect();
    let turned_away = scene.served.get("/", &scene.cookie);
    assert_eq!(turned_away.status, 503, "{turned_away:?}");
    drop(held);
    let began = Instant::now();
    while scene.served.get("/", &scene.cookie).status != 200 {
        assert!(began.elapsed() < super::served::HANGS, "the places do not become free");
        std::thread::sleep(Duration::from_millis(20));
    }
    let live = format!("{}/live", scene.gate.trim_end_matches("/gate"));
    let ask = format!("GET {live} HTTP/1.1\r\nHost: {}\r\nCookie: {}\r\n\r\n", scene.served.at, scene.cookie);
    let followers: Vec<TcpStream> = (0..16)
        .map(|_| {
            let mut stream = scene.served.connect();
            stream.write_all(ask.as_bytes()).unwrap();
            let mut first = [0; 12];
            stream.read_exact(&mut first).unwrap();
            assert_eq!(&first, b"HTTP/1.1 200");
            stream
        })
        .collect();
    assert_eq!(scene.served.get(&live, &scene.cookie).status, 503, "too many follow");
    drop(followers);
    scene.unchanged();
}

#[test]
fn an_answer_that_the_gate_does_not_take_changes_nothing() {
    let scene = Scene::new();
    let answer = |gate: &str, choice: &str, more: &[(&str, &str)]| {
        let mut fields = vec![("form", scene.form.as_str()), ("gate", gate), ("choice", choice)];
        fields.extend(more);
        scene.served.post(&scene.gate, &scene.cookie, &fields)
    };
    for (gate, choice, more, status, says) in [
        ("run-installer#2", "done", &[][..], 409, "gate-not-open"),
        ("", "done", &[], 409, "gate-not-open"),
        ("export-rules#1", "retry", &[], 409, "gate-not-open"),
        ("export-rules#1", "", &[], 409, "gate-not-open"),
        ("export-rules#1", "done", &[("item.rule-1", "done")], 422, "no such item"),
        ("export-rules#1", "done", &[("item.<b>", "done")], 422, "bad-argument"),
        (
            "export-rules#1",
            "roll-back",
            &[("item.rule-1", "given-up"), ("why.rule-1", "x")],
            422,
            "bad-argument",
        ),
        ("export-rules#1", "done", &[("item.rule-1", "given-up"), ("why.rule-1", " ")], 422, "bad-argument"),
    ] {
        let answer = answer(gate, choice, more);
        assert_eq!(answer.status, status, "{gate} {choice} {more:?}: {answer:?}");
        assert!(answer.body.contains(says), "{gate} {choice} {more:?}: {}", answer.body);
        assert!(!answer.body.contains("<b>"), "what was sent comes back as text");
    }
    let upgrade = scene.gate.trim_end_matches("/gate");
    let abandon =
        scene.served.post(&format!("{upgrade}/ask/abandon"), &scene.cookie, &[("form", &scene.form)]);
    assert_eq!(abandon.status, 409, "without a reason");
    scene.unchanged();
}

#[test]
fn every_answer_is_protected() {
    let scene = Scene::new();
    let upgrade = scene.gate.trim_end_matches("/gate");
    let paths = [
        "/",
        "/style.css",
        "/page.js",
        "/nowhere",
        upgrade,
        &scene.gate,
        &format!("{upgrade}/report"),
        &format!("{upgrade}/report/html"),
    ];
    for path in paths {
        for cookie in ["", scene.cookie.as_str()] {
            let answer = scene.served.get(path, cookie);
            for (name, value) in [
                ("x-content-type-options", "nosniff"),
                ("referrer-policy", "same-origin"),
                ("cache-control", "no-store"),
                ("cross-origin-opener-policy", "same-origin"),
                ("cross-origin-resource-policy", "same-origin"),
            ] {
                assert_eq!(answer.header(name), value, "{path}: {name}");
            }
            let policy = answer.header("content-security-policy");
            for part in ["default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'"] {
                assert!(policy.contains(part), "{path}: {policy}");
            }
            assert!(!policy.contains("unsafe") && !policy.contains('*'), "{path}: {policy}");
        }
    }
    let door = Served::start(&scene.place);
    let cookie =
        door.ask(&format!("GET /enter?token={}", door.token), &[], "").header("set-cookie").to_owned();
    assert!(
        cookie.contains("httponly") && cookie.contains("samesite=strict") && cookie.contains("path=/"),
        "{cookie}"
    );
}
