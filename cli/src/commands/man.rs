//! `man`: the manual's pages, made from the same description as `--help`.

use crate::{
    args::Cli,
    output::{self, Reply},
};
use clap::{Command, CommandFactory};
use clap_mangen::Man;
use mailsec_core::{Code, Failure};
use serde_json::json;
use std::path::Path;

pub(crate) fn man(out: &Path) -> Result<Reply, Failure> {
    std::fs::create_dir_all(out).map_err(|error| {
        Failure::new(Code::FileUnwritable, "the folder for the pages cannot be made")
            .found(out.display().to_string())
            .cause(error)
    })?;
    let mut command = Cli::command().disable_help_subcommand(true);
    command.build();
    let mut written = Vec::new();
    page(&command, "mailsec", out, &mut written)?;
    let text = format!(
        "{} pages in {}; `man {}` shows the first",
        written.len(),
        out.display(),
        out.join("mailsec.1").display()
    );
    Ok(Reply::new(text, json!({ "folder": out.display().to_string(), "pages": written })))
}

/// The page of a command, and those of the commands below it.
fn page(command: &Command, name: &str, out: &Path, written: &mut Vec<String>) -> Result<(), Failure> {
    let mut content = Vec::new();
    let file = format!("{name}.1");
    Man::new(command.clone())
        .title(name)
        // What would make other bytes tomorrow is left out.
        .date("")
        .render(&mut content)
        .map_err(|error| output::system("a page of the manual cannot be made", error))?;
    // For everybody: there is nothing in it of any server.
    std::fs::write(out.join(&file), &content).map_err(|error| {
        Failure::new(Code::FileUnwritable, "a page of the manual cannot be written")
            .found(out.join(&file).display().to_string())
            .cause(error)
    })?;
    written.push(file);
    for below in command.get_subcommands().filter(|below| !below.is_hide_set()) {
        page(below, &format!("{name}-{}", below.get_name()), out, written)?;
    }
    Ok(())
}
