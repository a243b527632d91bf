//! The VIPRE upgrade on the simulated server.

use mailsec_core::upgrade::Finish;
use mailsec_crash_tests::{End, Person, Rig, request};
use mailsec_simulator::worlds::vipre_45;

#[test]
fn a_calm_upgrade_succeeds() {
    let mut rig = Rig::plan(vipre_45(), &request()).unwrap();
    let person = Person::new(&rig.host, |_, _| None);
    let end = rig.run(&person);
    for e in rig.events() { println!("{}", serde_json::to_string(&e).unwrap().chars().take(260).collect::<String>()); }
    assert_eq!(end, End::Finished(Finish::Succeeded));
}
