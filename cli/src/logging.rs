//! The log: what a program does while it drives an upgrade, one record a line.
//!
//! To stderr what `-v` or `MAILSEC_LOG` asks for; to the files beside the journal, for people and for programs, from the
//! moment on at which a command begins, changes or drives an upgrade. The service, which nobody watches, has a file of its own
//! as well. What libraries say below *info* is in none of them ([`filter`]).

mod cursor;
mod file;
mod files;
mod filter;
mod layer;
mod notice;
mod record;
mod story;
mod told;

use crate::{args::Common, output::SAID};
use layer::Lines;
use tracing_subscriber::{EnvFilter, Layer, layer::SubscriberExt, util::SubscriberInitExt};

pub(crate) use cursor::Cursor;
pub(crate) use files::begin;
pub(crate) use story::{Line, Story};
pub(crate) use told::{Both, Told};

fn levels(usual: &str, said: bool) -> EnvFilter {
    let filter = EnvFilter::try_from_env("MAILSEC_LOG").unwrap_or_else(|_| EnvFilter::new(usual));
    match format!("{SAID}={}", if said { "info" } else { "off" }).parse() {
        Ok(said) => filter.add_directive(said),
        Err(_) => filter,
    }
}

/// What the files take, whatever stderr does.
fn for_files(verbose: u8) -> EnvFilter {
    levels(if verbose > 1 { "mailsec=debug,info" } else { "mailsec=info,warn" }, false)
}

pub(crate) fn start(common: &Common) {
    files::wanted(common);
    let level = match common.verbose {
        // The story is told by the progress, and what became of the second copy by the journal.
        0 => "error,mailsec::story=off,sled=off",
        1 => "mailsec=info,warn",
        _ => "mailsec=debug,info",
    };
    let stderr = Lines::new(|record| crate::output::log(record.human()));
    tracing_subscriber::registry()
        .with(stderr.with_filter(levels(level, false)))
        .with(Lines::new(files::write).with_filter(for_files(common.verbose)))
        .with(filter::discreet())
        .init();
}

/// The log of the service: `service.log` in `folder`, which is there, beside the files that every run writes.
#[cfg(windows)]
pub(crate) fn start_service(common: &Common, folder: &std::path::Path) -> std::io::Result<()> {
    use std::io::Write;

    files::wanted(common);
    let log = file::LogFile::open(folder.join("service.log"), file::LIMIT)?;
    let log = std::sync::Mutex::new(log);
    let own = Lines::new(move |record| {
        let mut log = log.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        _ = log.write_all(record.human().as_bytes());
    });
    tracing_subscriber::registry()
        .with(own.with_filter(levels("mailsec=info,warn", true)))
        .with(Lines::new(files::write).with_filter(for_files(0)))
        .with(filter::discreet())
        .init();
    Ok(())
}
