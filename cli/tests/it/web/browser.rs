//! A real browser without a window, driven by its own protocol over a pipe: no port, no library. One that is not
//! installed fails the test.

use super::served::HANGS;
use serde_json::{Value, json};
use std::{
    fs,
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Stdio},
    sync::mpsc::{Receiver, channel},
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// Chromium, with one page open; killed when it is dropped.
pub(super) struct Browser {
    child: Child,
    to: ChildStdin,
    from: Receiver<Value>,
    session: Option<String>,
    next: u64,
    /// What the page complained of: scripts that failed, what its policy forbade, what could not be loaded.
    pub(super) complaints: Vec<String>,
    _profile: TempDir,
}

impl Browser {
    pub(super) fn start() -> Self {
        let profile = tempfile::tempdir().unwrap();
        // It takes commands at handle 3 and answers at 4; a shell puts our pipes there.
        let mut command = Command::new("sh");
        command.args(["-c", r#"exec "$@" 3<&0 4>&1 </dev/null >/dev/null 2>&1"#, "sh", "chromium"]);
        command.args([
            "--headless",
            "--disable-gpu",
            "--remote-debugging-pipe",
            "--no-first-run",
            "--hide-scrollbars",
        ]);
        // The background services of a desktop's browser, which would look for the network.
        command.args(["--disable-background-networking", "--disable-component-update", "--disable-sync"]);
        if rustix::process::geteuid().is_root() {
            // Its sandbox refuses root; the pages are our own.
            command.arg("--no-sandbox");
        }
        command.arg(format!("--user-data-dir={}", profile.path().display())).arg("about:blank");
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (to, mut out) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        let (said, from) = channel();
        std::thread::spawn(move || {
            let mut bytes = Vec::new();
            while out.read_until(0, &mut bytes).is_ok_and(|read| read > 0) {
                bytes.pop();
                let Ok(value) = serde_json::from_slice(&bytes) else { break };
                if said.send(value).is_err() {
                    break;
                }
                bytes.clear();
            }
        });
        let mut browser =
            Self { child, to, from, session: None, next: 0, complaints: Vec::new(), _profile: profile };
        let made = browser.call("Target.createTarget", json!({ "url": "about:blank" }));
        let attached =
            browser.call("Target.attachToTarget", json!({ "targetId": made["targetId"], "flatten": true }));
        browser.session = Some(attached["sessionId"].as_str().unwrap().to_owned());
        for domain in ["Page", "Runtime", "Log", "Network"] {
            browser.call(&format!("{domain}.enable"), json!({}));
        }
        browser
    }

    /// One command of the protocol, and its result.
    #[track_caller]
    pub(super) fn call(&mut self, method: &str, params: Value) -> Value {
        self.try_call(method, params).unwrap_or_else(|error| panic!("{method}: {error}"))
    }

    fn try_call(&mut self, method: &str, params: Value) -> Result<Value, Value> {
        self.next += 1;
        let mut command = json!({ "id": self.next, "method": method, "params": params });
        if let Some(session) = &self.session {
            command["sessionId"] = session.as_str().into();
        }
        let mut bytes = serde_json::to_vec(&command).unwrap();
        bytes.push(0);
        self.to.write_all(&bytes).expect("chromium is installed and runs");
        loop {
            let message = self.from.recv_timeout(HANGS).expect("chromium is installed, runs and answers");
            if message["id"] == self.next {
                let failed = message.get("error").cloned();
                return failed.map_or_else(|| Ok(message["result"].clone()), Err);
            }
            self.hear(&message);
        }
    }

    fn hear(&mut self, event: &Value) {
        match event["method"].as_str() {
            Some("Runtime.exceptionThrown") => {
                self.complaints.push(event["params"]["exceptionDetails"].to_string())
            }
            Some("Log.entryAdded") if event["params"]["entry"]["level"] == "error" => {
                self.complaints.push(event["params"]["entry"].to_string());
            }
            _ => {}
        }
    }

    /// Opens a page and waits until it is there.
    #[track_caller]
    pub(super) fn opens(&mut self, url: &str) {
        let there = self.call("Page.navigate", json!({ "url": url }));
        assert!(there.get("errorText").is_none(), "{there}");
        self.waits_for("document.readyState === 'complete' && location.href !== 'about:blank'");
    }

    /// What an expression comes to; nothing while the page is being replaced.
    pub(super) fn evaluates(&mut self, expression: &str) -> Option<Value> {
        let params = json!({ "expression": expression, "returnByValue": true, "awaitPromise": true });
        let said = self.try_call("Runtime.evaluate", params).ok()?;
        said.get("exceptionDetails").is_none().then(|| said["result"]["value"].clone())
    }

    /// Waits until an expression is true.
    #[track_caller]
    pub(super) fn waits_for(&mut self, expression: &str) {
        let began = Instant::now();
        while self.evaluates(expression) != Some(Value::Bool(true)) {
            let text = self.evaluates("document.body.innerText");
            assert!(began.elapsed() < HANGS, "never: {expression}\n{}", text.unwrap_or_default());
            std::thread::sleep(Duration::from_millis(25));
        }
    }

    /// Waits until the heading says this.
    #[track_caller]
    pub(super) fn shows(&mut self, heading: &str) {
        self.waits_for(&format!("document.querySelector('h1')?.textContent.includes({})", json!(heading)));
    }

    /// The page's text as somebody sees it.
    pub(super) fn text(&mut self) -> String {
        let text = self.evaluates("document.body.innerText").unwrap_or_default();
        text.as_str().unwrap_or_default().to_owned()
    }

    /// Clicks what has this text, by a real click of the mouse, and waits until this is true.
    #[track_caller]
    pub(super) fn clicks(&mut self, what: &str, text: &str, until: &str) {
        let place = format!(
            "(() => {{ const it = [...document.querySelectorAll({})].find(one => one.textContent.includes({})); \
             it.scrollIntoView({{ block: 'center' }}); const box = it.getBoundingClientRect(); \
             return [box.x + box.width / 2, box.y + box.height / 2]; }})()",
            json!(what),
            json!(text)
        );
        let place =
            self.evaluates(&place).unwrap_or_else(|| panic!("there is no {what} {text:?}:\n{}", self.text()));
        for kind in ["mousePressed", "mouseReleased"] {
            let at = json!({ "type": kind, "x": place[0], "y": place[1], "button": "left", "clickCount": 1 });
            self.call("Input.dispatchMouseEvent", at);
        }
        self.waits_for(until);
    }

    /// Types into what has the focus.
    pub(super) fn types(&mut self, into: &str, text: &str) {
        self.evaluates(&format!("document.querySelector({}).focus()", json!(into)));
        self.call("Input.insertText", json!({ "text": text }));
    }

    /// Looks at the page at this width, light or dark.
    pub(super) fn looks(&mut self, width: u32, dark: bool) {
        let size = json!({ "width": width, "height": 800, "deviceScaleFactor": 1, "mobile": false });
        self.call("Emulation.setDeviceMetricsOverride", size);
        let scheme = if dark { "dark" } else { "light" };
        let media = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        self.call("Emulation.setEmulatedMedia", media);
    }

    /// What axe-core finds wrong with the page, and whether it is wider than the window, on a desk and on a phone.
    #[track_caller]
    pub(super) fn is_for_everybody(&mut self, name: &str) {
        let axe = axe();
        for (width, dark) in [(1280, false), (360, true)] {
            self.looks(width, dark);
            self.evaluates(&axe);
            let found = self.evaluates(
                "axe.run().then(found => ({ tried: found.passes.length, wide: document.documentElement.scrollWidth, \
                 wrong: found.violations.flatMap(rule => rule.nodes.map(node => rule.id + ' at ' + node.target)) }))",
            );
            let found = found.expect("axe comes to its end");
            assert!(found["tried"].as_u64() > Some(5), "{name}: {found}");
            assert_eq!(found["wrong"], json!([]), "{name} at {width}");
            assert!(found["wide"].as_u64() <= Some(width.into()), "{name} is too wide for {width}: {found}");
            // For whoever works on the pages and wants to see them.
            if let Some(folder) = std::env::var_os("MAILSEC_PICTURES") {
                self.picture(&PathBuf::from(folder).join(format!("{name}-{width}.png")));
            }
        }
        self.looks(1280, false);
    }

    fn picture(&mut self, path: &Path) {
        let size = self.call("Page.getLayoutMetrics", json!({}))["cssContentSize"].clone();
        let clip = json!({ "x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1 });
        let params = json!({ "captureBeyondViewport": true, "clip": clip });
        let taken = self.call("Page.captureScreenshot", params);
        let data = base64::Engine::decode(&base64::prelude::BASE64_STANDARD, taken["data"].as_str().unwrap());
        fs::write(path, data.unwrap()).unwrap();
    }
}

/// axe-core's script, of the version in the lock file that `cargo xtask test --only axe` uses too.
fn axe() -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("axe");
    let script = folder.join("node_modules/axe-core/axe.min.js");
    let lock = fs::read(root.join("xtask/axe/package-lock.json")).unwrap();
    if fs::read(folder.join("package-lock.json")).ok() != Some(lock) || !script.exists() {
        fs::create_dir_all(&folder).unwrap();
        for file in ["package.json", "package-lock.json"] {
            fs::copy(root.join("xtask/axe").join(file), folder.join(file)).unwrap();
        }
        let mut npm = Command::new("npm");
        npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]).current_dir(&folder);
        let ran = npm.output().expect("npm is installed");
        assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    }
    fs::read_to_string(script).unwrap()
}

impl Drop for Browser {
    fn drop(&mut self) {
        _ = self.try_call("Browser.close", json!({}));
        _ = self.child.kill();
        _ = self.child.wait();
    }
}
