//! What may stand in a log at all, whatever was asked for.
//!
//! Libraries tell at their talkative levels what they send to servers: an IMAP client its LOGIN, password and all. A list
//! of such places is never complete, so only this program's own events may be talkative.

use crate::output::SAID;
use tracing::{Level, Metadata};
use tracing_subscriber::filter::FilterFn;

/// To be put above every filter that a person can set. Ours pass at every level, others' from *info* upwards.
pub(crate) fn discreet() -> FilterFn {
    FilterFn::new(may_stand)
}

fn may_stand(metadata: &Metadata<'_>) -> bool {
    *metadata.level() <= Level::INFO || is_ours(metadata.target())
}

fn is_ours(target: &str) -> bool {
    let name = target.split("::").next().unwrap_or_default();
    name == SAID || name == "mailsec" || name.starts_with("mailsec_")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test")]

    use super::*;
    use std::{
        io::Write,
        sync::{Arc, Mutex},
    };
    use tracing_subscriber::{EnvFilter, layer::SubscriberExt};

    #[derive(Clone, Default)]
    struct Log(Arc<Mutex<Vec<u8>>>);

    impl Write for Log {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    /// What stands in a log that was asked for with `wanted`.
    fn log(wanted: &str, work: impl FnOnce()) -> String {
        let log = Log::default();
        let writer = log.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_env_filter(EnvFilter::new(wanted))
            .with_writer(move || writer.clone())
            .finish()
            .with(discreet());
        tracing::subscriber::with_default(subscriber, work);
        String::from_utf8(log.0.lock().unwrap().clone()).unwrap()
    }

    #[test]
    fn others_are_heard_from_info_upwards_and_we_at_every_level() {
        let work = || {
            tracing::trace!(target: "async_imap::imap_stream", "their trace");
            tracing::debug!(target: "ldap3::conn", "their debug");
            tracing::info!(target: "rustls::client", "their info");
            tracing::trace!(target: "mailsec_mail::canary", "our trace");
            tracing::debug!(target: "mailsec", "our debug");
            // The name begins like ours and is not.
            tracing::debug!(target: "mailsecret", "their imitation");
        };
        let all = log("trace", work);
        let stands: Vec<&str> = ["their trace", "their debug", "their imitation", "their info", "our trace"]
            .into_iter()
            .filter(|text| all.contains(text))
            .collect();
        assert_eq!(stands, ["their info", "our trace"], "{all}");
        assert!(all.contains("our debug"), "{all}");
        // Named one by one they say no more.
        let named = log("async_imap=trace,ldap3=debug,off", work);
        assert!(!named.contains("their"), "{named}");
        // What a person leaves out stays out.
        assert_eq!(log("off", work), "");
    }

    #[test]
    fn what_a_talkative_span_of_others_holds_is_not_told_with_what_happens_in_it() {
        let work = || {
            let span = tracing::debug_span!(target: "ldap3", "bind", password = "planted");
            span.in_scope(|| tracing::info!(target: "mailsec", "inside"));
        };
        for wanted in ["trace", "[bind{password}]=trace,info"] {
            let all = log(wanted, work);
            assert!(all.contains("inside") && !all.contains("planted"), "{all}");
        }
    }
}
