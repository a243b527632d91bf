//! The files beside the journal: `mailsec.log` for people, `mailsec.jsonl` for programs; or the one that `--log` names.
//!
//! They are opened when a command is about to begin, change or drive an upgrade: one that only looks, or is refused,
//! leaves nothing.
//! What was recorded before is kept until then. A file that cannot be written is said and stops no upgrade.

use super::{
    file::{LIMIT, LogFile},
    record::Record,
};
use crate::{
    args::{Common, LogFormat},
    output,
    place::State,
};
use std::{
    io::Write,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
};

/// Records that are kept until the files are there.
const KEPT: usize = 256;

struct Files {
    wanted: Option<(PathBuf, LogFormat)>,
    early: Vec<Record>,
    open: Option<Vec<(LogFile, LogFormat)>>,
}

static FILES: Mutex<Files> = Mutex::new(Files { wanted: None, early: Vec::new(), open: None });

fn files() -> MutexGuard<'static, Files> {
    FILES.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What the command line wants instead of the usual files.
pub(super) fn wanted(common: &Common) {
    files().wanted = common.log.clone().map(|path| {
        let is_json = path.extension().is_some_and(|end| end == "json" || end == "jsonl");
        let usual = if is_json { LogFormat::Json } else { LogFormat::Human };
        let format = common.log_format.unwrap_or(usual);
        (path, format)
    });
}

/// From now on there are files. The first call counts: a process has one log.
pub(crate) fn begin(state: &State) {
    let mut files = files();
    if files.open.is_some() {
        return;
    }
    let wanted = match &files.wanted {
        Some(one) => vec![one.clone()],
        None => [("mailsec.log", LogFormat::Human), ("mailsec.jsonl", LogFormat::Json)]
            .map(|(name, format)| (state.logs().join(name), format))
            .to_vec(),
    };
    let mut failed = Vec::new();
    if let Err(failure) = state.make_private(&state.logs().join("mailsec.log")) {
        failed.push(failure.to_string());
    }
    let mut open = Vec::new();
    for (path, format) in wanted {
        match LogFile::open(path.clone(), LIMIT) {
            Ok(file) => open.push((file, format)),
            Err(error) => failed.push(unwritable(&path, &error)),
        }
    }
    for record in std::mem::take(&mut files.early) {
        put(&mut open, &record);
    }
    files.open = Some(open);
    drop(files);
    for why in failed {
        output::say(&why);
    }
}

fn unwritable(path: &Path, error: &std::io::Error) -> String {
    format!(
        "The log {} cannot be written: {error}. The upgrade goes on; its journal has everything.",
        path.display()
    )
}

pub(super) fn write(record: &Record) {
    let mut files = files();
    let Files { early, open, .. } = &mut *files;
    match open {
        Some(open) => put(open, record),
        None if early.len() < KEPT => early.push(record.clone()),
        None => {}
    }
}

fn put(open: &mut [(LogFile, LogFormat)], record: &Record) {
    for (file, format) in open {
        let line = match format {
            LogFormat::Human => record.human(),
            LogFormat::Json => record.json(),
        };
        // A full disk must not stop an upgrade.
        _ = file.write_all(line.as_bytes());
    }
}
