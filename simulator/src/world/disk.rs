//! Files and folders, with Windows' rules: names without case, files in use, and an end to the space.

use super::content::Content;
use crate::shared::{Shared, beginning};
use mailsec_core::{
    Code, Failure,
    host::{Answer, FileKind, FileStat, TreeEntry},
    values::{ServerPath, Timestamp},
};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, ops::Bound, sync::Arc};

/// The name under which a file is written before it takes its own; a crash leaves it behind.
pub const PARTIAL: &str = ".mailsec-partial";

/// A file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SimFile {
    /// Its path, in the case in which it was made.
    pub path: ServerPath,
    /// What is in it.
    pub content: Content,
    /// When that last changed.
    pub modified: Timestamp,
    /// Reading it fails.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unreadable: bool,
    /// Who keeps it open, so that it can be neither replaced nor removed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lock: Option<Lock>,
}

/// Somebody keeps a file open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lock {
    /// Who, for people.
    pub holder: String,
    /// The service whose end ends it (by short name); otherwise only a boot does.
    #[serde(default)]
    pub service: Option<String>,
}

/// All volumes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Disk {
    /// By path in lower case.
    pub files: Shared<BTreeMap<Arc<str>, Shared<SimFile>>>,
    /// Folders by path in lower case; the value is the path as it is shown.
    pub folders: Shared<BTreeMap<Arc<str>, ServerPath>>,
    /// Bytes that each volume can hold, by drive letter in lower case.
    pub capacity: Shared<BTreeMap<String, u64>>,
}

/// The key under which a path is kept.
#[must_use]
pub fn key(path: &ServerPath) -> String {
    path.as_str().to_ascii_lowercase()
}

fn drive(path: &ServerPath) -> String {
    path.as_str().chars().take(1).map(|letter| letter.to_ascii_lowercase()).collect()
}

fn missing(path: &ServerPath) -> Failure {
    Failure::new(Code::FileMissing, format!("{path} does not exist"))
}

impl Disk {
    /// A drive `C:` of this capacity.
    #[must_use]
    pub fn new(capacity: u64) -> Self {
        let folders = BTreeMap::from([("c:\\".into(), ServerPath::new("C:\\"))]);
        let capacity = BTreeMap::from([("c".to_owned(), capacity)]);
        Self { files: Shared::default(), folders: folders.into(), capacity: capacity.into() }
    }

    /// A file's content, unless it is marked unreadable.
    ///
    /// # Errors
    /// [`Code::FileMissing`], [`Code::FileUnreadable`].
    pub fn read(&self, path: &ServerPath) -> Answer<&Content> {
        let file = self.files.get(key(path).as_str()).ok_or_else(|| missing(path))?;
        if file.unreadable {
            let why = "access is denied (5)";
            return Err(Failure::new(Code::FileUnreadable, format!("{path} cannot be read")).cause(why));
        }
        Ok(&file.content)
    }

    /// Whether a file exists.
    #[must_use]
    pub fn has_file(&self, path: &ServerPath) -> bool {
        self.files.contains_key(key(path).as_str())
    }

    /// What is at a path.
    #[must_use]
    pub fn stat(&self, path: &ServerPath, born: Timestamp) -> Option<FileStat> {
        let key = key(path);
        if let Some(file) = self.files.get(key.as_str()) {
            return Some(FileStat {
                kind: FileKind::File,
                size: file.content.size(),
                modified: file.modified,
            });
        }
        self.folders.get(key.as_str()).map(|_| FileStat { kind: FileKind::Folder, size: 0, modified: born })
    }

