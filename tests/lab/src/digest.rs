//! One value for all that is in a folder.

use crate::error::{Result, at};
use std::fs;
use std::path::{Path, PathBuf};

/// A digest over the names and contents of all files in a folder, and in those below it.
pub(crate) fn of_folder(folder: &Path) -> Result<String> {
    let mut files = Vec::new();
    collect(folder, &mut files)?;
    files.sort();
    let mut hasher = blake3::Hasher::new();
    for file in files {
        let name = file.strip_prefix(folder).unwrap_or(&file).as_os_str().as_encoded_bytes();
        let content = at(&file, fs::read(&file))?;
        // With its length before each part, no two folders can look the same.
        for part in [name, &content] {
            hasher.update(&(part.len() as u64).to_le_bytes()).update(part);
        }
    }
    Ok(hasher.finalize().to_hex().to_string())
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    for entry in at(folder, fs::read_dir(folder))? {
        let path = at(folder, entry)?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}
