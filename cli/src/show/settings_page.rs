//! The comparison of two exports as one page: nothing to load, readable in light and dark, and on paper.

use super::settings::{header, lines, place, verdict};
use mailsec_eset::settings::{Comparison, Content, Difference, printable};

const STYLE: &str = include_str!("settings.css");

pub(crate) fn page(comparison: &Comparison) -> String {
    let counts = &comparison.counts;
    let alarm = if counts.alarms > 0 { " alarm" } else { "" };
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>Settings before and after</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n\
         <h1>Settings before and after</h1>\n<p class=\"verdict{alarm}\">{}</p>\n<dl>\n",
        escape(&verdict(comparison))
    );
    for (word, what) in [
        ("Before", header(&comparison.before)),
        ("After", header(&comparison.after)),
        ("Preserved", counts.preserved.to_string()),
        ("Changed", counts.changed.to_string()),
        ("New", counts.newly_defaulted.to_string()),
        ("Lost", format!("{}, {} of them alarms", counts.lost, counts.alarms)),
    ] {
        page.push_str(&format!("<dt>{word}</dt><dd>{}</dd>\n", escape(&what)));
    }
    page.push_str("</dl>\n");
    section(&mut page, "Lost", &comparison.lost, true);
    section(&mut page, "Changed", &comparison.changed, true);
    // Many, and none of them a loss.
    section(&mut page, "New, with the product's defaults", &comparison.newly_defaulted, false);
    if !comparison.reordered.is_empty() {
        page.push_str("<h2>The same entries in another order</h2>\n<ul>\n");
        for path in &comparison.reordered {
            page.push_str(&format!("<li>{}</li>\n", escape(path)));
        }
        page.push_str("</ul>\n");
    }
    if counts.not_kept > 0 {
        page.push_str(&format!("<p>{} more differences were counted and not kept.</p>\n", counts.not_kept));
    }
    page.push_str("<footer>Entries of lists are compared by content, not by number. ");
    page.push_str("Values that may be secrets are masked.</footer>\n</body>\n</html>\n");
    page
}

fn section(page: &mut String, title: &str, list: &[Difference], open: bool) {
    if list.is_empty() {
        return;
    }
    page.push_str(&format!("<h2>{title}</h2>\n"));
    if !open {
        // Paper cannot be opened: a few are shown at once.
        let open = if list.len() <= 50 { " open" } else { "" };
        page.push_str(&format!("<details{open}><summary>Show {}</summary>\n", list.len()));
    }
    for difference in list {
        let alarm = if difference.alarm { " class=\"alarm\"" } else { "" };
        page.push_str(&format!("<article>\n<h3{alarm}>{}</h3>\n", escape(&place(difference))));
        let remark = match (difference.alarm, &difference.after) {
            (true, _) => "; lost, and it should have been preserved",
            (false, None) => "; declared as not migrated",
            _ => "",
        };
        page.push_str(&format!("<div class=\"id\">id {}{remark}</div>\n", escape(&difference.id)));
        content(page, "old", "−", difference.before.as_ref());
        content(page, "new", "+", difference.after.as_ref());
        page.push_str("</article>\n");
    }
    if !open {
        page.push_str("</details>\n");
    }
}

/// The sign says it too, for those who do not see the colour.
fn content(page: &mut String, class: &str, sign: &str, content: Option<&Content>) {
    let Some(content) = content else { return };
    page.push_str(&format!("<pre class=\"{class}\">"));
    for line in lines(content) {
        page.push_str(&format!("{sign}&nbsp;{}\n", escape(&line)));
    }
    page.push_str("</pre>\n");
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for char in printable(text).chars() {
        match char {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            _ => escaped.push(char),
        }
    }
    escaped
}
