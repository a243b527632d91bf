use mailsec_core::{
    host::Host,
    values::{Secret, SecretRef},
};
use std::time::Duration;

/// Boots: the identity stays the same within one. (That it differs after a restart needs a host that restarts.)
pub async fn power(host: &dyn Host) {
    let power = host.power();
    let boot = power.boot().await.unwrap();
    assert!(!boot.0.is_empty());
    host.clock().sleep(Duration::from_millis(1_100)).await;
    assert_eq!(power.boot().await.unwrap(), boot, "stable within a boot");
    let pending = power.pending().await.unwrap();
    assert!(pending.iter().all(|sign| !sign.sign.is_empty()));
    assert_eq!(power.pending().await.unwrap(), pending);
}

/// Time: a sleep lasts at least as long as it was asked to, and time does not go back meanwhile.
pub async fn clock(host: &dyn Host) {
    let clock = host.clock();
    let before = clock.now();
    assert!(before.millis() > 1_700_000_000_000, "after 2023");
    clock.sleep(Duration::from_millis(50)).await;
    let after = clock.now();
    assert!(after.since(before) >= Duration::from_millis(45), "{before} to {after}");
    clock.sleep(Duration::ZERO).await;
}

/// Secrets: what was given is there, what was not is none; nothing is shown.
pub async fn secrets(host: &dyn Host, known: &SecretRef, value: &Secret) {
    let secrets = host.secrets();
    let got = secrets.get(known).await.unwrap().unwrap();
    assert_eq!(got.expose(), value.expose());
    assert!(!format!("{got:?}").contains(value.expose()));
    assert!(secrets.get(&SecretRef::new("mailsec-no-such-secret")).await.unwrap().is_none());
}
