//! The anchors that headings of a page get, by GitHub's rule.

use std::collections::BTreeMap;

/// The anchors of a page's headings.
pub(crate) fn anchors(page: &str) -> Vec<String> {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let mut fence = false;
    let mut anchors = Vec::new();
    for line in page.lines() {
        if line.trim_start().starts_with("```") {
            fence = !fence;
        }
        let level = line.bytes().take_while(|byte| *byte == b'#').count();
        let Some(heading) = line[level..].strip_prefix(' ').filter(|_| !fence && (1..=6).contains(&level))
        else {
            continue;
        };
        let base = of(heading.trim());
        let count = seen.entry(base.clone()).or_default();
        anchors.push(if *count == 0 { base } else { format!("{base}-{count}") });
        *count += 1;
    }
    anchors
}

fn of(heading: &str) -> String {
    heading
        .chars()
        .filter_map(|c| match c {
            ' ' => Some('-'),
            '-' | '_' => Some(c),
            c if c.is_alphanumeric() => c.to_lowercase().next(),
            _ => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_become_anchors() {
        let page = "# What it *is*, and is not\n## `--only STAGE`\n```\n# no heading\n```\n## Twice\n## Twice\n#none\n";
        assert_eq!(anchors(page), ["what-it-is-and-is-not", "--only-stage", "twice", "twice-1"]);
    }
}
