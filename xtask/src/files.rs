//! The files of the repository.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// Folders that hold what is built, or what git keeps for itself.
const LEFT_OUT: [&str; 2] = ["target", ".git"];

/// Every file below the root, sorted. Walked, not asked of git: a copy without its history is checked as well.
pub(crate) fn all(root: &Path) -> Result<Vec<PathBuf>, String> {
    let mut files = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        let failed = |error| format!("{} cannot be read: {error}", folder.display());
        for entry in fs::read_dir(&folder).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let kind = entry.file_type().map_err(failed)?;
            if kind.is_file() {
                files.push(entry.path());
            } else if kind.is_dir() && !LEFT_OUT.iter().any(|name| entry.file_name() == *name) {
                folders.push(entry.path());
            }
        }
    }
    files.sort();
    Ok(files)
}

/// The text of a file; `None` when it is not text.
pub(crate) fn text(file: &Path) -> Result<Option<String>, String> {
    let bytes = fs::read(file).map_err(|error| format!("{} cannot be read: {error}", file.display()))?;
    Ok(String::from_utf8(bytes).ok())
}

/// The path below the root, for messages.
pub(crate) fn below<'f>(file: &'f Path, root: &Path) -> std::path::Display<'f> {
    file.strip_prefix(root).unwrap_or(file).display()
}

/// A list of what is wrong, or the remark when nothing is.
pub(crate) fn verdict(wrong: &[String], remark: String) -> crate::run::Checked {
    match wrong {
        [] => Ok(remark),
        [one] => Err(one.clone()),
        several => Err(format!("{} are wrong:\n  {}", several.len(), several.join("\n  "))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_built_is_left_out() {
        let root = tempfile::tempdir().unwrap();
        for file in ["a.md", "deep/er/b.rs", ".ci/run", "target/x.rs", "sub/target/y.rs", ".git/config"] {
            let path = root.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        let found: Vec<String> =
            all(root.path()).unwrap().iter().map(|file| below(file, root.path()).to_string()).collect();
        assert_eq!(found, [".ci/run", "a.md", "deep/er/b.rs"]);
    }
}
