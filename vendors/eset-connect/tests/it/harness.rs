//! A server, a client of it, and a clock on which waiting takes no time.

use async_trait::async_trait;
use mailsec_core::{
    Permit,
    host::Clock,
    values::{Secret, Timestamp},
};
use mailsec_eset::remote::{Action, DeviceId, NewTask};
use mailsec_eset_connect::{Client, ConnectConfig, Limits, OwnAddresses, Region};
use mailsec_eset_connect_standin::{PASSWORD, StandIn, USER};
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

/// Remembers how long it was waited.
#[derive(Debug, Default)]
pub(crate) struct TestClock(Mutex<Vec<Duration>>);

impl TestClock {
    pub(crate) fn waits(&self) -> Vec<u64> {
        self.0.lock().unwrap().iter().map(Duration::as_secs).collect()
    }

    pub(crate) fn pass(&self, how_long: Duration) {
        self.0.lock().unwrap().push(how_long);
    }
}

#[async_trait]
impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(1_767_000_000_000).after(self.0.lock().unwrap().iter().sum())
    }

    async fn sleep(&self, how_long: Duration) {
        self.pass(how_long);
    }

    async fn alarm(&self, _after: Duration) {
        std::future::pending().await
    }
}

pub(crate) struct Bench {
    pub(crate) server: StandIn,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) client: Client,
}

pub(crate) fn limits() -> Limits {
    Limits {
        answer: Duration::from_millis(400),
        body: 64 << 10,
        tries: 4,
        pending: 3,
        pages: 20,
        ..Limits::default()
    }
}

pub(crate) fn config(url: &str) -> ConnectConfig {
    let [identity, devices, tasks] = [url; 3].map(str::to_owned);
    ConnectConfig {
        user: USER.to_owned(),
        addresses: Some(OwnAddresses { identity, devices, tasks }),
        trust: None,
        proxy: None,
    }
}

impl Bench {
    pub(crate) fn new() -> Self {
        Self::with_password(Some(PASSWORD))
    }

    pub(crate) fn with_password(password: Option<&str>) -> Self {
        let server = StandIn::start(&["EX1", "EX2", "EX3"]);
        let clock = Arc::new(TestClock::default());
        let client = client(&config(&server.url()), password, clock.clone());
        Self { server, clock, client }
    }
}

pub(crate) fn client(config: &ConnectConfig, password: Option<&str>, clock: Arc<TestClock>) -> Client {
    Client::new(Region::Eu, config, password.map(Secret::new), limits(), clock).unwrap()
}

/// Runs it on a loop of its own.
pub(crate) fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

pub(crate) fn permit() -> Permit {
    Permit::for_test("create-task")
}

pub(crate) fn task(name: &str) -> NewTask {
    NewTask {
        display_name: name.to_owned(),
        description: format!("[{name}]"),
        action: Action::read(r#"{"name": "RunCommand", "params": {"@type": "lab/Run", "anything": [1]}}"#)
            .unwrap(),
        devices: vec![DeviceId::new("10000000-0000-4000-8000-000000000001")],
        expires: Timestamp::from_millis(1_767_100_000_000),
    }
}
