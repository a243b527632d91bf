use mailsec_core::{
    host::ProbeVerdict,
    proof::{Letter, MailPath, holds_test_file},
};
use std::time::Duration;

/// How often it is looked before a message counts as lost.
const LOOKS: u32 = 100;

async fn wait_for(path: MailPath<'_>, family: &str, count: usize) -> Vec<(String, Vec<u8>)> {
    for _ in 0..LOOKS {
        let arrived = path.pickup.arrived(family).await.unwrap();
        if arrived.len() >= count {
            let mut all: Vec<_> = arrived.into_iter().map(|it| (it.marker, it.raw)).collect();
            all.sort();
            return all;
        }
        path.clock.sleep(Duration::from_millis(100)).await;
    }
    panic!("{count} messages of {family} did not arrive");
}

/// Mail in at one end and out at the other: what is sent arrives under its marker, and only that is seen and removed.
///
/// The path must take mail, and scan none of it or all of it. `run` makes the markers of this run new.
pub async fn pickup(path: MailPath<'_>, run: &str) {
    let address = path.pickup.address().expect("a mailbox");
    let (one, other) = (format!("contract-{run}-a"), format!("contract-{run}-b"));
    assert!(path.pickup.arrived(&one).await.unwrap().is_empty(), "nothing was sent yet");
    let markers: Vec<String> = [&one, &other].iter().map(|family| format!("{family}-1")).collect();
    // The marker of one is the beginning of another's.
    let longer = format!("{}0", markers[0]);
    for marker in markers.iter().chain([&longer]) {
        let report = path.mail.send(marker, Letter::Clean, &address).await.unwrap();
        assert_eq!(report.verdict, ProbeVerdict::Accepted, "{report:?}");
        assert!(report.of_content && !report.evidence.is_empty());
    }
    let family = wait_for(path, &one, 2).await;
    assert_eq!(family.iter().map(|(marker, _)| marker).collect::<Vec<_>>(), [&markers[0], &longer]);
    assert!(family.iter().all(|(_, raw)| !holds_test_file(raw)));
    wait_for(path, &other, 1).await;
    // Looking leaves them there.
    wait_for(path, &one, 2).await;
    path.pickup.remove(&markers[..1]).await.unwrap();
    let left = path.pickup.arrived(&one).await.unwrap();
    assert_eq!(left.iter().map(|it| &it.marker).collect::<Vec<_>>(), [&longer], "only the named one goes");
    assert_eq!(path.pickup.arrived(&other).await.unwrap().len(), 1);
    // Again, and others that are not there: no failure.
    path.pickup.remove(&[markers[0].clone(), longer, markers[1].clone()]).await.unwrap();
    assert!(path.pickup.arrived(&format!("contract-{run}-")).await.unwrap().is_empty());
}
