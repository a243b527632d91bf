//! Comparisons that a person can check with the eye.

use super::{property::compared, tree::Tree};
use crate::settings::{Content, Expect, MASK, Signature, compare, header, overview, rules};
use std::io::Cursor;

fn node(name: &str, kind: &str, value: &str) -> Tree {
    Tree::new("NODE", &[("NAME", name), ("TYPE", kind), ("VALUE", value)], vec![])
}

fn item(name: &str, children: Vec<Tree>) -> Tree {
    Tree::new("ITEM", &[("NAME", name)], children)
}

fn list(name: &str, values: &[&str]) -> Tree {
    let entries = values.iter().enumerate().map(|(n, value)| node(&(n + 1).to_string(), "string", value));
    item(name, entries.collect())
}

fn value(content: Option<&Content>) -> &str {
    content.and_then(|content| content.value.as_deref()).unwrap_or("-")
}

#[test]
fn lists_are_compared_entry_by_entry_whatever_their_numbers() {
    let before = Tree::export(vec![list("Whitelist", &["a.example", "b.example", "c.example", "c.example"])]);
    let after = Tree::export(vec![list("Whitelist", &["new.example", "c.example", "a.example"])]);
    let found = compared(&before, &after);
    let lost: Vec<_> =
        found.lost.iter().map(|lost| (lost.entry.as_deref().unwrap(), value(lost.before.as_ref()))).collect();
    assert_eq!(lost, [("2", "b.example"), ("4", "c.example")]);
    assert_eq!(value(found.newly_defaulted[0].after.as_ref()), "new.example");
    assert_eq!((found.counts.preserved, found.counts.lost, found.counts.alarms), (2, 2, 2));
    assert!(found.reordered.is_empty());
}

#[test]
fn another_order_is_said_and_is_no_loss() {
    let before = Tree::export(vec![list("rules", &["first", "second"])]);
    let after = Tree::export(vec![list("rules", &["second", "first"])]);
    let found = compared(&before, &after);
    assert!(found.is_preserved());
    assert_eq!(found.reordered, ["rules"]);
}

#[test]
fn a_lost_section_is_one_question_with_its_settings() {
    let section = item("old", vec![node("x", "number", "1"), list("l", &["a", "b"])]);
    let before = Tree::export(vec![item("plugins", vec![section, node("kept", "number", "1")])]);
    let after = Tree::export(vec![item("plugins", vec![node("kept", "number", "2")])]);
    let found = compared(&before, &after);
    assert_eq!(found.lost.len(), 1);
    assert_eq!((found.lost[0].path.as_str(), found.lost[0].settings), ("plugins/old", 3));
    let inside: Vec<_> =
        found.lost[0].before.as_ref().unwrap().fields.iter().map(|f| f.path.as_str()).collect();
    assert_eq!(inside, ["x", "l/1", "l/2"]);
    assert_eq!(found.changed[0].path, "plugins/kept");
    assert_eq!((value(found.changed[0].before.as_ref()), value(found.changed[0].after.as_ref())), ("1", "2"));
}

#[test]
fn what_is_declared_as_not_migrated_is_lost_without_an_alarm() {
    let before = Tree::export(vec![list("rules", &["r"]), list("rules-of-mail", &["m"])]);
    let after = Tree::export(vec![item("rules", vec![]), item("rules-of-mail", vec![])]);
    let expect = Expect { not_migrated: vec!["rules".to_owned()] };
    let found = compare(Cursor::new(before.write()), Cursor::new(after.write()), &expect).unwrap();
    assert_eq!((found.counts.lost, found.counts.alarms), (2, 1));
    assert_eq!(found.alarms().map(|lost| lost.path.as_str()).collect::<Vec<_>>(), ["rules-of-mail"]);
}

#[test]
fn marks_are_shown_when_they_change() {
    let marked = Tree::new("ITEM", &[("NAME", "list"), ("DELETE", "1")], vec![]);
    let found = compared(&Tree::export(vec![marked]), &Tree::export(vec![item("list", vec![])]));
    assert_eq!(found.changed[0].path, "list@DELETE");
    assert_eq!(value(found.changed[0].before.as_ref()), "1");
    assert!(found.changed[0].after.is_none());
}

