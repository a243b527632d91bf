//! The commands of the handbook are run. A fenced block of the kind `console` behind a line `<!-- test -->` is a
//! session in a folder of its own: its lines that begin with `$ mailsec ` or `mailsec ` are typed one after the other.
//! A line ending in `# exit N` must end with that code; the others with 0. `export NAME=VALUE` sets a variable for all that
//! follows on the page; there are no others, as with a reader who begins at the top.

use crate::harness::{Place, Ran, SECRET, fast_folder};
use std::{
    fs,
    path::{Path, PathBuf},
};

const MARK: &str = "<!-- test -->";
const SETS: &str = "export ";

/// The sessions of a page.
fn sessions(page: &str) -> Vec<Vec<String>> {
    let mut sessions = Vec::new();
    let (mut marked, mut inside) = (false, false);
    for line in page.lines() {
        let line = line.trim();
        match () {
            () if inside && line.starts_with("```") => inside = false,
            () if inside => {
                let command = line.strip_prefix("$ ").unwrap_or(line);
                let counts = command.starts_with("mailsec ") || command.starts_with(SETS);
                if let (Some(session), true) = (sessions.last_mut(), counts) {
                    Vec::push(session, command.to_owned());
                }
            }
            () if line == MARK => marked = true,
            () if marked && line.starts_with("```console") => {
                sessions.push(Vec::new());
                (inside, marked) = (true, false);
            }
            () if !line.is_empty() => marked = false,
            () => {}
        }
    }
    sessions
}

/// The words of a command line as a shell of Unix has them, and the exit code that it ends with. That shell is the
/// strictest: what it takes apart rightly, PowerShell and `cmd` do as well.
pub(crate) fn words(line: &str) -> (Vec<String>, i32) {
    let (line, code) = match line.split_once(" # exit ") {
        Some((line, code)) => (line, code.trim().parse().expect("a number behind `# exit`")),
        None => (line, 0),
    };
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    let mut letters = line.chars();
    while let Some(letter) = letters.next() {
        match (letter, quote) {
            // Where nothing quotes it, it is gone.
            ('\\', None) => word.get_or_insert_default().extend(letters.next()),
            ('"' | '\'', None) => {
                quote = Some(letter);
                word.get_or_insert_default();
            }
            (_, Some(open)) if letter == open => quote = None,
            (' ', None) => words.extend(word.take()),
            _ => word.get_or_insert_default().push(letter),
        }
    }
    words.extend(word);
    (words, code)
}

fn pages() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut pages = vec![root.join("README.md")];
    let mut folders = vec![root.join("docs")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            match path.is_dir() {
                true => folders.push(path),
                false if path.extension().is_some_and(|end| end == "md") => pages.push(path),
                false => {}
            }
        }
    }
    pages.sort();
    pages
}

/// The variables that a page has set so far.
type Variables = Vec<(String, String)>;

fn type_all(session: &[String], variables: &mut Variables) -> Result<(), String> {
    let dir = fast_folder();
    let place = Place::at(dir.path().to_owned());
    for line in session {
        if let Some((name, value)) = line.strip_prefix(SETS).and_then(|set| set.split_once('=')) {
            variables.push((name.to_owned(), value.to_owned()));
            continue;
        }
        let (words, code) = words(line);
        let mut command = place.program();
        command.current_dir(dir.path()).envs(variables.iter().cloned());
        let ran = command.args(&words[1..]).output().map(Ran::from).map_err(|error| error.to_string())?;
        if ran.code != Some(code) {
            return Err(format!("`{line}` should end with {code}:\n{ran}"));
        }
    }
    Ok(())
}

#[test]
fn every_marked_command_works() {
    let mut wrong = Vec::new();
    for page in pages() {
        let text = fs::read_to_string(&page).unwrap_or_default();
        let mut variables = Variables::new();
        for session in sessions(&text) {
            wrong.extend(
                type_all(&session, &mut variables).err().map(|what| format!("{}: {what}", page.display())),
            );
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_session_is_found_and_typed() {
    let (secret, password) =
        (SECRET[1].replace("TEST_PASSWORD", "OF_PAGE"), mailsec_simulator::worlds::vipre::PASSWORD);
    let page = format!(
        "text\n{MARK}\n\n```console\n$ mailsec world create lab\nA simulated server\n$ mailsec --host sim:lab detect\n\
         $ export OF_PAGE={password}\nmailsec --host sim:lab --no-input --secret {secret} run --yes --installer 'C:\\Install\\SimVipre-5.1.msi' # exit 10\n\
         ```\n\n```console\n$ mailsec is not marked\n```\n"
    );
    let sessions = sessions(&page);
    assert_eq!(sessions.iter().map(Vec::len).collect::<Vec<_>>(), [4]);
    type_all(&sessions[0], &mut Variables::new()).unwrap();
    assert!(type_all(&["mailsec no-such-command".to_owned()], &mut Variables::new()).is_err());
}
