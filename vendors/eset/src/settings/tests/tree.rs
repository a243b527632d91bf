//! An export as a tree: generated, written, and compared the slow and obvious way.

use crate::settings::{
    path::escape,
    reader::{Reader, Step},
};
use proptest::prelude::*;
use std::collections::BTreeMap;

/// An element. Its own name is an attribute like the others, the first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Tree {
    pub(super) tag: String,
    pub(super) attributes: Vec<(String, String)>,
    pub(super) children: Vec<Tree>,
}

impl Tree {
    pub(super) fn new(tag: &str, attributes: &[(&str, &str)], children: Vec<Tree>) -> Self {
        let attributes = attributes.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        Self { tag: tag.to_owned(), attributes, children }
    }

    /// An export of these sections.
    pub(super) fn export(children: Vec<Tree>) -> Self {
        let product = Self::new("PRODUCT", &[("NAME", "sim"), ("VERSION", "7.1.2045")], children);
        Self::new("ESET", &[], vec![product])
    }

    pub(super) fn get(&self, key: &str) -> Option<&str> {
        self.attributes.iter().find(|(k, _)| k == key).map(|(_, value)| value.as_str())
    }

    pub(super) fn set(&mut self, key: &str, value: String) {
        match self.attributes.iter_mut().find(|(k, _)| k == key) {
            Some((_, old)) => *old = value,
            None => self.attributes.push((key.to_owned(), value)),
        }
    }

    pub(super) fn is_entry(&self) -> bool {
        self.get("NAME")
            .is_some_and(|name| name.parse::<u32>().is_ok_and(|number| number.to_string() == name))
    }

    /// Gives the entries their numbers, in their order.
    pub(super) fn number(&mut self) {
        for (number, entry) in self.children.iter_mut().filter(|child| child.is_entry()).enumerate() {
            entry.set("NAME", (number + 1).to_string());
        }
    }

    pub(super) fn write(&self) -> String {
        let mut text = String::from("<?xml version=\"1.0\" encoding=\"utf-8\"?>\r\n");
        self.write_to(&mut text, 0);
        text
    }

    fn write_to(&self, text: &mut String, indent: usize) {
        text.push_str(&format!("{}<{}", " ".repeat(indent), self.tag));
        for (key, value) in &self.attributes {
            let value: String = value
                .chars()
                .map(|char| match char {
                    '<' | '>' | '&' | '"' | '\'' | '\n' | '\r' | '\t' => format!("&#{};", u32::from(char)),
                    _ => char.to_string(),
                })
                .collect();
            text.push_str(&format!(" {key}=\"{value}\""));
        }
        if self.children.is_empty() {
            text.push_str("/>\r\n");
            return;
        }
        text.push_str(">\r\n");
        for child in &self.children {
            child.write_to(text, indent + 1);
        }
        text.push_str(&format!("{}</{}>\r\n", " ".repeat(indent), self.tag));
    }

    /// Reads what [`Tree::write`] wrote.
    pub(super) fn read(text: &str) -> Self {
        let mut reader = Reader::new(text.as_bytes());
        assert_eq!(reader.step().unwrap(), Step::Open);
        let tree = read(&mut reader);
        reader.finish().unwrap();
        tree
    }

    /// Content without the numbers and the order of entries, for the obvious comparison.
    fn canonical(&self) -> Self {
        let mut same = self.clone();
        if self.is_entry() {
            same.attributes.retain(|(key, _)| key != "NAME");
        }
        same.attributes.sort();
        same.children = self.children.iter().map(Self::canonical).collect();
        same.children.sort();
        same
    }

    fn count(&self) -> u64 {
        let inside = self.children.iter().map(|child| if child.is_entry() { 1 } else { child.count() });
        match self.children.len() {
            0 => 1,
            _ => inside.sum::<u64>() + u64::from(self.get("VALUE").is_some()),
        }
    }
}

fn read(reader: &mut Reader<&[u8]>) -> Tree {
    let attributes: Vec<(&str, &str)> = reader.element().attributes().collect();
    let mut tree = Tree::new(reader.element().tag(), &attributes, Vec::new());
    while reader.step().unwrap() == Step::Open {
        tree.children.push(read(reader));
    }
    tree
}

/// What an obvious comparison finds: paths, sorted; an entry once for each time that it is missing.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Obvious {
    pub(super) lost: Vec<String>,
    pub(super) changed: Vec<String>,
    pub(super) new: Vec<String>,
    pub(super) preserved: u64,
    pub(super) settings: [u64; 2],
}

impl Obvious {
    pub(super) fn of(before: &Tree, after: &Tree) -> Self {
        let mut found = Self::default();
        found.pair(before, after, "");
        for list in [&mut found.lost, &mut found.changed, &mut found.new] {
            list.sort();
        }
        found
    }

