//! The same places, for a program that is started in another folder.

use mailsec_core::{Failure, failure::Code};
use std::{
    ffi::OsString,
    path::{Path, PathBuf},
};

/// A path with the folder in which this program was started.
///
/// # Errors
/// [`Code::BadArgument`] for one that is empty.
pub(crate) fn absolute(path: &Path) -> Result<PathBuf, Failure> {
    std::path::absolute(path).map_err(|error| {
        Failure::new(Code::BadArgument, "this path cannot be made absolute")
            .found(path.display().to_string())
            .cause(error)
    })
}

/// A source that `--secret` takes, with the whole path where it is a file.
///
/// # Errors
/// As [`absolute`].
pub(crate) fn source_from_anywhere(source: &str) -> Result<OsString, Failure> {
    let Some((name, path)) = source.split_once("=file:") else { return Ok(source.into()) };
    let mut whole = OsString::from(format!("{name}=file:"));
    whole.push(absolute(Path::new(path))?);
    Ok(whole)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test")]

    use super::*;

    #[test]
    fn only_a_file_lies_in_a_folder() {
        let here = std::env::current_dir().unwrap().join("headers.txt");
        let whole = format!("otlp-headers=file:{}", here.display());
        for (source, expected) in [
            ("otlp-headers=file:headers.txt", whole.as_str()),
            (&whole, &whole),
            ("otlp-headers=env:file", "otlp-headers=env:file"),
            ("otlp-headers=credential:a/b", "otlp-headers=credential:a/b"),
        ] {
            assert_eq!(source_from_anywhere(source).unwrap(), expected);
        }
        assert!(source_from_anywhere("otlp-headers=file:").is_err());
    }
}
