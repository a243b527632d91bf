//! Shows that the lab itself is right, before anything is believed that is seen in it.

use mailsec_lab::{Lab, Package};

#[test]
fn smoke() {
    let t = std::time::Instant::now();
    let lab = Lab::new().unwrap();
    println!("new {:?}", t.elapsed());
    let t = std::time::Instant::now();
    println!("{:#?}", lab.service("MSExchangeTransport").unwrap());
    println!("service {:?}", t.elapsed());
    let t = std::time::Instant::now();
    lab.install_vipre_45().unwrap();
    println!("install {:?}", t.elapsed());
    println!("{:#?}", lab.service("VipreLabPluginManager").unwrap());
    println!("{:?}", lab.vipre_version());
    println!("{:?}", lab.settings_digest());
    println!("{:?}", lab.send_mail(3));
    println!("{:?}", lab.ledger().unwrap().last());
    println!("{:?}", lab.install(Package::Vipre51, &[]).unwrap());
    println!("{:?}", lab.vipre_version());
    println!("{:?}", lab.events());
}
