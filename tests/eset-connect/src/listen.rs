//! The server itself: a thread with a loop of its own, on a port of this machine.

use crate::{
    answer::Bytewise,
    routes::{self, Came, Done, form, lock},
    tenant::Tenant,
};
use http_body_util::BodyExt;
use hyper::{Request, Response, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use std::{
    io,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard},
    thread::JoinHandle,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpListener,
    sync::oneshot,
};
use tokio_rustls::TlsAcceptor;

/// A running server; it ends when it is dropped.
pub struct StandIn {
    address: SocketAddr,
    scheme: &'static str,
    tenant: Arc<Mutex<Tenant>>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

#[expect(clippy::expect_used, reason = "for tests: a machine without a loopback is none to test on")]
impl StandIn {
    /// A server with these devices.
    ///
    /// # Panics
    /// When this machine lets nobody listen.
    #[must_use]
    pub fn start(devices: &[&str]) -> Self {
        Self::listen(devices, None)
    }

    /// The same over TLS, and its certificate as PEM.
    ///
    /// # Panics
    /// When this machine lets nobody listen.
    #[must_use]
    pub fn start_tls(devices: &[&str]) -> (Self, String) {
        let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).expect("a certificate");
        let key =
            rustls::pki_types::PrivateKeyDer::try_from(made.signing_key.serialize_der()).expect("a key");
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key)
            .expect("a certificate that fits its key");
        (Self::listen(devices, Some(TlsAcceptor::from(Arc::new(config)))), made.cert.pem())
    }

    fn listen(devices: &[&str], tls: Option<TlsAcceptor>) -> Self {
        let tenant = Arc::new(Mutex::new(Tenant::new(devices)));
        let (stop, stopped) = oneshot::channel();
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        listener.set_nonblocking(true).expect("a socket");
        let address = listener.local_addr().expect("an address");
        let scheme = if tls.is_some() { "https" } else { "http" };
        let shared = tenant.clone();
        let thread = std::thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async {
                let listener = TcpListener::from_std(listener).expect("a socket");
                tokio::select! {
                    () = accept(&listener, &shared, tls.as_ref()) => {}
                    _ = stopped => {}
                }
            });
        });
        Self { address, scheme, tenant, stop: Some(stop), thread: Some(thread) }
    }

    /// Where it listens, as the base of every service.
    #[must_use]
    pub fn url(&self) -> String {
        format!("{}://{}/", self.scheme, self.address)
    }

    /// What it has.
    pub fn tenant(&self) -> MutexGuard<'_, Tenant> {
        lock(&self.tenant)
    }
}

impl Drop for StandIn {
    fn drop(&mut self) {
        drop(self.stop.take());
        _ = self.thread.take().map(JoinHandle::join);
    }
}

async fn accept(listener: &TcpListener, tenant: &Arc<Mutex<Tenant>>, tls: Option<&TlsAcceptor>) {
    while let Ok((stream, _)) = listener.accept().await {
        let (tenant, tls) = (tenant.clone(), tls.cloned());
        tokio::spawn(async move {
            match tls {
                None => talk(stream, tenant).await,
                Some(tls) => {
                    if let Ok(stream) = tls.accept(stream).await {
                        talk(stream, tenant).await;
                    }
                }
            }
        });
    }
}

async fn talk(stream: impl AsyncRead + AsyncWrite + Unpin, tenant: Arc<Mutex<Tenant>>) {
    let service = service_fn(move |request| {
        let tenant = tenant.clone();
        async move { answer(request, &tenant).await }
    });
    // A connection that broke, on script or because the client was killed, is nothing to report.
    _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

async fn answer(request: Request<Incoming>, tenant: &Mutex<Tenant>) -> Result<Response<Bytewise>, io::Error> {
    let (head, body) = request.into_parts();
    let header = |name: &str| head.headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let came = Came {
        method: head.method.to_string(),
        path: head.uri.path().to_owned(),
        query: form(head.uri.query().unwrap_or_default()),
        token: header("authorization").and_then(|text| text.strip_prefix("Bearer ").map(str::to_owned)),
        response: header("response-id"),
        body: body.collect().await.map_err(io::Error::other)?.to_bytes().to_vec(),
    };
    match routes::serve(tenant, &came) {
        Done::Answer(reply) => reply.response(),
        Done::Drop => Err(io::Error::other("dropped on script")),
        Done::Hang => std::future::pending().await,
    }
}
