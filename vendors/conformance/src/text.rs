//! The card for people: 80 columns, a line a check.

use crate::{Card, Checked, Group, Shown};

const WIDTH: usize = 80;

/// The whole card.
pub(crate) fn text(card: &Card) -> String {
    let mut out =
        wrap("", "", &format!("{} ({} {})", card.names.join(", "), card.product, card.crate_version));
    let by = format!(
        "by {}; checked {} by mailsec {}, on simulated servers",
        card.publisher, card.date, card.mailsec
    );
    out.push_str(&wrap("", "", &by));
    let times: u64 = card.checks.iter().map(|checked| checked.times).sum();
    let failed = card.failed().count();
    let verdict = match failed {
        0 => format!("CERTIFIED: {} checks, {} times, none failed", card.checks.len(), grouped(times)),
        _ => format!("NOT CERTIFIED: {failed} of {} checks failed", card.checks.len()),
    };
    out.push_str(&format!("\n{verdict}\n"));
    for group in Group::ALL {
        out.push_str(&format!("\n{}\n", group.title()));
        for checked in card.checks.iter().filter(|checked| checked.check.group() == group) {
            out.push_str(&line(checked));
        }
    }
    out.push_str("\nSpecimens\n");
    card.specimens.iter().for_each(|shown| out.push_str(&specimen(shown)));
    let exceptions = card
        .exceptions
        .iter()
        .map(|one| format!("{}, {} ({}): {}", one.check, one.operation, times_of(one.times), one.why));
    list(&mut out, "By the nature of the operation", exceptions);
    list(&mut out, "Not shown", card.not_shown.iter().cloned());
    list(&mut out, "Limits that the crate names itself", card.limits.iter().cloned());
    out.push('\n');
    out.push_str(&wrap(
        "",
        "",
        "A card says how the crate behaves on servers that are only data. It says nothing of a real installer, a real \
         Exchange, or a name that the crate has from no source.",
    ));
    out
}

fn line(checked: &Checked) -> String {
    let word = match (checked.failed, checked.times) {
        (0, 0) => "--",
        (0, _) => "ok",
        _ => "FAIL",
    };
    let first = format!("  {word:<4}  {:<14} {:>8}  ", checked.check.name(), grouped(checked.times));
    let mut out = wrap(&first, &" ".repeat(first.len()), &checked.what);
    for wrong in &checked.wrong {
        out.push_str(&wrap("        - ", "          ", wrong));
    }
    let named = u64::try_from(checked.wrong.len()).unwrap_or(u64::MAX);
    if checked.failed > named {
        out.push_str(&format!("        - and {} more\n", grouped(checked.failed - named)));
    }
    out
}

fn specimen(shown: &Shown) -> String {
    let mut out = wrap("  ", "    ", &shown.name);
    let version = |version: &Option<_>| version.as_ref().map_or("?".to_owned(), ToString::to_string);
    let method = shown.method.map_or("no method".to_owned(), |method| method.to_string());
    let text = format!(
        "{method}, {} to {}; {} steps, {} by themselves; {} upgrades, cut at {} points",
        version(&shown.from),
        version(&shown.to),
        shown.steps,
        shown.operations,
        grouped(u64::try_from(shown.runs).unwrap_or(u64::MAX)),
        shown.points
    );
    out.push_str(&wrap("      ", "      ", &text));
    out
}

fn list(out: &mut String, title: &str, lines: impl Iterator<Item = String>) {
    for (index, text) in lines.enumerate() {
        if index == 0 {
            out.push_str(&format!("\n{title}\n"));
        }
        out.push_str(&wrap("  - ", "    ", &text));
    }
}

fn times_of(times: u64) -> String {
    if times == 1 { "once".to_owned() } else { format!("{} times", grouped(times)) }
}

/// With a comma at each thousand.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Wraps words; one that is longer than a line is broken where the line ends.
fn wrap(first: &str, rest: &str, text: &str) -> String {
    let (mut out, mut line, mut begun) = (String::new(), first.to_owned(), false);
    let mut next = |line: &mut String, begun: &mut bool| {
        out.push_str(line.trim_end());
        out.push('\n');
        rest.clone_into(line);
        *begun = false;
    };
    for word in text.split_whitespace() {
        if begun && line.chars().count() + 1 + word.chars().count() > WIDTH {
            next(&mut line, &mut begun);
        }
        if begun {
            line.push(' ');
        }
        begun = true;
        for char in word.chars() {
            if line.chars().count() >= WIDTH {
                next(&mut line, &mut begun);
                begun = true;
            }
            line.push(char);
        }
    }
    next(&mut line, &mut begun);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_is_longer_than_a_terminal_and_no_word_is_lost() {
        let text = format!("{} {} end", "word ".repeat(40), "x".repeat(200));
        let wrapped = wrap("  - ", "    ", &text);
        assert!(wrapped.lines().all(|line| line.chars().count() <= WIDTH), "{wrapped}");
        assert_eq!((wrapped.matches("word").count(), wrapped.matches('x').count()), (40, 200));
        assert!(wrapped.ends_with("end\n"));
    }

    #[test]
    fn numbers_are_grouped() {
        assert_eq!(["0", "999", "1,000", "12,345,678"], [0, 999, 1_000, 12_345_678].map(grouped));
    }
}
