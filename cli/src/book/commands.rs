//! Every command with its options, by the description that `--help` is made from.

use super::{MADE, cell, golden};
use crate::args::Cli;
use clap::{Arg, Command, CommandFactory};
use std::fmt::Write as _;

#[test]
fn the_reference_of_the_commands_is_theirs() {
    let mut command = Cli::command().disable_help_subcommand(true);
    command.build();
    let mut page = format!(
        "# Commands\n\n{MADE}\nAs `mailsec --help` says it. Every command takes the [options of all](#options-of-all-commands).\n\n"
    );
    let mut sections = String::new();
    for below in command.get_subcommands() {
        section(below, "mailsec", &mut page, &mut sections);
    }
    _ = write!(page, "\n## Options of all commands\n\n");
    options(&mut page, command.get_arguments().filter(|argument| argument.is_global_set()));
    page.push_str(&sections);
    golden("reference/commands.md", &page);
}

fn section(command: &Command, above: &str, list: &mut String, text: &mut String) {
    let name = format!("{above} {}", command.get_name());
    let about = command.get_about().map(ToString::to_string).unwrap_or_default();
    _ = writeln!(list, "- [`{name}`](#{}) - {}", name.replace(' ', "-"), cell(&about));
    let long = command.get_long_about().map_or(about, ToString::to_string);
    let usage = command.clone().render_usage().to_string();
    let usage = usage.trim_start_matches("Usage: ").to_owned();
    _ = write!(
        text,
        "\n## `{name}`\n\n{}.\n\n```text\n{usage}\n```\n",
        long.trim_end_matches('.').replace('<', "&lt;")
    );
    let own: Vec<&Arg> = command.get_arguments().filter(|argument| !argument.is_global_set()).collect();
    if own.iter().any(|argument| argument.get_id() != "help") {
        text.push('\n');
        options(text, own.into_iter());
    }
    for below in command.get_subcommands() {
        section(below, &name, list, text);
    }
}

fn options<'a>(text: &mut String, arguments: impl Iterator<Item = &'a Arg>) {
    text.push_str("| option | what it is |\n|---|---|\n");
    for argument in arguments.filter(|argument| !argument.is_hide_set() && argument.get_id() != "help") {
        let value = argument
            .get_value_names()
            .filter(|_| argument.get_action().takes_values())
            .map(|names| names.iter().map(|name| format!("<{name}>")).collect::<Vec<_>>().join(" "));
        let name = match (argument.get_short(), argument.get_long()) {
            (Some(short), Some(long)) => format!("-{short}, --{long}"),
            (None, Some(long)) => format!("--{long}"),
            _ => String::new(),
        };
        let shown: Vec<String> = [name].into_iter().chain(value).filter(|part| !part.is_empty()).collect();
        let mut help = argument.get_help().map(ToString::to_string).unwrap_or_default();
        let values = argument.get_possible_values();
        if argument.get_action().takes_values() && !values.is_empty() {
            let words: Vec<String> = values.iter().map(|value| format!("`{}`", value.get_name())).collect();
            _ = write!(help, " ({})", words.join(", "));
        }
        let defaults: Vec<_> =
            argument.get_default_values().iter().map(|value| value.to_string_lossy()).collect();
        if argument.get_action().takes_values() && defaults.iter().any(|default| !default.is_empty()) {
            _ = write!(help, " \\[default: `{}`\\]", defaults.join(" "));
        }
        if let Some(variable) = argument.get_env() {
            _ = write!(help, "; or the variable `{}`", variable.to_string_lossy());
        }
        _ = writeln!(text, "| `{}` | {} |", shown.join(" ").replace('|', "\\|"), cell(&help));
    }
}
