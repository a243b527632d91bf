//! What the configuration makes of a server.
//!
//! A person may break the file while an upgrade holds mail. Then nothing of it counts, and nobody guesses what it said: the
//! place can still be opened, so that answers and requests are journaled, and whatever would look at the server's mail or
//! directory, or change the server, is refused.

use super::{Sources, config::Config, real_mail::RealMail};
use mailsec_core::Failure;
use std::net::{Ipv4Addr, SocketAddr};

/// The configuration and what is made of it; empty where something is wrong with it.
#[derive(Default)]
pub(super) struct Configured {
    pub(super) config: Config,
    /// Where the canary flies, if one is to.
    pub(super) mail: Option<RealMail>,
    pub(super) wrong: Option<Failure>,
}

impl Configured {
    /// On Windows mail goes in at the host's own default, where the configuration does not say.
    pub(super) fn of(read: Result<Config, Failure>, on_windows: bool, secrets: &Sources) -> Self {
        // Port 2525 of a Mailbox server.
        let usual = on_windows.then(|| SocketAddr::from((Ipv4Addr::LOCALHOST, 2525)));
        let made = read.and_then(|config| {
            let mail = RealMail::of(&config, usual, secrets, "mailsec")?;
            Ok(Self { config, mail, wrong: None })
        });
        made.unwrap_or_else(|failure| Self { wrong: Some(failure), ..Self::default() })
    }
}
