//! Who may come in: a one-time token, which a browser exchanges for a session.

use mailsec_core::{Failure, failure::Code};
use std::{
    fmt::Write as _,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};
use subtle::ConstantTimeEq;

/// How long a session lasts: a night's work.
const LASTS: Duration = Duration::from_secs(12 * 3600);

/// The token and the session; there is one of each in a process.
pub(crate) struct Keys {
    held: Mutex<Held>,
}

#[derive(Default)]
struct Held {
    token: Option<String>,
    session: Option<Session>,
}

/// What a browser has that came in.
#[derive(Clone)]
pub(crate) struct Session {
    id: String,
    /// What its forms carry: another site can send the cookie along, and cannot read this.
    pub(crate) form: String,
    since: Instant,
}

impl Keys {
    /// With a new token, which is given back to be shown once.
    pub(crate) fn new() -> Result<(Self, String), Failure> {
        let token = random()?;
        let held = Held { token: Some(token.clone()), session: None };
        Ok((Self { held: Mutex::new(held) }, token))
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Exchanges the token for a session, whose cookie is given back; `None` for a wrong or a spent one.
    pub(crate) fn enter(&self, token: &str) -> Result<Option<String>, Failure> {
        let session = Session { id: random()?, form: random()?, since: Instant::now() };
        let mut held = self.held();
        if !held.token.as_deref().is_some_and(|right| same(right, token)) {
            return Ok(None);
        }
        held.token = None;
        let id = session.id.clone();
        held.session = Some(session);
        Ok(Some(id))
    }

    /// The session that this cookie is of.
    pub(crate) fn session(&self, cookie: &str) -> Option<Session> {
        let mut held = self.held();
        held.session.take_if(|session| session.since.elapsed() > LASTS);
        held.session.clone().filter(|session| same(&session.id, cookie))
    }

    /// Ends the session.
    pub(crate) fn leave(&self) {
        self.held().session = None;
    }
}

impl Session {
    /// What its cookie holds.
    pub(crate) fn cookie(&self) -> &str {
        &self.id
    }

    /// Whether a form was made for this session.
    pub(crate) fn made(&self, form: &str) -> bool {
        same(&self.form, form)
    }
}

/// Takes the same time wherever they differ.
fn same(right: &str, given: &str) -> bool {
    right.as_bytes().ct_eq(given.as_bytes()).into()
}

/// 256 bits of the system's randomness, as letters.
fn random() -> Result<String, Failure> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes)
        .map_err(|error| Failure::new(Code::System, "the system gives no random numbers").cause(error))?;
    let mut text = String::with_capacity(64);
    for byte in bytes {
        _ = write!(text, "{byte:02x}");
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test")]

    use super::*;

    #[test]
    fn a_token_opens_once_and_a_session_ends() {
        let (keys, token) = Keys::new().unwrap();
        assert_eq!(keys.enter("").unwrap(), None);
        assert_eq!(keys.enter(&token[..63]).unwrap(), None);
        let cookie = keys.enter(&token).unwrap().unwrap();
        assert_eq!(keys.enter(&token).unwrap(), None, "it is spent");
        assert_ne!(cookie, token);
        let session = keys.session(&cookie).unwrap();
        assert!(session.made(&session.form) && !session.made("") && !session.made(&cookie));
        assert!(keys.session("").is_none() && keys.session(&token).is_none());
        keys.held().session.as_mut().unwrap().since = Instant::now().checked_sub(LASTS * 2).unwrap();
        assert!(keys.session(&cookie).is_none(), "it is too old");
        keys.leave();
        assert!(keys.session(&cookie).is_none());
    }
}
