//! The local web page: what `status`, `report` and `answer` do, for a browser.
//!
//! It reads the journal's witness, as `status` does, and never opens the store to look. An answer takes the way of
//! `mailsec answer`. Every page can be read and every question answered without JavaScript.

mod app;
mod form;
mod guard;
mod hosts;
mod keys;
mod live;
mod nodes;
mod pages;
mod patience;
mod routes;
mod tls;
mod wire;

use crate::{
    args::{Common, ServeArgs},
    output::{self, Reply},
    people::actor,
    place::State,
};
use app::App;
pub(crate) use app::Whose;
use hosts::Hosts;
use keys::Keys;
use mailsec_core::{Failure, failure::Code};
use serde_json::json;
use std::sync::Arc;
use tokio::{
    net::TcpListener,
    sync::{Semaphore, watch},
};

/// Pages that follow an upgrade at a time.
const FOLLOWERS: usize = 16;

/// Serves the page until it is told to end.
pub(crate) async fn serve(common: &Common, args: &ServeArgs, whose: Whose) -> Result<Reply, Failure> {
    let state = State::only(common)?;
    let tls = tls::acceptor(args)?;
    let failed = |error: std::io::Error| {
        Failure::new(Code::BadArgument, "this address cannot be listened at")
            .found(args.listen.to_string())
            .cause(error)
            .hint("another process may have the port; --listen 127.0.0.1:0 takes a free one")
    };
    let listener = TcpListener::bind(args.listen).await.map_err(failed)?;
    let bound = listener.local_addr().map_err(failed)?;
    let hosts = Hosts::of(bound, &args.names, tls.is_some());
    let (keys, token) = Keys::new()?;
    let (close, closing) = watch::channel(false);
    let url = hosts.url();
    let app = Arc::new(App {
        common: common.clone(),
        state,
        keys,
        cookie: format!("{}mailsec-{}", if tls.is_some() { "__Host-" } else { "" }, bound.port()),
        hosts,
        tls: tls.is_some(),
        by: format!("{} (by the web page)", actor()),
        whose,
        answering: Arc::default(),
        nodes: Arc::default(),
        followers: Arc::new(Semaphore::new(FOLLOWERS)),
        closing: closing.clone(),
    });
    output::say(&format!("Serving {whose} upgrades; Ctrl-C ends it. Open, once, in your browser:"));
    output::confide(&format!("  {url}/enter?token={token}"));
    let served = wire::serve(listener, tls, routes::router(app), closing);
    tokio::pin!(served);
    tokio::select! {
        () = served.as_mut() => {}
        ended = told_to_end() => {
            ended?;
            _ = close.send(true);
            served.await;
        }
    }
    Ok(Reply::new("The page is closed.", json!({ "served": url })))
}

#[cfg(unix)]
async fn told_to_end() -> Result<(), Failure> {
    use tokio::signal::unix::{SignalKind, signal};
    let deaf = |error| output::system("the signals that would end the page cannot be heard", error);
    let mut terminate = signal(SignalKind::terminate()).map_err(deaf)?;
    tokio::select! {
        _ = terminate.recv() => Ok(()),
        pressed = tokio::signal::ctrl_c() => pressed.map_err(deaf),
    }
}

#[cfg(not(unix))]
async fn told_to_end() -> Result<(), Failure> {
    let deaf = |error| output::system("Ctrl-C cannot be heard", error);
    tokio::signal::ctrl_c().await.map_err(deaf)
}
