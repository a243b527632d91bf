//! Whether pages can be used by everybody: axe-core's rules, in a browser without a window, wide and light, and dark at
//! the width of a phone.

use crate::{
    book, files,
    run::{self, Checked, Shop},
};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// The reports that the tests of `cli` make.
const REPORTS: &str = "docs/reports";
/// Pages of the book that stand for the others: text, tables, code, a picture, what is made from the code.
const BOOK: [&str; 5] =
    ["concepts.html", "power.html", "reports.html", "quick-start.html", "reference/commands.html"];
/// How a page is looked at: a name, the window, and how the browser is asked for it.
const LOOKS: [(&str, &str, &str); 2] = [
    ("light", "1280,900", "--blink-settings=preferredColorScheme=1"),
    ("dark phone", "390,844", "--blink-settings=preferredColorScheme=0"),
];
/// What is asked of axe, and how it answers.
const LOOK: &str = include_str!("../axe/look.js");
/// Rules that must have been tried at least: a page that is not understood breaks none.
const LEAST: usize = 5;

pub(crate) fn check(shop: &Shop) -> Checked {
    let axe = axe(shop)?;
    let pages: Vec<PathBuf> = files::all(&shop.root.join(REPORTS))?
        .into_iter()
        .filter(|file| file.extension().is_some_and(|extension| extension == "html"))
        .collect();
    run::to_end(book::program(shop).arg("build"))?;
    let book = BOOK.map(|name| shop.root.join(book::BUILT).join(name));
    if pages.is_empty() {
        return Err(format!("there is no page in {REPORTS}"));
    }
    let mut wrong = Vec::new();
    for page in pages.iter().chain(&book) {
        let text = files::text(page)?.unwrap_or_default();
        for look in LOOKS {
            let name = format!("{}, {}", files::below(page, &shop.root), look.0);
            let said = look_at(shop, &axe, (page, &text), look)?;
            wrong.extend(judge(&said).into_iter().map(|what| format!("{name}: {what}")));
        }
    }
    files::verdict(&wrong, format!("{} pages, each in {} ways", pages.len() + book.len(), LOOKS.len()))
}

/// axe-core's script, of the version in the lock file.
fn axe(shop: &Shop) -> Result<String, String> {
    let folder = shop.root.join("target/axe");
    let failed = |error: std::io::Error| format!("{} cannot be made: {error}", folder.display());
    fs::create_dir_all(&folder).map_err(failed)?;
    for file in ["package.json", "package-lock.json"] {
        fs::copy(shop.root.join("xtask/axe").join(file), folder.join(file)).map_err(failed)?;
    }
    let mut npm = shop.program("npm");
    run::to_end(npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]).current_dir(&folder))?;
    fs::read_to_string(folder.join("node_modules/axe-core/axe.min.js"))
        .map_err(|error| format!("axe-core is not where npm puts it: {error}"))
}

/// What axe says of a page.
fn look_at(
    shop: &Shop,
    axe: &str,
    (page, text): (&Path, &str),
    (_, window, scheme): (&str, &str, &str),
) -> Result<String, String> {
    // Beside a page of the book lies what it loads; a report loads nothing.
    let beside = if page.starts_with(shop.root.join(book::BUILT)) { page.parent() } else { None };
    let file = beside.map_or_else(|| shop.root.join("target/axe"), Path::to_owned).join("looked-at.html");
    fs::write(&file, instrumented(text, axe))
        .map_err(|error| format!("{} cannot be written: {error}", file.display()))?;
    let mut chromium = shop.program("chromium");
    chromium.args([
        "--headless",
        "--disable-gpu",
        "--hide-scrollbars",
        "--virtual-time-budget=60000",
        "--dump-dom",
        scheme,
    ]);
    if is_root(shop) {
        // Its sandbox refuses root; the page is our own.
        chromium.arg("--no-sandbox");
    }
    chromium.arg(format!("--window-size={window}")).arg(format!("file://{}", file.display()));
    // It talks about the desktop that is not there.
    chromium.stderr(std::process::Stdio::null());
    let output = chromium.output().map_err(|error| format!("`chromium` cannot be run: {error}"));
    _ = fs::remove_file(&file);
    let output = output?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn is_root(shop: &Shop) -> bool {
    run::output(shop.program("id").arg("-u")).is_ok_and(|id| id.trim_ascii() == b"0")
}

/// The page with axe in it. Its own policy forbids every script, so that line goes, and nothing else.
fn instrumented(page: &str, axe: &str) -> String {
    let page = match page.split_once("<meta http-equiv=\"Content-Security-Policy\"") {
        Some((head, rest)) => format!("{head}{}", rest.split_once('>').map_or("", |(_, rest)| rest)),
        None => page.to_owned(),
    };
    let (head, tail) = page.rsplit_once("</body>").unwrap_or((&page, ""));
    format!("{head}<script>{axe}</script><script>{LOOK}</script></body>{tail}")
}

/// What is wrong, from what was said.
fn judge(said: &str) -> Vec<String> {
    let Some(list) = said.rsplit_once("<pre>AXE\n").and_then(|(_, rest)| rest.split_once("\nEND")) else {
        return vec!["axe did not come to its end".to_owned()];
    };
    let tried =
        list.0.lines().find_map(|line| line.strip_prefix("tried=")?.parse::<usize>().ok()).unwrap_or(0);
    let few = (tried < LEAST).then(|| format!("only {tried} rules were tried"));
    let wrong = list.0.lines().filter_map(|line| line.strip_prefix("wrong=")).map(str::to_owned);
    few.into_iter().chain(wrong).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_axe_says_is_judged() {
        let dom = |said: &str| {
            format!("<html><body><script>`<pre>AXE`</script><pre>AXE\n{said}\nEND</pre></body></html>")
        };
        assert_eq!(judge(&dom("tried=30")), [""; 0]);
        assert_eq!(judge(&dom("tried=30\nwrong=color-contrast at p")), ["color-contrast at p"]);
        assert_eq!(judge(&dom("tried=2")).len(), 1);
        assert_eq!(judge("<html></html>").len(), 1);
    }

    #[test]
    fn only_the_policy_that_forbids_scripts_is_taken_out() {
        let page = "<head><meta http-equiv=\"Content-Security-Policy\" content=\"x\"><title>t</title></head><body>b</body></html>";
        let with = instrumented(page, "AXE");
        assert!(
            with.starts_with("<head><title>t</title></head><body>b<script>AXE</script><script>"),
            "{with}"
        );
        assert!(with.ends_with("</body></html>"), "{with}");
    }
}
