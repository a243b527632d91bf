//! The files' port.

use crate::{
    os_error::system_failure,
    win::{file, security},
};
use async_trait::async_trait;
use mailsec_core::{
    Code, Failure, Permit,
    host::{Answer, FileKind, FileStat, Files, TreeEntry},
    values::{Digest, ServerPath, Timestamp},
};
use mailsec_mail::blocking;
use std::{
    fs::{self, File, Metadata},
    io::{self, Read, Seek, SeekFrom, Write},
    os::windows::fs::{MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
    time::SystemTime,
};

/// What is being written has this behind its name until it is whole. The name is always the same, so that a run after
/// a crash replaces the torn file instead of leaving it behind.
const UNFINISHED: &str = ".mailsec-new";

const REPARSE_POINT: u32 = 0x400;
const SHARING_VIOLATION: i32 = 32;

/// Files of this machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct WindowsFiles;

#[async_trait]
impl Files for WindowsFiles {
    async fn stat(&self, path: &ServerPath) -> Answer<Option<FileStat>> {
        let path = path.clone();
        blocking(move || stat(&path)).await
    }

    async fn tree(&self, root: &ServerPath) -> Answer<Vec<TreeEntry>> {
        let root = root.clone();
        blocking(move || tree(&root)).await
    }

    async fn digest(&self, path: &ServerPath) -> Answer<Digest> {
        let path = path.clone();
        blocking(move || digest(&path)).await
    }

    async fn read(&self, path: &ServerPath, limit: u64) -> Answer<Vec<u8>> {
        let path = path.clone();
        blocking(move || read(&path, limit)).await
    }

    async fn free_space(&self, path: &ServerPath) -> Answer<u64> {
        let path = path.clone();
        blocking(move || free_space(&path)).await
    }

    async fn copy(&self, _: &Permit, from: &ServerPath, to: &ServerPath) -> Answer<()> {
        let (from, to) = (from.clone(), to.clone());
        blocking(move || {
            let mut source = open(&from)?;
            let modified = source.metadata().and_then(|m| m.modified()).ok();
            put(&to, &mut source, modified)
        })
        .await
    }

    async fn write(&self, _: &Permit, path: &ServerPath, content: &[u8]) -> Answer<()> {
        let (path, content) = (path.clone(), content.to_vec());
        blocking(move || put(&path, &mut content.as_slice(), None)).await
    }

    async fn remove(&self, _: &Permit, path: &ServerPath) -> Answer<()> {
        let path = path.clone();
        blocking(move || remove(&path)).await
    }
}

/// The path in the form that has no limit of 260 characters and no special names
/// (<https://learn.microsoft.com/windows/win32/fileio/maximum-file-path-limitation>).
pub(crate) fn long(path: &ServerPath) -> Result<PathBuf, Failure> {
    let text = path.as_str();
    // Behind `\\?\` Windows takes "." and ".." for names, and "x:y" names a hidden stream of x.
    let odd = text.split('\\').any(|name| name == "." || name == "..");
    let colon = text.strip_prefix(r"\\?\").unwrap_or(text).get(2..).is_some_and(|rest| rest.contains(':'));
    if !path.is_absolute() || odd || colon {
        return Err(Failure::new(Code::BadArgument, "the path is not an absolute path on this server")
            .expected(r"a path such as C:\folder\file")
            .found(text));
    }
    Ok(PathBuf::from(match text.strip_prefix(r"\\") {
        Some(_) if text.starts_with(r"\\?\") => text.to_owned(),
        Some(share) => format!(r"\\?\UNC\{share}"),
        None => format!(r"\\?\{text}"),
    }))
}

fn missing(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

fn unreadable(path: &ServerPath, error: &io::Error) -> Failure {
    let code = if missing(error) { Code::FileMissing } else { Code::FileUnreadable };
    system_failure(code, format!("{path} cannot be read"), error)
}

fn unwritable(path: &ServerPath, error: &io::Error) -> Failure {
    system_failure(Code::FileUnwritable, format!("{path} cannot be written"), error)
}

fn is_link(meta: &Metadata) -> bool {
    meta.file_attributes() & REPARSE_POINT != 0
}

fn modified(meta: &Metadata) -> Timestamp {
    let since = meta.modified().ok().and_then(|at| at.duration_since(SystemTime::UNIX_EPOCH).ok());
    Timestamp::from_millis(since.and_then(|d| i64::try_from(d.as_millis()).ok()).unwrap_or(0))
}

fn stat(path: &ServerPath) -> Result<Option<FileStat>, Failure> {
    match fs::symlink_metadata(long(path)?) {
        Ok(meta) => {
            let folder = meta.is_dir() && !is_link(&meta);
            let size = if folder || is_link(&meta) { 0 } else { meta.len() };
            let kind = if folder { FileKind::Folder } else { FileKind::File };
            Ok(Some(FileStat { kind, size, modified: modified(&meta) }))
        }
        Err(e) if missing(&e) => Ok(None),
        Err(e) => Err(unreadable(path, &e)),
    }
}

pub(crate) fn open(path: &ServerPath) -> Result<File, Failure> {
    File::open(long(path)?).map_err(|e| unreadable(path, &e))
}

/// Size and digest, read in pieces.
pub(crate) fn measure(path: &ServerPath) -> Result<(u64, Digest), Failure> {
    let mut file = open(path)?;
    let mut hasher = blake3::Hasher::new();
    let size = io::copy(&mut file, &mut hasher).map_err(|e| unreadable(path, &e))?;
    Ok((size, Digest::from_bytes(*hasher.finalize().as_bytes())))
}

fn digest(path: &ServerPath) -> Result<Digest, Failure> {
    measure(path).map(|(_, digest)| digest)
}

fn tree(root: &ServerPath) -> Result<Vec<TreeEntry>, Failure> {
    let meta = fs::symlink_metadata(long(root)?).map_err(|e| unreadable(root, &e))?;
    if !meta.is_dir() {
        return Err(Failure::new(Code::FileUnreadable, format!("{root} is not a folder")));
    }
    let mut entries = Vec::new();
    let mut folders = vec![(root.clone(), String::new())];
    while let Some((folder, below)) = folders.pop() {
        for entry in fs::read_dir(long(&folder)?).map_err(|e| unreadable(&folder, &e))? {
            let entry = entry.map_err(|e| unreadable(&folder, &e))?;
            let name = entry.file_name().into_string().map_err(|name| {
                Failure::new(Code::FileUnreadable, format!("{folder} holds a file whose name is not Unicode"))
                    .found(name.to_string_lossy())
            })?;
            let path = folder.join(&name);
            let relative = if below.is_empty() { name } else { format!("{below}\\{name}") };
            let meta = entry.metadata().map_err(|e| unreadable(&path, &e))?;
            if is_link(&meta) {
                entries.push(TreeEntry { path: relative, size: 0, digest: Digest::of(b"") });
            } else if meta.is_dir() {
                folders.push((path, relative));
            } else {
                let (size, digest) = measure(&path)?;
                entries.push(TreeEntry { path: relative, size, digest });
            }
        }
    }
    entries.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(entries)
}

pub(crate) fn read(path: &ServerPath, limit: u64) -> Result<Vec<u8>, Failure> {
    let mut content = Vec::new();
    let mut file = open(path)?.take(limit.saturating_add(1));
    file.read_to_end(&mut content).map_err(|e| unreadable(path, &e))?;
    if content.len() as u64 > limit {
        return Err(Failure::new(Code::FileUnreadable, format!("{path} is larger than it should be"))
            .expected(format!("at most {limit} bytes")));
    }
    Ok(content)
}

/// The last bytes of a file, however long it is.
pub(crate) fn read_end(path: &ServerPath, bytes: u64) -> Result<Vec<u8>, Failure> {
    let mut file = open(path)?;
    let mut content = Vec::new();
    let size = file.seek(SeekFrom::End(0)).map_err(|e| unreadable(path, &e))?;
    file.seek(SeekFrom::Start(size.saturating_sub(bytes))).map_err(|e| unreadable(path, &e))?;
    file.take(bytes).read_to_end(&mut content).map_err(|e| unreadable(path, &e))?;
    Ok(content)
}

fn free_space(path: &ServerPath) -> Result<u64, Failure> {
    let mut folder = path.clone();
    loop {
        if fs::metadata(long(&folder)?).is_ok_and(|meta| meta.is_dir()) {
            return file::free_space(&long(&folder)?).map_err(|e| unreadable(&folder, &e));
        }
        folder = folder
            .parent()
            .ok_or_else(|| Failure::new(Code::FileMissing, format!("there is no volume for {path}")))?;
    }
}

/// Makes a folder and those above it; what it makes is for administrators only.
pub(crate) fn make_folders(path: &ServerPath) -> Result<(), Failure> {
    let mut absent = Vec::new();
    let mut folder = Some(path.clone());
    while let Some(next) = folder {
        match fs::metadata(long(&next)?) {
            Ok(meta) if meta.is_dir() => break,
            Ok(_) => {
                return Err(Failure::new(Code::FileUnwritable, format!("{next} is a file, not a folder")));
            }
            Err(e) if missing(&e) => {}
            Err(e) => return Err(unwritable(&next, &e)),
        }
        folder = next.parent();
        absent.push(next);
    }
    for folder in absent.into_iter().rev() {
        match security::create_folder(&long(&folder)?) {
            Ok(()) => {}
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {}
            Err(e) => return Err(unwritable(&folder, &e)),
        }
    }
    Ok(())
}

/// Writes a whole file beside its place, flushes it to the device, and gives it its name.
///
/// A file that replaces another keeps that one's access list: a restored setting must stay readable for the service
/// that reads it. A new file is for administrators only.
pub(crate) fn put(
    path: &ServerPath,
    content: &mut dyn Read,
    modified: Option<SystemTime>,
) -> Result<(), Failure> {
    let to = long(path)?;
    if let Some(folder) = path.parent() {
        make_folders(&folder)?;
    }
    let beside = beside(&to);
    match fs::remove_file(&beside) {
        Err(e) if !missing(&e) => return Err(unwritable(path, &e)),
        _ => {}
    }
    let mut fill = || -> io::Result<()> {
        let mut file = security::create_file(&beside)?;
        if to.exists() {
            security::copy_access(&to, &file)?;
        }
        io::copy(content, &mut file)?;
        file.flush()?;
        if let Some(modified) = modified {
            file.set_modified(modified)?;
        }
        file.sync_all()?;
        drop(file);
        file::rename(&beside, &to).map_err(|e| in_use(&to, e))
    };
    fill().map_err(|e| {
        let _ = fs::remove_file(&beside);
        unwritable(path, &e)
    })
}

/// Replacing or deleting a file that is open or loaded is "access denied", like one that we may not touch; asking to
/// write to it tells the two apart.
fn in_use(path: &Path, error: io::Error) -> io::Error {
    const GENERIC_WRITE_AND_DELETE: u32 = 0x4001_0000;
    if error.kind() != io::ErrorKind::PermissionDenied {
        return error;
    }
    match fs::OpenOptions::new().access_mode(GENERIC_WRITE_AND_DELETE).open(path) {
        Err(reason) if reason.raw_os_error() == Some(SHARING_VIOLATION) => reason,
        _ => error,
    }
}

fn beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(UNFINISHED);
    PathBuf::from(name)
}

pub(crate) fn remove(path: &ServerPath) -> Result<(), Failure> {
    if path.parent().is_none() {
        return Err(Failure::new(Code::BadArgument, "a whole volume is never removed").found(path.as_str()));
    }
    let target = long(path)?;
    let removed = match fs::symlink_metadata(&target) {
        Err(e) => Err(e),
        Ok(meta) if is_link(&meta) && meta.is_dir() => fs::remove_dir(&target),
        Ok(meta) if meta.is_dir() => fs::remove_dir_all(&target),
        Ok(_) => fs::remove_file(&target).map_err(|e| in_use(&target, e)),
    };
    match removed {
        Err(e) if !missing(&e) => {
            Err(system_failure(Code::FileUnwritable, format!("{path} cannot be removed"), &e))
        }
        _ => Ok(()),
    }
}
