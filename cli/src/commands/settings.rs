//! `settings`: exports, shown and compared.

use crate::{
    args::{Common, DiffArgs, DiffFormat, SettingsCommand},
    exit::Exit,
    output::{self, Reply},
    show,
};
use mailsec_core::{Code, Failure};
use mailsec_eset::settings::{self, Expect};
use serde_json::json;
use std::{
    fs::File,
    io::BufReader,
    path::{Path, PathBuf},
};

/// What is read of a file at once. Differences are fetched from all over it, so not too much.
const BUFFER: usize = 32 << 10;

pub(crate) fn settings(common: &Common, command: SettingsCommand) -> Result<Reply, Failure> {
    match command {
        SettingsCommand::Show { file } => show(&file),
        SettingsCommand::Diff(args) => diff(common, args),
    }
}

fn open(path: &Path) -> Result<BufReader<File>, Failure> {
    let unreadable = |code| {
        Failure::new(code, "the export cannot be opened")
            .found(path.display().to_string())
            .hint("give the file that the product exported, such as settings.xml in the backup folder of an upgrade")
    };
    // A pipe would be waited for, and is read twice besides.
    if path.metadata().is_ok_and(|there| !there.is_file()) {
        return Err(unreadable(Code::FileUnreadable).cause("it is not a file"));
    }
    File::open(path).map(|file| BufReader::with_capacity(BUFFER, file)).map_err(|error| {
        let missing = error.kind() == std::io::ErrorKind::NotFound;
        unreadable(if missing { Code::FileMissing } else { Code::FileUnreadable }).cause(error)
    })
}

fn show(file: &Path) -> Result<Reply, Failure> {
    let within = |failure: Failure| failure.cause(format!("in {}", file.display()));
    let overview = settings::overview(open(file)?).map_err(within)?;
    let rules = settings::rules(open(file)?).map_err(within)?;
    Ok(Reply::new(show::export(&overview, &rules), json!({ "export": overview, "rules": rules })))
}

fn diff(common: &Common, args: DiffArgs) -> Result<Reply, Failure> {
    let DiffArgs { before, after, not_migrated, format, out } = args;
    let files = [before, after];
    out.iter().try_for_each(|out| output::spares(out, &files))?;
    let expect = Expect { not_migrated };
    let comparison = settings::compare(open(&files[0])?, open(&files[1])?, &expect)
        .map_err(|failure| name_file(failure, &files))?;
    let exit = if comparison.is_preserved() { Exit::Done } else { Exit::Differs };
    let value = json!(comparison);
    let default = if common.json { DiffFormat::Json } else { DiffFormat::Text };
    let text = match format.unwrap_or(default) {
        DiffFormat::Text => show::comparison(&comparison),
        DiffFormat::Json => serde_json::to_string_pretty(&value).unwrap_or_default(),
        DiffFormat::Html => show::comparison_page(&comparison),
    };
    let Some(out) = out else { return Ok(Reply::new(text, value).exit(exit)) };
    output::save(&out, "comparison", text.as_bytes())?;
    let text = format!("{}\nWritten to {}.", show::verdict(&comparison), out.display());
    Ok(Reply::new(text, json!({ "written": out.display().to_string(), "counts": comparison.counts }))
        .exit(exit))
}

/// The comparison says which of the two; the person gave files.
fn name_file(mut failure: Failure, files: &[PathBuf; 2]) -> Failure {
    if let Some(cause) = failure.causes.iter_mut().find(|cause| cause.starts_with("in the export from")) {
        let file = &files[usize::from(cause.ends_with("after"))];
        cause.push_str(&format!(", {}", file.display()));
    }
    failure
}
