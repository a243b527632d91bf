//! What must hold for every export.

use super::tree::{Obvious, Tree, tree};
use crate::settings::{Comparison, Difference, Expect, compare, header, overview, rules};
use proptest::{prelude::*, test_runner::TestRng};
use std::io::Cursor;

pub(super) fn compared(before: &Tree, after: &Tree) -> Comparison {
    compare(Cursor::new(before.write()), Cursor::new(after.write()), &Expect::default()).unwrap()
}

fn paths(differences: &[Difference]) -> Vec<String> {
    let mut paths: Vec<String> = differences.iter().map(|difference| difference.path.clone()).collect();
    paths.sort();
    paths
}

fn shuffle<T>(list: &mut [T], rng: &mut TestRng) {
    for at in (1..list.len()).rev() {
        list.swap(at, (rng.next_u32() as usize) % (at + 1));
    }
}

/// The same content: everything in another order, the entries numbered anew.
fn disordered(tree: &Tree, rng: &mut TestRng) -> Tree {
    let mut same = tree.clone();
    same.children = tree.children.iter().map(|child| disordered(child, rng)).collect();
    shuffle(&mut same.children, rng);
    same.number();
    same
}

/// Some edits: a value, a mark, a child gone, a child that is new.
fn edit(tree: &mut Tree, rng: &mut TestRng) {
    for child in &mut tree.children {
        edit(child, rng);
    }
    if !matches!(tree.tag.as_str(), "ITEM" | "PRODUCT") {
        if tree.get("VALUE").is_some() && rng.next_u32().is_multiple_of(5) {
            tree.set("VALUE", format!("edited {}", rng.next_u32() % 3));
        }
        return;
    }
    match rng.next_u32() % 12 {
        0 if tree.tag == "ITEM" => tree.set("DELETE", "2".to_owned()),
        1 if !tree.children.is_empty() => {
            let at = rng.next_u32() as usize % tree.children.len();
            tree.children.remove(at);
        }
        2 => {
            let name = if tree.children.iter().any(Tree::is_entry) { "1" } else { "brand-new" };
            let new = Tree::new("NODE", &[("NAME", name), ("TYPE", "string"), ("VALUE", "new")], vec![]);
            let at = rng.next_u32() as usize % (tree.children.len() + 1);
            tree.children.insert(at, new);
        }
        _ => {}
    }
    tree.number();
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, max_shrink_iters: 500, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_reads_back_the_same(tree in tree()) {
        prop_assert_eq!(Tree::read(&tree.write()), tree);
    }

    #[test]
    fn an_export_is_preserved_in_itself_in_any_order(tree in tree(), mut rng in any::<u64>().prop_perturb(|_, rng| rng)) {
        let other = disordered(&tree, &mut rng);
        let same = compared(&tree, &other);
        prop_assert!(same.is_preserved() && same.counts.newly_defaulted == 0, "{same:#?}");
        prop_assert_eq!(same.counts.preserved, overview(tree.write().as_bytes()).unwrap().settings);
        prop_assert!(compared(&tree, &tree).reordered.is_empty());
    }

    #[test]
    fn exactly_the_edits_are_found(tree in tree(), rng in any::<u64>().prop_perturb(|_, rng| rng), disorder in any::<bool>()) {
        let mut rng = rng;
        let mut after = tree.clone();
        edit(&mut after, &mut rng);
        if disorder {
            after = disordered(&after, &mut rng);
        }
        let found = compared(&tree, &after);
        let obvious = Obvious::of(&tree, &after);
        prop_assert_eq!(paths(&found.lost), obvious.lost);
        prop_assert_eq!(paths(&found.changed), obvious.changed);
        prop_assert_eq!(paths(&found.newly_defaulted), obvious.new);
        prop_assert_eq!(found.counts.preserved, obvious.preserved);
        prop_assert_eq!([found.counts.lost, found.counts.newly_defaulted], obvious.settings);
        prop_assert_eq!(found.counts.alarms, found.counts.lost);
        // The other way round, what was lost is new.
        let back = compared(&after, &tree);
        prop_assert_eq!(paths(&back.newly_defaulted), paths(&found.lost));
        prop_assert_eq!(back.counts.preserved, found.counts.preserved);
    }

    #[test]
    fn ids_are_unique_and_come_again(before in tree(), after in tree()) {
        let found = compared(&before, &after);
        let ids = |list: &[Difference]| list.iter().map(|difference| difference.id.clone()).collect::<Vec<_>>();
        let mut all = [ids(&found.lost), ids(&found.changed), ids(&found.newly_defaulted)].concat();
        prop_assert_eq!(&compared(&before, &after), &found);
        let many = all.len();
        all.sort();
        all.dedup();
        prop_assert_eq!(all.len(), many);
    }

    #[test]
    fn no_rule_is_left_out(tree in tree()) {
        fn count(tree: &Tree) -> usize {
            let entries = tree.children.iter().filter(|child| child.is_entry());
            let own = if tree.get("NAME") == Some("rules") { entries.count() } else { 0 };
            own + tree.children.iter().map(count).sum::<usize>()
        }
        prop_assert_eq!(rules(tree.write().as_bytes()).unwrap().len(), count(&tree));
        prop_assert_eq!(header(tree.write().as_bytes()).unwrap().product, "sim");
    }
}
