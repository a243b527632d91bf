//! Messages for an upgrade that another process runs: one file each, taken in at the next safe point.

use crate::{output, place::private_folder};
use mailsec_core::{
    Failure,
    engine::{Message, fits},
    failure::Code,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
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
        fits(message)?;
        private_folder(&self.folder)?;
        let text = serde_json::to_vec(message)
            .map_err(|error| output::system("the message cannot be written", error))?;
        let new = self.folder.join(format!("{}.new", message.id));
        fs::write(&new, text).map_err(failed)?;
        fs::rename(&new, self.path(message)).map_err(failed)
    }

    /// The messages, oldest first. Nothing in here, or in its place, ends a run, which may hold mail: what is no message
    /// is set aside with a word about it; what cannot be read now stays where it is, for the next look, because it may be
    /// an answer that somebody waits for; a folder that cannot be read is said.
    pub(crate) fn messages(&self) -> Vec<Message> {
        let entries = match fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Vec::new(),
            Err(error) => {
                self.is_closed(&error);
                return Vec::new();
            }
        };
        remembered().closed.remove(&self.folder);
        let mut paths: Vec<PathBuf> = entries
            .flatten()
            .map(|entry| entry.path())
            .filter(|path| path.extension().is_some_and(|e| e == "json") && !is_dealt_with(path))
            .collect();
        paths.sort();
        paths.iter().filter_map(|path| read(path)).collect()
    }

    /// Says once that the folder cannot be read: it is looked at several times a second.
    fn is_closed(&self, error: &std::io::Error) {
        if !remembered().closed.insert(self.folder.clone()) {
            return;
        }
        tracing::warn!(path = %self.folder.display(), %error, "the inbox cannot be read");
        output::say(&format!(
            "The inbox {} cannot be read: {error}. The upgrade goes on and hears nobody there; `mailsec answer` and \
             requests arrive once it is a folder that this account may read.",
            self.folder.display()
        ));
    }

    /// It was taken in, or refused: that is left for whoever left it, and for those who look later. A refusal that cannot be
    /// written down is left to the next process, because a message that is gone counts as taken.
    pub(crate) fn remove(&self, message: &Message, refused: Option<&Failure>) {
        let path = self.path(message);
        let done =
            refused.map_or(Ok(()), |why| self.refuse(message, why)).and_then(|()| fs::remove_file(&path));
        if let Err(error) = done {
            tracing::warn!(path = %path.display(), %error, "a message that was dealt with stays in the inbox");
            remembered().dealt_with.insert(path, refused.is_none());
        }
    }

    /// Whole or not at all.
    fn refuse(&self, message: &Message, why: &Failure) -> std::io::Result<()> {
        let new = self.beside(message, "new");
        fs::write(&new, serde_json::to_vec(&(message, why))?)
            .and_then(|()| fs::rename(&new, self.beside(message, "refused")))
            .inspect_err(|_| _ = fs::remove_file(&new))
    }

    /// What lies here, oldest first: not taken in yet, or refused, and why, while whoever said it was gone. Nothing is moved.
    pub(crate) fn lying(&self) -> Vec<(Message, Option<Failure>)> {
        let entries = fs::read_dir(&self.folder).into_iter().flatten().flatten();
        let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
        paths.sort();
        let one = |path: &PathBuf| {
            let bytes = fs::read(path).ok()?;
            match path.extension()?.to_str()? {
                "json" => Some((serde_json::from_slice(&bytes).ok()?, None)),
                "refused" => serde_json::from_slice(&bytes).ok(),
                _ => None,
            }
        };
        paths.iter().filter_map(one).collect()
    }

    /// Whether it lies there still, as far as that can be told.
    pub(crate) fn has(&self, message: &Message) -> bool {
        self.path(message).try_exists().unwrap_or(true)
    }

    /// Takes it back; whether it lay there still.
    pub(crate) fn take_back(&self, message: &Message) -> bool {
        fs::remove_file(self.path(message)).is_ok()
    }

    /// Why it was refused, if it was. That is told once.
    pub(crate) fn refused(&self, message: &Message) -> Option<Failure> {
        if self.beside(message, "unreadable").exists() {
            return Some(
                Failure::new(Code::RequestRefused, "the running process could not read what was said")
                    .hint("it may be an older version of the program; say it in that version's words"),
            );
        }
        let path = self.beside(message, "refused");
        let (_, why): (Message, Failure) = serde_json::from_slice(&fs::read(&path).ok()?).ok()?;
        _ = fs::remove_file(path);
        Some(why)
    }

    fn beside(&self, message: &Message, extension: &str) -> PathBuf {
        self.folder.join(format!("{}.{extension}", message.id))
    }

    fn path(&self, message: &Message) -> PathBuf {
        self.folder.join(format!("{}.json", message.id))
    }
}

