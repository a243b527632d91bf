//! Messages for an upgrade that another process runs: one file each, taken in at the next safe point.

use crate::output;
use mailsec_core::{Failure, engine::Message, failure::Code};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// The inbox of one upgrade.
#[derive(Clone, Debug)]
pub(crate) struct Inbox {
    folder: PathBuf,
}

impl Inbox {
    pub(crate) fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// Leaves a message. It is seen whole or not at all.
    pub(crate) fn put(&self, message: &Message) -> Result<(), Failure> {
        let failed = |error: std::io::Error| {
            Failure::new(Code::FileUnwritable, "the message cannot be left for the running upgrade")
                .found(self.folder.display().to_string())
                .cause(error)
        };
        private_folder(&self.folder).map_err(failed)?;
        let text = serde_json::to_vec(message)
            .map_err(|error| output::system("the message cannot be written", error))?;
        let new = self.folder.join(format!("{}.new", message.id));
        fs::write(&new, text).map_err(failed)?;
        fs::rename(&new, self.path(message)).map_err(failed)
    }

    /// The messages, oldest first. One that cannot be read is set aside with a word about it: it must not stop a run.
    pub(crate) fn messages(&self) -> Result<Vec<Message>, Failure> {
        let entries = match fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => {
                return Err(Failure::new(Code::FileUnreadable, "the inbox cannot be read").cause(error));
            }
        };
        let mut paths: Vec<PathBuf> = entries
            .flatten()
            .map(|entry| entry.path())
            .filter(|path| path.extension().is_some_and(|e| e == "json"))
            .collect();
        paths.sort();
        Ok(paths.iter().filter_map(|path| read(path)).collect())
    }

    pub(crate) fn remove(&self, message: &Message) {
        _ = fs::remove_file(self.path(message));
    }

    fn path(&self, message: &Message) -> PathBuf {
        self.folder.join(format!("{}.json", message.id))
    }
}

fn read(path: &Path) -> Option<Message> {
    let message = fs::read(path).ok().and_then(|bytes| serde_json::from_slice::<Message>(&bytes).ok());
    // The id names the file; one that does not would never be removed.
    let good = message.filter(|message| path.file_stem().is_some_and(|stem| stem == message.id.as_str()));
    if good.is_none() {
        tracing::warn!(path = %path.display(), "a message in the inbox cannot be read; set aside");
        _ = fs::rename(path, path.with_extension("unreadable"));
    }
    good
}

#[cfg(unix)]
fn private_folder(folder: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

#[cfg(not(unix))]
fn private_folder(folder: &Path) -> std::io::Result<()> {
    fs::create_dir_all(folder)
}
