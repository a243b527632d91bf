//! One call to its end: tokens that ended, answers that are not ready, servers that are busy or away.

use crate::{
    Limits, failures,
    login::{Login, NoToken, Renewal},
    wire::{Answer, Lost, Request, Wire},
};
use mailsec_core::{Failure, host::Clock};
use serde::de::DeserializeOwned;
use std::{sync::Arc, time::Duration};

/// Whether a request may be sent again when it is not known what became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Repeat {
    /// It only reads.
    Safely,
    /// It would do a second time what it may have done.
    Never,
}

/// How a call ended.
pub(crate) enum Ended<T> {
    /// With an answer, and what the server calls the request.
    Answered(T, Option<String>),
    /// The request may have been taken. Only with [`Repeat::Never`].
    InDoubt(Failure),
}

pub(crate) struct Caller {
    pub(crate) wire: Wire,
    pub(crate) login: Login,
    pub(crate) limits: Limits,
    pub(crate) clock: Arc<dyn Clock>,
}

/// What is to be done after one exchange.
enum Turn<T> {
    Done(Ended<T>),
    /// Failed for good.
    Fail(Failure),
    /// Try again after a wait, if there are tries left.
    Again(Failure, Option<Duration>),
    /// As [`Turn::Again`], but what became of the request is not known.
    Unclear(Failure),
    /// The answer is not ready; ask for it by this name.
    Pending(String, Answer),
    /// The token is not good, or not any more.
    Renew(Failure),
}

impl Caller {
    pub(crate) async fn call<T: DeserializeOwned>(
        &self,
        what: &str,
        request: &Request<'_>,
        repeat: Repeat,
    ) -> Result<Ended<T>, Failure> {
        let (mut tried, mut pended) = (0, 0);
        let (mut renewal, mut last_renewal) = (Renewal::Keep, Renewal::Keep);
        let mut pending: Option<String> = None;
        loop {
            let turn = match self.login.token(&self.wire, self.clock.now(), renewal).await {
                Ok(token) => {
                    renewal = Renewal::Keep;
                    let answer = self.wire.exchange(request, Some(&token), pending.as_deref()).await;
                    judge(what, answer, pending.is_some(), repeat)
                }
                Err(NoToken::Refused(failure)) => Turn::Fail(failure),
                Err(NoToken::Later { failure, retry_after }) => Turn::Again(failure, retry_after),
            };
            let in_doubt = repeat == Repeat::Never;
            match turn {
                Turn::Done(ended) => return Ok(ended),
                // A request whose answer was pending has been taken; only its outcome is not known.
                Turn::Fail(failure) | Turn::Unclear(failure) if in_doubt && pending.is_some() => {
                    return Ok(Ended::InDoubt(failure));
                }
                Turn::Unclear(failure) if in_doubt => return Ok(Ended::InDoubt(failure)),
                Turn::Fail(failure) => return Err(failure),
                Turn::Renew(failure) => {
                    renewal = match last_renewal {
                        Renewal::Keep => Renewal::Refresh,
                        Renewal::Refresh => Renewal::LogIn,
                        Renewal::LogIn if in_doubt && pending.is_some() => {
                            return Ok(Ended::InDoubt(failure));
                        }
                        Renewal::LogIn => return Err(failure),
                    };
                    last_renewal = renewal;
                }
                Turn::Pending(_, answer) if pended >= self.limits.pending => {
                    let failure = failures::never_ready(what, &answer);
                    return if in_doubt { Ok(Ended::InDoubt(failure)) } else { Err(failure) };
                }
                Turn::Pending(name, _) => {
                    pended += 1;
                    pending = Some(name);
                    self.clock.sleep(self.limits.pending_wait).await;
                }
                Turn::Again(failure, _) if tried + 1 >= self.limits.tries => {
                    return if in_doubt && pending.is_some() {
                        Ok(Ended::InDoubt(failure))
                    } else {
                        Err(failure)
                    };
                }
                Turn::Unclear(failure) if tried + 1 >= self.limits.tries => return Err(failure),
                Turn::Unclear(failure) => {
                    // What was pending may be gone with it: begin anew.
                    pending = None;
                    tried += 1;
                    self.pause(what, &failure, tried, None).await;
                }
                Turn::Again(failure, asked) => {
                    tried += 1;
                    self.pause(what, &failure, tried, asked).await;
                }
            }
        }
    }

    async fn pause(&self, what: &str, failure: &Failure, tried: u32, asked: Option<Duration>) {
        let wait = self.limits.wait_after(tried, asked);
        tracing::warn!(what, %failure, tried, ?wait, "trying again");
        self.clock.sleep(wait).await;
    }
}

fn judge<T: DeserializeOwned>(
    what: &str,
    answer: Result<Answer, Lost>,
    pending: bool,
    repeat: Repeat,
) -> Turn<T> {
    let answer = match answer {
        Ok(answer) => answer,
        Err(lost @ Lost::Unsent(_)) => return Turn::Again(failures::of_loss(what, &lost), None),
        Err(lost @ Lost::Unanswered(_)) => return Turn::Unclear(failures::of_loss(what, &lost)),
        Err(lost @ Lost::TooLarge) if repeat == Repeat::Never => {
            return Turn::Unclear(failures::of_loss(what, &lost));
        }
        // It would be as large again.
        Err(lost @ Lost::TooLarge) => return Turn::Fail(failures::of_loss(what, &lost)),
    };
    match answer.status {
        202 => match answer.response.clone() {
            Some(name) => Turn::Pending(name, answer),
            None => Turn::Unclear(failures::never_ready(what, &answer)),
        },
        200..=299 => match serde_json::from_slice(&answer.body) {
            Ok(value) => Turn::Done(Ended::Answered(value, answer.request)),
            Err(error) => Turn::Unclear(failures::unreadable(what, &answer, &error)),
        },
        401 => Turn::Renew(failures::of_answer(what, &answer)),
        // Refused before it was looked at.
        429 => Turn::Again(failures::of_answer(what, &answer), answer.retry_after),
        // The server has forgotten the answer that was pending.
        404 if pending => Turn::Unclear(failures::of_answer(what, &answer)),
        500..=599 => Turn::Unclear(failures::of_answer(what, &answer)),
        _ => Turn::Fail(failures::of_answer(what, &answer)),
    }
}
