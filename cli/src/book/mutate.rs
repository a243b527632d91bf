//! A document with one thing in it changed, every way in turn: what a schema and a reader are to judge alike.

use serde_json::{Value, json};

/// Every document that differs from this one in one place, with what was done.
pub(super) fn every_change(document: &Value) -> Vec<(String, Value)> {
    let mut places = vec![String::new()];
    let mut next = 0;
    while let Some(place) = places.get(next).cloned() {
        let below = |name: &str| format!("{place}/{}", name.replace('~', "~0").replace('/', "~1"));
        match document.pointer(&place) {
            Some(Value::Object(fields)) => places.extend(fields.keys().map(|name| below(name))),
            Some(Value::Array(list)) => places.extend((0..list.len()).map(|at| below(&at.to_string()))),
            _ => {}
        }
        next += 1;
    }
    places.iter().flat_map(|place| at(document, place)).collect()
}

/// The values that take the place of another; those that no type of ours has an equal of.
fn others() -> [Value; 8] {
    let large = u64::from(u32::MAX) + 1;
    [json!(null), json!(true), json!(-1), json!(1.5), json!(large), json!("§"), json!([]), json!({})]
}

fn at(document: &Value, place: &str) -> Vec<(String, Value)> {
    let mut changed = Vec::new();
    for other in others() {
        let mut copy = document.clone();
        if let Some(value) = copy.pointer_mut(place).filter(|value| **value != other) {
            *value = other.clone();
            changed.push((format!("{place} is {other}"), copy));
        }
    }
    if document.pointer(place).is_some_and(Value::is_object) {
        let mut copy = document.clone();
        if let Some(Value::Object(fields)) = copy.pointer_mut(place) {
            fields.insert("of-a-newer-version".to_owned(), json!({ "x": [1] }));
        }
        changed.push((format!("{place} has one more field"), copy));
    }
    if let Some((above, name)) = place.rsplit_once('/') {
        let mut copy = document.clone();
        match copy.pointer_mut(above) {
            Some(Value::Object(fields)) => drop(fields.remove(&name.replace("~1", "/").replace("~0", "~"))),
            Some(Value::Array(list)) => drop(list.remove(name.parse().expect("a position"))),
            _ => {}
        }
        changed.push((format!("{place} is missing"), copy));
    }
    changed
}
