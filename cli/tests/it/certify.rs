//! `certify`: a card, and vendors that there are not.

use crate::harness::{Place, says};
use std::fs;

#[test]
fn a_vendor_that_nobody_knows() {
    let place = Place::vipre();
    says!(place, place.changes_nothing(["certify", "sample-guard"]), @r#"
    exit: 30
    ----- stdout -----
    ----- stderr -----
    error[product-not-found]: this program has no such vendor
      expected: vipre, eset
      found:    "sample-guard"
      hint:     a vendor's crate of your own is certified by a test in it:
                docs/contributing/add-a-vendor.md
    "#);
}

#[test]
fn a_vendor_is_certified_and_its_card_is_data() {
    let place = Place::vipre();
    let out = place.file("card.json");
    let ran =
        place.changes_nothing(["--json", "certify", "vipre", "--out", &out.display().to_string()]).exits(0);
    assert!(ran.to_string().contains("\"passed\": true"), "{ran}");
    let card: serde_json::Value = serde_json::from_slice(&fs::read(&out).unwrap()).unwrap();
    assert_eq!(card["product"], "vipre");
    assert_eq!(card["passed"], true);
    let checks = card["checks"].as_array().unwrap();
    assert!(checks.iter().all(|check| check["failed"] == 0 && check["times"] != 0), "{card}");
}