#[test]
fn secrets_are_masked_wherever_they_would_be_kept() {
    let secret = "hunter2";
    let sections = |salt: &str| {
        let hidden = format!("{secret}{salt}");
        let rule = item("1", vec![node("name", "string", "r"), node("UserPassword", "string", &hidden)]);
        Tree::export(vec![
            item("Access", vec![node("passwordHash", "string", &hidden), node("x", "binary", &hidden)]),
            item("LicenseKeys", vec![node("1", "string", &hidden)]),
            item("clientSecret", vec![item("deep", vec![node("y", "string", &hidden)])]),
            Tree::new("ITEM", &[("NAME", "z"), ("password", &hidden)], vec![]),
            item("rules", vec![rule]),
        ])
    };
    let (before, after) = (sections("a"), sections("b"));
    let found = compared(&before, &after);
    assert_eq!(found.counts.changed, 4);
    assert_eq!(found.counts.lost, 2);
    let alone = compared(&before, &Tree::export(vec![]));
    let text = format!(
        "{}{}{}{}",
        serde_json::to_string(&found).unwrap(),
        serde_json::to_string(&alone).unwrap(),
        serde_json::to_string(&rules(before.write().as_bytes()).unwrap()).unwrap(),
        serde_json::to_string(&overview(before.write().as_bytes()).unwrap()).unwrap(),
    );
    assert!(!text.contains(secret), "{text}");
    assert!(text.contains(MASK));
    // An id made from the secret would be a way to guess it.
    let ids = |tree: &Tree| {
        let found = compared(tree, &Tree::export(vec![]));
        found.lost.into_iter().map(|lost| lost.id).collect::<Vec<_>>()
    };
    assert_eq!(ids(&before), ids(&after));
}

#[test]
fn what_no_source_states_is_compared_and_named() {
    let unknown = |value: &str| {
        let strange = Tree::new("STRANGE", &[("NAME", "s"), ("mode", value)], vec![]);
        Tree::export(vec![item("plugins", vec![strange])])
    };
    let found = compared(&unknown("1"), &unknown("2"));
    assert_eq!(found.changed[0].path, "plugins/<STRANGE s>@mode");
    assert_eq!(overview(unknown("1").write().as_bytes()).unwrap().unknown, ["plugins/<STRANGE s>"]);
    let text =
        |text: &str| format!("<ESET><PRODUCT NAME=\"a\" VERSION=\"1\"><X>{text}<Y/></X></PRODUCT></ESET>");
    let found =
        compare(Cursor::new(text("old")), Cursor::new(text("n<![CDATA[e]]>&#x77;")), &Expect::default());
    let found = found.unwrap();
    assert_eq!((found.changed[0].path.as_str(), found.counts.preserved), ("<X>/#text", 1));
    assert_eq!(value(found.changed[0].after.as_ref()), "new");
}

#[test]
fn signatures_are_told_by_their_form() {
    let export = Tree::export(vec![]).write();
    let of = |tail: &str| header(format!("{export}{tail}").as_bytes()).unwrap().signature;
    assert_eq!(of(""), Signature::None);
    assert_eq!(of(&format!("<!-- Signature: {}== -->", "aB3+/".repeat(18).split_at(86).0)), Signature::V2);
    assert_eq!(of(&format!("<!-- Signature: {}= -->", "a".repeat(87))), Signature::OtherForm);
    assert_eq!(of("<!-- a remark -->"), Signature::None);
}

#[test]
fn rules_have_the_fields_that_the_file_has() {
    let fields = vec![
        node("enabled", "number", "1"),
        node("name", "string", "Block\u{9}it"),
        node("action", "number", "2"),
        list("appSources", &["C:\\x.exe"]),
    ];
    let found = rules(
        Tree::export(vec![item("rules", vec![item("1", fields), node("2", "string", "plain")])])
            .write()
            .as_bytes(),
    );
    let found = found.unwrap();
    assert_eq!((found[0].name.as_deref(), found[0].enabled), (Some("Block\u{9}it"), Some(true)));
    let names: Vec<_> = found[0].fields.iter().map(|field| field.path.as_str()).collect();
    assert_eq!(names, ["enabled", "name", "action", "appSources/1"]);
    assert_eq!((found[1].name.as_deref(), found[1].fields[0].value.as_str()), (None, "plain"));
}

#[test]
fn a_long_value_is_cut_and_still_told_apart() {
    let long = |end: &str| Tree::export(vec![node("x", "string", &format!("{}{end}", "a".repeat(5000)))]);
    let found = compared(&long("1"), &long("2"));
    let (before, after) = (value(found.changed[0].before.as_ref()), value(found.changed[0].after.as_ref()));
    assert!(before.len() < 600 && before != after, "{before}");
}
