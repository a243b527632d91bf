//! What sends, on a thread of its own. An upgrade hands over and goes on: a collector that is slow, away or refuses costs
//! it nothing but a little patience at the very end.

use super::{
    endpoint::Endpoint,
    trace::Item,
    wire::{logs, traces},
};
use crate::{logging::Cursor, output::system};
use mailsec_core::Failure;
use reqwest::{Client, StatusCode, Url, redirect::Policy};
use rustls::{ClientConfig, crypto::ring};
use rustls_platform_verifier::BuilderVerifierExt;
use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    time::Duration,
};

/// Events that may wait to be sent; of more, the later ones are not exported.
const QUEUE: usize = 4096;
/// Events in one request.
const BATCH: usize = 256;
/// How long one request may take.
const REQUEST: Duration = Duration::from_secs(5);
/// How long what is on its way is waited for at the end.
const END: Duration = Duration::from_secs(2);
/// The longest wait between two tries.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

#[derive(Default)]
struct Shared {
    ending: AtomicBool,
    /// Items that the collector took.
    taken: AtomicU64,
    why: Mutex<String>,
}

/// The way out of the process.
pub(super) struct Sender {
    queue: Option<SyncSender<Item>>,
    done: Receiver<()>,
    shared: Arc<Shared>,
    put: u64,
}

/// What did not arrive.
pub(super) struct Left {
    /// Events.
    pub(super) lost: u64,
    /// What went wrong last.
    pub(super) why: String,
}

impl Sender {
    pub(super) fn start(endpoint: Endpoint, cursor: Cursor) -> Result<Self, Failure> {
        let client = client().map_err(|error| system("the export cannot be set up", error))?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| system("the export cannot be set up", error))?;
        let (queue, items) = sync_channel(QUEUE);
        // Closed when the thread ends.
        let (end, done) = sync_channel(0);
        let shared = Arc::new(Shared::default());
        let mut work = Work { client, endpoint, cursor, shared: Arc::clone(&shared) };
        std::thread::spawn(move || {
            runtime.block_on(async {
                while let Some(batch) = gather(&items) {
                    work.send(&batch).await;
                }
            });
            drop(end);
        });
        Ok(Self { queue: Some(queue), done, shared, put: 0 })
    }

    /// Hands over; never waits.
    pub(super) fn put(&mut self, item: Item) {
        self.put += 1;
        if self.queue.as_ref().is_some_and(|queue| queue.try_send(item).is_err()) {
            self.shared.blame("the collector is too slow");
        }
    }

    /// No more comes. What is still under way after a while is left behind.
    pub(super) fn end(mut self) -> Left {
        self.queue = None;
        self.shared.ending.store(true, Ordering::Relaxed);
        _ = self.done.recv_timeout(END);
        let lost = self.put.saturating_sub(self.shared.taken.load(Ordering::Relaxed));
        let why = self.shared.why.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Left {
            lost,
            why: if why.is_empty() { "the collector did not answer in time".to_owned() } else { why },
        }
    }
}

impl Shared {
    fn blame(&self, why: &str) {
        why.clone_into(&mut self.why.lock().unwrap_or_else(PoisonError::into_inner));
    }

    fn is_ending(&self) -> bool {
        self.ending.load(Ordering::Relaxed)
    }
}

/// All that waits; `None` when nothing more comes.
fn gather(items: &Receiver<Item>) -> Option<Vec<Item>> {
    let mut batch = vec![items.recv().ok()?];
    batch.extend(items.try_iter().take(BATCH - 1));
    Some(batch)
}

fn client() -> Result<Client, Box<dyn std::error::Error>> {
    let tls = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_platform_verifier()?
        .with_no_client_auth();
    let client = Client::builder()
        .user_agent(concat!("mailsec/", env!("CARGO_PKG_VERSION")))
        .tls_backend_preconfigured(tls)
        // A key must not follow to where an answer points, nor pass through a proxy that somebody's environment names.
        .redirect(Policy::none())
        .no_proxy()
        .timeout(REQUEST)
        .build()?;
    Ok(client)
}

/// How a request ended.
enum Answer {
    Taken,
    /// It may be taken later.
    Later(String),
    /// It is never taken.
    Never(String),
}

struct Work {
    client: Client,
    endpoint: Endpoint,
    cursor: Cursor,
    shared: Arc<Shared>,
}

impl Work {
    /// Sends until it is taken, or refused for good, or the end has come.
    async fn send(&mut self, batch: &[Item]) {
        let mut wait = Duration::from_millis(500);
        let mut left: Vec<(Url, Vec<u8>)> = vec![(self.endpoint.logs.clone(), logs(batch))];
        left.extend(traces(batch).map(|body| (self.endpoint.traces.clone(), body)));
        let mut refused = false;
        while let Some((url, body)) = left.last() {
            match self.post(url, body).await {
                Answer::Taken => {}
                Answer::Later(why) => {
                    self.shared.blame(&why);
                    if self.shared.is_ending() {
                        return;
                    }
                    self.rest(wait).await;
                    wait = LONGEST_WAIT.min(wait.saturating_mul(2));
                    continue;
                }
                Answer::Never(why) => {
                    self.shared.blame(&why);
                    refused = true;
                }
            }
            left.pop();
        }
        if !refused {
            self.shared.taken.fetch_add(u64::try_from(batch.len()).unwrap_or(0), Ordering::Relaxed);
        }
        // What was refused for good is not offered again either.
        if let Some(last) = batch.last() {
            self.cursor.set(last.seq + 1);
        }
    }

    async fn post(&self, url: &Url, body: &[u8]) -> Answer {
        let request = self
            .client
            .post(url.clone())
            .headers(self.endpoint.headers.clone())
            .header("content-type", "application/x-protobuf")
            .body(body.to_vec());
        match request.send().await {
            Ok(answer) if answer.status().is_success() => Answer::Taken,
            Ok(answer) => {
                let why = format!("the collector answers {}", answer.status());
                // Those that OTLP calls transient.
                match answer.status() {
                    StatusCode::TOO_MANY_REQUESTS
                    | StatusCode::BAD_GATEWAY
                    | StatusCode::SERVICE_UNAVAILABLE
                    | StatusCode::GATEWAY_TIMEOUT => Answer::Later(why),
                    _ => Answer::Never(why),
                }
            }
            Err(error) if error.is_timeout() => {
                Answer::Later("the collector did not answer in time".to_owned())
            }
            Err(error) if error.is_connect() => Answer::Later("the collector cannot be reached".to_owned()),
            Err(_) => Answer::Later("the connection to the collector broke".to_owned()),
        }
    }

    async fn rest(&self, wait: Duration) {
        let step = Duration::from_millis(50);
        let mut rested = Duration::ZERO;
        while rested < wait && !self.shared.is_ending() {
            tokio::time::sleep(step).await;
            rested += step;
        }
    }
}