/// What this process knows of its inboxes.
struct Remembered {
    /// Those that could not be read when they were looked at last.
    closed: BTreeSet<PathBuf>,
    /// Messages that were dealt with and are there still, a virus scanner had them open say; whether they may go.
    dealt_with: BTreeMap<PathBuf, bool>,
}

fn remembered() -> MutexGuard<'static, Remembered> {
    static ALL: Mutex<Remembered> =
        Mutex::new(Remembered { closed: BTreeSet::new(), dealt_with: BTreeMap::new() });
    ALL.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether this process has taken the message in, or refused it. It is removed as soon as it can be.
fn is_dealt_with(path: &Path) -> bool {
    let mut remembered = remembered();
    let Some(may_go) = remembered.dealt_with.get(path).copied() else { return false };
    if may_go && fs::remove_file(path).is_ok() {
        remembered.dealt_with.remove(path);
    }
    true
}

fn read(path: &Path) -> Option<Message> {
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) => {
            // Not for people: it is looked several times a second, and a virus scanner lets go soon.
            tracing::warn!(path = %path.display(), %error, "a message in the inbox cannot be read yet");
            return None;
        }
    };
    // The id names the file; one that does not would never be removed.
    let message = serde_json::from_slice::<Message>(&bytes)
        .ok()
        .filter(|message| path.file_stem().is_some_and(|stem| stem == message.id.as_str()));
    if message.is_none() {
        let aside = path.with_extension("unreadable");
        let done = fs::rename(path, &aside).map_or_else(
            |error| format!("and cannot be set aside: {error}"),
            |()| format!("set aside as {}", aside.display()),
        );
        output::say(&format!("{} in the inbox is no message, {done}", path.display()));
    }
    message
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test")]

    use super::*;
    use mailsec_core::{engine::Said, upgrade::Request};

    #[test]
    fn what_is_no_message_is_set_aside_and_what_cannot_be_read_stays() {
        let folder = tempfile::tempdir().unwrap();
        let inbox = Inbox::new(folder.path().to_owned());
        let message = Message {
            id: "b".to_owned(),
            said: Said::Request(Request::Pause),
            by: "somebody".to_owned(),
            note: String::new(),
        };
        inbox.put(&message).unwrap();
        fs::write(folder.path().join("a.json"), "{").unwrap();
        fs::write(folder.path().join("other.json"), serde_json::to_vec(&message).unwrap()).unwrap();
        // A folder cannot be read as a file, whoever tries.
        fs::create_dir(folder.path().join("c.json")).unwrap();
        assert_eq!(inbox.messages(), [message]);
        let there = |name: &str| folder.path().join(name).exists();
        assert!(there("a.unreadable") && there("other.unreadable") && there("c.json"));
        assert!(!there("a.json") && !there("other.json"));
    }

    /// In place of its files are folders, which cannot be removed or written as such.
    #[test]
    fn what_was_dealt_with_is_not_taken_again_and_a_refusal_that_is_lost_is_no_yes() {
        let folder = tempfile::tempdir().unwrap();
        let inbox = Inbox::new(folder.path().to_owned());
        let message = |id: &str| Message {
            id: id.to_owned(),
            said: Said::Request(Request::Pause),
            by: "somebody".to_owned(),
            note: String::new(),
        };
        let in_the_way = |name: &str| fs::create_dir_all(folder.path().join(name).join("it")).unwrap();
        let (taken, refused) = (message("a"), message("b"));
        inbox.put(&taken).unwrap();
        inbox.put(&refused).unwrap();
        assert_eq!(inbox.messages().len(), 2);
        fs::remove_file(inbox.path(&taken)).unwrap();
        in_the_way("a.json");
        inbox.remove(&taken, None);
        in_the_way("b.refused");
        inbox.remove(&refused, Some(&Failure::new(Code::GateNotOpen, "not open")));
        // Whoever left it still waits, and the next process refuses it anew.
        assert!(inbox.has(&refused) && inbox.refused(&refused).is_none());
        fs::remove_dir_all(folder.path().join("a.json")).unwrap();
        inbox.put(&taken).unwrap();
        assert_eq!(inbox.messages(), []);
        assert!(!inbox.has(&taken) && inbox.has(&refused));
    }
}
