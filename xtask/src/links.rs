//! Links between pages: the file must be there, and the heading in it. Addresses elsewhere are not tried.

use crate::{
    files,
    run::{Checked, Shop},
    slug,
};
use std::path::Path;

pub(crate) fn check(shop: &Shop) -> Checked {
    let mut wrong = Vec::new();
    let (mut pages, mut links) = (0, 0);
    for file in files::all(&shop.root)? {
        if file.extension().is_none_or(|extension| extension != "md") {
            continue;
        }
        let Some(page) = files::text(&file)? else {
            wrong.push(format!("{} is not UTF-8", files::below(&file, &shop.root)));
            continue;
        };
        pages += 1;
        for (line, link) in found(&page) {
            links += 1;
            if let Err(why) = follow(&file, &page, &link) {
                wrong.push(format!("{}:{line} links to {link}: {why}", files::below(&file, &shop.root)));
            }
        }
    }
    files::verdict(&wrong, format!("{links} links on {pages} pages"))
}

/// Links of a page with their lines, from 1: `[text](target)` and `[name]: target`, outside of code.
fn found(page: &str) -> Vec<(usize, String)> {
    let mut fence = false;
    let mut found = Vec::new();
    for (index, line) in page.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            fence = !fence;
        }
        if fence || line.starts_with("    ") {
            continue;
        }
        let line = without_code(line);
        let definition =
            line.strip_prefix('[').and_then(|rest| rest.split_once("]: ")).map(|(_, target)| target);
        let inline =
            line.match_indices("](").filter_map(|(at, _)| line[at + 2..].split_once(')')).map(|(to, _)| to);
        for target in definition.into_iter().chain(inline) {
            // A title may follow the target.
            found.extend(target.split_whitespace().next().map(|target| (index + 1, target.to_owned())));
        }
    }
    found
}

/// The line without what stands between backticks.
fn without_code(line: &str) -> String {
    line.split('`').step_by(2).collect::<Vec<_>>().join("`")
}

fn follow(from: &Path, page: &str, link: &str) -> Result<(), String> {
    if link.contains("://") || link.starts_with("mailto:") {
        return Ok(());
    }
    let (path, anchor) = link.split_once('#').map_or((link, None), |(path, anchor)| (path, Some(anchor)));
    if path.starts_with('/') {
        return Err("a link within the repository is relative".to_owned());
    }
    let text = if path.is_empty() {
        page.to_owned()
    } else {
        let target = from.parent().unwrap_or(from).join(path);
        if !target.exists() {
            return Err("there is no such file".to_owned());
        }
        match anchor {
            None => return Ok(()),
            Some(_) => files::text(&target)?.unwrap_or_default(),
        }
    };
    match anchor {
        Some(anchor) if !slug::anchors(&text).iter().any(|known| known == anchor) => {
            Err(format!("there is no heading #{anchor}"))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn links_are_found_outside_of_code() {
        let page = "See [a](a.md) and [b](b.md \"title\").\n[c]: c.md\n`[no](no.md)` [d](d.md)\n```\n[no](no.md)\n```\n    [no](no.md)\nend [e]\n";
        let found = found(page);
        let found: Vec<(usize, &str)> = found.iter().map(|(line, to)| (*line, to.as_str())).collect();
        assert_eq!(found, [(1, "a.md"), (1, "b.md"), (2, "c.md"), (3, "d.md")]);
    }

    #[test]
    fn a_link_leads_to_a_file_and_a_heading() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join("sub")).unwrap();
        fs::write(root.path().join("a.md"), "# Top\n").unwrap();
        let from = root.path().join("sub/b.md");
        let follow = |link: &str| follow(&from, "# Here\n", link);
        for good in
            ["../a.md", "../a.md#top", "#here", "../sub", "https://example.org/x#y", "mailto:a@example.org"]
        {
            assert_eq!(follow(good), Ok(()), "{good}");
        }
        for bad in ["a.md", "../a.md#missing", "#missing", "/a.md"] {
            assert!(follow(bad).is_err(), "{bad}");
        }
    }
}