    fn pair(&mut self, before: &Tree, after: &Tree, path: &str) {
        let value = |tree: &Tree| (tree.get("VALUE").map(str::to_owned), tree.get("TYPE").map(str::to_owned));
        let (old, new) = (value(before), value(after));
        if old != new {
            self.changed.push(path.to_owned());
        } else if old.0.is_some() || (before.children.is_empty() && after.children.is_empty()) {
            self.preserved += 1;
        }
        for mark in ["DELETE", "APPEND"] {
            if before.get(mark) != after.get(mark) {
                self.changed.push(format!("{path}@{mark}"));
            }
        }
        let sides = [(before, 1i64), (after, -1)];
        let mut entries: BTreeMap<Tree, i64> = BTreeMap::new();
        let mut named: BTreeMap<(&str, Option<&str>), [Option<&Tree>; 2]> = BTreeMap::new();
        for (side, (tree, sign)) in sides.into_iter().enumerate() {
            for child in &tree.children {
                if child.is_entry() {
                    *entries.entry(child.canonical()).or_default() += sign;
                } else {
                    named.entry((&child.tag, child.get("NAME"))).or_default()[side] = Some(child);
                }
            }
        }
        let in_before = before.children.iter().filter(|child| child.is_entry()).count() as u64;
        let gone: i64 = entries.values().filter(|count| **count > 0).sum();
        self.preserved += in_before - gone as u64;
        for count in entries.into_values() {
            let list = if count > 0 { &mut self.lost } else { &mut self.new };
            for _ in 0..count.unsigned_abs() {
                list.push(path.to_owned());
            }
            self.settings[usize::from(count < 0)] += count.unsigned_abs();
        }
        for sides in named.into_values() {
            let below = |tree: &Tree| {
                let Some(name) = tree.get("NAME").filter(|_| tree.tag != "PRODUCT") else {
                    return path.to_owned();
                };
                let separator = if path.is_empty() { "" } else { "/" };
                format!("{path}{separator}{}", escape(name))
            };
            match sides {
                [Some(before), Some(after)] => self.pair(before, after, &below(before)),
                [Some(lost), None] => {
                    self.lost.push(below(lost));
                    self.settings[0] += lost.count();
                }
                [None, Some(new)] => {
                    self.new.push(below(new));
                    self.settings[1] += new.count();
                }
                [None, None] => {}
            }
        }
    }
}

/// Few names and values, so that generated trees meet; all that XML lets a value have.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => prop::sample::select(vec!["0", "1", "yes", "C:\\Mail <in>", "a&b", "\"'", "", "x y\n\tz", "žluťoučký 🐴"])
            .prop_map(str::to_owned),
        1 => "[ -~]{0,12}",
    ]
}

fn node(name: String) -> impl Strategy<Value = Tree> {
    (prop::sample::select(vec!["string", "number"]), text()).prop_map(move |(kind, value)| {
        Tree::new("NODE", &[("NAME", &name), ("TYPE", kind), ("VALUE", &value)], vec![])
    })
}

fn marked(mark: u8, name: &str, children: Vec<Tree>) -> Tree {
    let mut tree = Tree::new("ITEM", &[("NAME", name)], children);
    match mark {
        0 => tree.set("DELETE", "1".to_owned()),
        1 => tree.set("APPEND", "1".to_owned()),
        _ => {}
    }
    tree
}

/// A list of values or of items with fields.
fn list(name: String) -> impl Strategy<Value = Tree> {
    let item = prop::collection::vec(text(), 0..3).prop_map(|values| {
        let fields = ["enabled", "name", "action"].into_iter().zip(values);
        let nodes = fields.map(|(name, value)| {
            Tree::new("NODE", &[("NAME", name), ("TYPE", "string"), ("VALUE", &value)], vec![])
        });
        Tree::new("ITEM", &[("NAME", "1")], nodes.collect())
    });
    let entry = prop_oneof![node("1".to_owned()).boxed(), item.boxed()];
    (0u8..8, prop::collection::vec(entry, 0..8)).prop_map(move |(mark, entries)| {
        let mut list = marked(mark, &name, entries);
        list.number();
        list
    })
}

const NAMES: [&str; 7] = ["01000101", "settings", "a/b", "100%", "Exclude", "rules", "z@"];

/// Children with names of their own.
fn children(depth: u32) -> BoxedStrategy<Vec<Tree>> {
    let child = move |name: &'static str| {
        let leaf = prop_oneof![node(name.to_owned()).boxed(), list(name.to_owned()).boxed()];
        if depth == 0 {
            return leaf.boxed();
        }
        let section =
            (0u8..8, children(depth - 1)).prop_map(move |(mark, inside)| marked(mark, name, inside)).boxed();
        prop_oneof![leaf.boxed(), section].boxed()
    };
    let names = prop::sample::subsequence(NAMES.to_vec(), 0..=NAMES.len()).prop_shuffle();
    names.prop_flat_map(move |names| names.into_iter().map(child).collect::<Vec<_>>()).boxed()
}

pub(super) fn tree() -> impl Strategy<Value = Tree> {
    children(3).prop_map(Tree::export)
}
