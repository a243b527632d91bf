//! Tokens: by password, renewed by a refresh token; nobody else sees either.

use crate::{
    PASSWORD, failures,
    wire::{Answer, Body, Request, Wire},
};
use mailsec_core::{
    Code, Failure,
    values::{Secret, Timestamp},
};
use reqwest::{Method, Url};
use serde::Deserialize;
use std::time::Duration;
use tokio::sync::Mutex;

/// A token is renewed this long before its end, so that it does not end on its way.
const MARGIN: Duration = Duration::from_secs(60);

struct Token {
    access: Secret,
    refresh: Option<Secret>,
    ends: Option<Timestamp>,
}

/// How a token is to be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Renewal {
    /// The one that there is.
    Keep,
    /// By the refresh token; where there is none, by the password.
    Refresh,
    /// By the password.
    LogIn,
}

pub(crate) struct Login {
    url: Url,
    user: String,
    password: Option<Secret>,
    token: Mutex<Option<Token>>,
}

#[derive(Deserialize)]
struct Granted {
    access_token: String,
    #[serde(default)]
    refresh_token: Option<String>,
    #[serde(default)]
    expires_in: Option<u64>,
}

/// Why there is no token.
pub(crate) enum NoToken {
    /// The server does not accept what it was given.
    Refused(Failure),
    /// It may work later.
    Later { failure: Failure, retry_after: Option<Duration> },
}

impl Login {
    pub(crate) fn new(identity: &Url, user: &str, password: Option<Secret>) -> Self {
        let mut url = identity.clone();
        url.set_path(&format!("{}/oauth/token", identity.path().trim_end_matches('/')));
        Self { url, user: user.to_owned(), password, token: Mutex::new(None) }
    }

    /// A token for the next call.
    pub(crate) async fn token(
        &self,
        wire: &Wire,
        now: Timestamp,
        renewal: Renewal,
    ) -> Result<Secret, NoToken> {
        let mut held = self.token.lock().await;
        let ended = held.as_ref().is_some_and(|token| token.ends.is_some_and(|ends| now >= ends));
        let renewal = if renewal == Renewal::Keep && ended { Renewal::Refresh } else { renewal };
        if let (Some(token), Renewal::Keep) = (held.as_ref(), renewal) {
            return Ok(token.access.clone());
        }
        let refresh = held.take().and_then(|token| token.refresh).filter(|_| renewal == Renewal::Refresh);
        if let Some(refresh) = refresh {
            let fields = [("grant_type", "refresh_token"), ("refresh_token", refresh.expose())];
            match self.grant(wire, now, &fields).await {
                Ok(token) => return Ok(keep(&mut held, token)),
                // A refresh token ends as well; then there is still the password.
                Err(NoToken::Refused(_)) => {}
                Err(later) => return Err(later),
            }
        }
        let password = self.password.as_ref().ok_or_else(|| NoToken::Refused(missing()))?;
        let fields =
            [("grant_type", "password"), ("username", self.user.as_str()), ("password", password.expose())];
        let token = self.grant(wire, now, &fields).await?;
        Ok(keep(&mut held, token))
    }

    async fn grant(&self, wire: &Wire, now: Timestamp, fields: &[(&str, &str)]) -> Result<Token, NoToken> {
        let what = "the log-on";
        let request = Request { method: Method::POST, url: self.url.clone(), body: Body::Form(fields) };
        let answer = match wire.exchange(&request, None, None).await {
            Ok(answer) => answer,
            Err(lost) => {
                return Err(NoToken::Later { failure: failures::of_loss(what, &lost), retry_after: None });
            }
        };
        if answer.status == 200 {
            let granted: Granted = serde_json::from_slice(&answer.body).map_err(|error| NoToken::Later {
                failure: failures::unreadable(what, &answer, &error),
                retry_after: None,
            })?;
            let lasts = granted.expires_in.map(|secs| Duration::from_secs(secs).saturating_sub(MARGIN));
            return Ok(Token {
                access: Secret::new(granted.access_token),
                refresh: granted.refresh_token.filter(|text| !text.is_empty()).map(Secret::new),
                ends: lasts.map(|lasts| now.after(lasts)),
            });
        }
        let failure = self.hidden(refused(what, &answer));
        match answer.status {
            429 | 500..=599 | 202 => Err(NoToken::Later { failure, retry_after: answer.retry_after }),
            _ => Err(NoToken::Refused(failure)),
        }
    }

    /// A server may repeat what it was sent; a failure is journaled.
    fn hidden(&self, mut failure: Failure) -> Failure {
        if let (Some(password), Some(found)) = (&self.password, &failure.found) {
            failure.found = Some(found.replace(password.expose(), "(hidden)"));
        }
        failure
    }
}

fn keep(held: &mut Option<Token>, token: Token) -> Secret {
    let access = token.access.clone();
    *held = Some(token);
    access
}

fn refused(what: &str, answer: &Answer) -> Failure {
    match answer.status {
        400..=428 | 430..=499 => failures::login(failures::told(answer)),
        _ => failures::of_answer(what, answer),
    }
}

fn missing() -> Failure {
    Failure::new(Code::SecretMissing, format!("the secret {PASSWORD} is needed and nobody gave it"))
        .hint(format!(
            "run `mailsec resume` at a terminal and type it, or give it by `--secret {PASSWORD}=env:NAME` or \
             `--secret {PASSWORD}=file:PATH`"
        ))
        .ask()
}