    /// The files below a folder, in the order of their keys.
    pub fn below<'a>(&'a self, folder: &ServerPath) -> impl Iterator<Item = &'a SimFile> + use<'a> {
        self.entries_below(folder).map(|(_, file)| &**file)
    }

    /// The same with their keys.
    pub(crate) fn entries_below<'a>(
        &'a self,
        folder: &ServerPath,
    ) -> impl Iterator<Item = (&'a Arc<str>, &'a Shared<SimFile>)> + use<'a> {
        let prefix = format!("{}\\", key(folder).trim_end_matches('\\'));
        let from = (Bound::Included(prefix.as_str()), Bound::Unbounded);
        self.files.range::<str, _>(from).take_while(move |(key, _)| key.starts_with(&prefix))
    }

    /// The tree below a folder, as the port gives it.
    ///
    /// # Errors
    /// [`Code::FileMissing`] when there is no such folder, [`Code::FileUnreadable`].
    pub fn tree(&self, root: &ServerPath) -> Answer<Vec<TreeEntry>> {
        if !self.folders.contains_key(key(root).as_str()) {
            return Err(missing(root));
        }
        let mut entries = Vec::new();
        for file in self.below(root) {
            let content = self.read(&file.path)?;
            let path = file.path.below(root).unwrap_or_default().to_owned();
            entries.push(TreeEntry { path, size: content.size(), digest: content.digest() });
        }
        entries.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(entries)
    }

    /// Free bytes on a path's volume.
    ///
    /// # Errors
    /// [`Code::FileMissing`] when there is no such volume.
    pub fn free(&self, path: &ServerPath) -> Answer<u64> {
        let drive = drive(path);
        let capacity = self
            .capacity
            .get(&drive)
            .ok_or_else(|| Failure::new(Code::FileMissing, format!("{path} lies on no volume")))?;
        let used: u64 =
            beginning(&self.files, &format!("{drive}:")).map(|(_, file)| file.content.size()).sum();
        Ok(capacity.saturating_sub(used))
    }

    /// Puts a file there, whoever holds it: how worlds are made.
    pub fn put(&mut self, path: &ServerPath, content: impl Into<Content>, modified: Timestamp) {
        self.make_folders(path);
        let file =
            SimFile { path: path.clone(), content: content.into(), modified, unreadable: false, lock: None };
        self.files.insert(key(path).into(), file.into());
    }

    /// Writes a file as the port does.
    ///
    /// # Errors
    /// [`Code::DiskFull`], [`Code::FileUnwritable`] when it is held open or a folder has its name.
    pub fn write(&mut self, path: &ServerPath, content: Content, now: Timestamp) -> Answer<()> {
        if self.folders.contains_key(key(path).as_str()) {
            let text = format!("{path} cannot be written");
            return Err(Failure::new(Code::FileUnwritable, text).cause("it is a folder"));
        }
        self.held(path)?;
        let old = self.files.get(key(path).as_str()).map_or(0, |file| file.content.size());
        let free = self.free(path)?.saturating_add(old);
        if content.size() > free {
            return Err(Failure::new(Code::DiskFull, format!("there is no room for {path}"))
                .expected(format!("{} bytes free", content.size()))
                .found(format!("{free} bytes free"))
                .cause("there is not enough space on the disk (112)")
                .ask());
        }
        self.put(path, content, now);
        Ok(())
    }

    /// Removes a file, or a folder with all below it.
    ///
    /// # Errors
    /// [`Code::FileUnwritable`] when one of the files is held open; then nothing is removed.
    pub fn remove(&mut self, path: &ServerPath) -> Answer<()> {
        self.held(path)?;
        let files: Vec<String> = self.below(path).map(|file| key(&file.path)).collect();
        for file in &files {
            self.held(&ServerPath::new(file.clone()))?;
        }
        for file in files {
            self.files.remove(file.as_str());
        }
        let own = key(path);
        self.files.remove(own.as_str());
        let prefix = format!("{own}\\");
        self.folders.retain(|folder, _| **folder != *own && !folder.starts_with(&prefix));
        Ok(())
    }

    /// Refuses when somebody holds the file.
    pub(crate) fn held(&self, path: &ServerPath) -> Answer<()> {
        match self.files.get(key(path).as_str()).and_then(|file| file.lock.as_ref()) {
            None => Ok(()),
            Some(lock) => Err(in_use(path, &lock.holder)),
        }
    }

    /// Ends the locks that `ends` picks.
    pub(crate) fn unlock(&mut self, ends: impl Fn(&Lock) -> bool) {
        for file in self.files.values_mut() {
            if file.lock.as_ref().is_some_and(&ends) {
                file.lock = None;
            }
        }
    }

    fn make_folders(&mut self, path: &ServerPath) {
        let mut folder = path.parent();
        while let Some(path) = folder {
            let key = key(&path);
            if self.folders.contains_key(key.as_str()) {
                break;
            }
            folder = path.parent();
            self.folders.insert(key.into(), path);
        }
    }
}

/// A file that cannot be changed because somebody holds it.
pub(crate) fn in_use(path: &ServerPath, holder: &str) -> Failure {
    Failure::new(Code::FileUnwritable, format!("{path} is in use"))
        .found(format!("held by {holder}"))
        .cause("the process cannot access the file because it is being used by another process (32)")
        .retry()
}
