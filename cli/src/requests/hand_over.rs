//! Handing what a person said to the process that runs the upgrade, and hearing what became of it.

use crate::{people::Inbox, place::Site};
use mailsec_core::{Failure, engine::Message, failure::Code, journal::Journal};
use std::time::{Duration, Instant};

/// How long its fate is waited for. Whoever waits at a gate looks several times a second; a step may take minutes.
const PATIENCE: Duration = Duration::from_secs(5);
const LOOK: Duration = Duration::from_millis(100);

/// What became of a message.
pub(crate) enum Fate {
    /// It was taken in.
    Taken,
    /// It lies there, for the next safe point.
    Waits,
    /// No process runs the upgrade any more: whoever sent it goes on by itself, with this.
    Free(Box<dyn Journal>),
}

/// Leaves a message, and waits a moment for what becomes of it.
///
/// # Errors
/// What the running process refused it for; what keeps the journal from being opened, but for its lock.
pub(super) async fn hand_over(site: &Site, inbox: &Inbox, message: &Message) -> Result<Fate, Failure> {
    inbox.put(message)?;
    let began = Instant::now();
    while began.elapsed() < PATIENCE {
        tokio::time::sleep(LOOK).await;
        if !inbox.has(message) {
            return fate(inbox, message);
        }
        // It may have been another person's command that held the lock, which takes nothing in.
        match site.journal().await {
            Ok(journal) if inbox.take_back(message) => return Ok(Fate::Free(journal)),
            // Something has the file open for a moment, a virus scanner say. Nobody else can take it meanwhile.
            Ok(_) if inbox.has(message) => {}
            Ok(_) => return fate(inbox, message),
            Err(failure) if failure.code == Code::JournalLocked => {}
            // What is told as failed must not be carried out later.
            Err(failure) if inbox.take_back(message) => return Err(failure),
            Err(failure) if inbox.has(message) => {
                return Err(failure
                    .cause("what was said lies in the inbox, and whoever takes the upgrade up takes it in"));
            }
            Err(_) => return fate(inbox, message),
        }
    }
    Ok(Fate::Waits)
}

fn fate(inbox: &Inbox, message: &Message) -> Result<Fate, Failure> {
    inbox.refused(message).map_or(Ok(Fate::Taken), Err)
}
