//! The manual's pages, the completion scripts and the schemas: made from the same descriptions as `--help` and the types.

use crate::harness::{Place, Ran, fast_folder};
use std::{
    collections::BTreeSet,
    fs,
    io::Write,
    path::Path,
    process::{Command, Stdio},
};

fn program(arguments: &[&str]) -> Ran {
    Place::at(fast_folder().path().to_owned()).program().args(arguments).output().map(Ran::from).unwrap()
}

/// The commands that help names below this one.
fn below(command: &[&str]) -> Vec<String> {
    let help = program(&[command, &["--help"]].concat()).exits(0).stdout;
    let Some((_, list)) = help.split_once("\nCommands:\n") else { return Vec::new() };
    let list = list.split("\n\n").next().unwrap_or_default();
    let names = list.lines().filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    let names = names.filter_map(|line| line.split_whitespace().next()).filter(|name| *name != "help");
    names.map(str::to_owned).collect()
}

/// Every command, as its words.
fn all() -> Vec<Vec<String>> {
    let mut all = vec![Vec::new()];
    let mut next = 0;
    while let Some(command) = all.get(next).cloned() {
        let words: Vec<&str> = command.iter().map(String::as_str).collect();
        all.extend(below(&words).into_iter().map(|name| [command.clone(), vec![name]].concat()));
        next += 1;
    }
    all
}

#[test]
fn each_command_has_a_page_that_groff_reads_without_a_warning() {
    let dir = fast_folder();
    let folder = dir.path().join("deep/er");
    program(&["man", "--out", &folder.display().to_string()]).exits(0);
    let written: BTreeSet<String> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    let wanted: BTreeSet<String> = all()
        .into_iter()
        .map(|words| format!("{}.1", [vec!["mailsec".to_owned()], words].concat().join("-")))
        .collect();
    assert!(wanted.len() > 40, "{wanted:?}");
    assert_eq!(written, wanted);
    for page in written {
        let ran = Command::new("groff")
            .args(["-man", "-Tutf8", "-ww"])
            .arg(folder.join(&page))
            .output()
            .expect("groff, from Debian's groff-base");
        assert!(ran.status.success() && ran.stderr.is_empty(), "{page}: {}", Ran::from(ran));
        assert!(ran.stdout.len() > 500, "{page}: {}", Ran::from(ran));
    }
}

#[test]
fn each_shell_has_a_script_that_knows_each_command_and_bash_reads_its_own() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = program(&["completions", shell]).exits(0).stdout;
        for command in below(&[]) {
            assert!(script.contains(&command), "{shell}: {command}");
        }
        if shell == "bash" {
            let mut bash = Command::new("bash").arg("-n").stdin(Stdio::piped()).spawn().unwrap();
            bash.stdin.take().unwrap().write_all(script.as_bytes()).unwrap();
            assert!(bash.wait().unwrap().success());
        }
    }
}

#[test]
fn a_folder_that_cannot_be_made_is_said() {
    let ran = program(&["man", "--out", "/proc/nobody"]).exits(1);
    assert!(ran.stderr.contains("error[file-unwritable]"), "{ran}");
}

#[test]
fn the_schemas_that_are_printed_are_those_of_the_book() {
    for name in ["journal", "plan", "export", "report"] {
        let file =
            Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../docs/reference/{name}.schema.json"));
        let written = fs::read_to_string(file).unwrap();
        assert_eq!(program(&["schema", name]).exits(0).stdout, written);
        assert_eq!(program(&["--json", "schema", name]).exits(0).stdout, written);
    }
}
