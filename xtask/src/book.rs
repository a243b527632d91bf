//! The book: every page is in its table of contents, it builds, and in what was built every link leads to a file and a
//! heading that are there. (`links` checks the pages as they are written; the book moves some of them.)

use crate::{
    files,
    needs::TOOLS,
    run::{self, Checked, Shop},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Component, Path, PathBuf},
    process::Command,
};

/// Where pages are written.
const PAGES: &str = "docs";
/// Where the book is built, as `book.toml` says.
pub(crate) const BUILT: &str = "target/book";

/// The program that builds it.
pub(crate) fn program(shop: &Shop) -> Command {
    shop.program(shop.root.join(TOOLS).join("bin/mdbook"))
}

pub(crate) fn check(shop: &Shop) -> Checked {
    let pages = shop.root.join(PAGES);
    let summary = files::text(&pages.join("SUMMARY.md"))?.unwrap_or_default();
    let mut wrong = contents(&summary, &files::all(&pages)?, &pages);
    run::to_end(program(shop).arg("build"))?;
    let built = shop.root.join(BUILT);
    let mut all = BTreeMap::new();
    for file in files::all(&built)? {
        // One of these has all the others in it, the other is shown at any address.
        let special = ["print.html", "404.html"].iter().any(|name| file.ends_with(name));
        let page = file.extension().is_some_and(|extension| extension == "html") && !special;
        let text = if page { files::text(&file)?.unwrap_or_default() } else { String::new() };
        all.insert(file, text);
    }
    let mut links = 0;
    let names: BTreeMap<&Path, BTreeSet<&str>> =
        all.iter().map(|(file, text)| (file.as_path(), attributes(text, "id").collect())).collect();
    for (file, text) in &all {
        for link in attributes(text, "href").chain(attributes(text, "src")) {
            links += 1;
            if let Err(why) = follow(file, link, &names) {
                wrong.push(format!("{} links to {link}: {why}", files::below(file, &built)));
            }
        }
    }
    files::verdict(
        &wrong,
        format!("{links} links on {} pages", all.values().filter(|text| !text.is_empty()).count()),
    )
}

/// Pages that the table of contents does not have, or has twice.
fn contents(summary: &str, all: &[PathBuf], pages: &Path) -> Vec<String> {
    let listed: Vec<&str> = summary
        .match_indices("](")
        .filter_map(|(at, _)| summary[at + 2..].split_once(')'))
        .map(|(to, _)| to)
        .collect();
    let markdown = all.iter().filter(|file| file.extension().is_some_and(|extension| extension == "md"));
    let there =
        markdown.map(|file| files::below(file, pages).to_string()).filter(|name| name != "SUMMARY.md");
    there
        .filter_map(|name| match listed.iter().filter(|listed| **listed == name).count() {
            1 => None,
            0 => Some(format!("{PAGES}/{name} is not in {PAGES}/SUMMARY.md")),
            _ => Some(format!("{PAGES}/{name} is more than once in {PAGES}/SUMMARY.md")),
        })
        .collect()
}

/// The values of an attribute, where it stands in a tag.
fn attributes<'t>(text: &'t str, name: &'static str) -> impl Iterator<Item = &'t str> {
    text.split('<').skip(1).filter_map(|piece| piece.split_once('>').map(|(tag, _)| tag)).filter_map(
        move |tag| {
            let (_, behind) = tag.split_once(&format!(" {name}=\""))?;
            behind.split_once('"').map(|(value, _)| value)
        },
    )
}

fn follow(from: &Path, link: &str, names: &BTreeMap<&Path, BTreeSet<&str>>) -> Result<(), String> {
    if link.contains("://") || link.starts_with("mailto:") || link.starts_with("data:") {
        return Ok(());
    }
    let (path, anchor) = link.split_once('#').map_or((link, None), |(path, anchor)| (path, Some(anchor)));
    let path = path.split('?').next().unwrap_or(path);
    let target =
        if path.is_empty() { from.to_owned() } else { straight(&from.parent().unwrap_or(from).join(path)) };
    let names = names.get(target.as_path()).ok_or("there is no such file")?;
    match anchor {
        Some(anchor) if !anchor.is_empty() && !names.contains(anchor) => {
            Err(format!("there is nothing called {anchor}"))
        }
        _ => Ok(()),
    }
}

/// The path without its steps back.
fn straight(path: &Path) -> PathBuf {
    path.components().fold(PathBuf::new(), |mut all, part| {
        match part {
            Component::ParentDir => drop(all.pop()),
            Component::CurDir => {}
            part => all.push(part),
        }
        all
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_page_is_in_the_contents_once() {
        let pages = Path::new("docs");
        let all: Vec<PathBuf> =
            ["a.md", "b/c.md", "d.md", "x.svg", "SUMMARY.md"].iter().map(|name| pages.join(name)).collect();
        let found = contents("- [A](a.md)\n- [C](b/c.md)\n- [C](b/c.md)\n", &all, pages);
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(
            found[0].contains("b/c.md is more than once") && found[1].contains("d.md is not in"),
            "{found:?}"
        );
    }

    #[test]
    fn a_link_leads_to_a_file_and_a_name() {
        let page = "<h1 id=\"top\">x</h1> <a class=\"y\" href=\"b.html#z\">text href=\"no\"</a>";
        assert_eq!(attributes(page, "href").collect::<Vec<_>>(), ["b.html#z"]);
        let names = BTreeMap::from([
            (Path::new("book/a.html"), attributes(page, "id").collect()),
            (Path::new("book/sub/b.html"), BTreeSet::new()),
        ]);
        let follow = |from: &str, link: &str| follow(Path::new(from), link, &names);
        for good in ["#top", "sub/b.html", "./sub/b.html?x=1", "https://example.org", ""] {
            assert_eq!(follow("book/a.html", good), Ok(()), "{good}");
        }
        assert_eq!(follow("book/sub/b.html", "../a.html#top"), Ok(()));
        for bad in ["#bottom", "b.html", "sub/b.html#top", "../outside.html"] {
            assert!(follow("book/a.html", bad).is_err(), "{bad}");
        }
    }
}
