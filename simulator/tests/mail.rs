//! Every message is accounted for, whatever is done to the server.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::result_large_err,
    reason = "tests, helpers included"
)]

mod common;

use common::{LIMIT, permit};
use futures::executor::block_on;
use mailsec_core::host::{Host, ServiceName};
use mailsec_simulator::{SimHost, Swarm, oracle, world::World, worlds::vipre_45};
use proptest::prelude::*;
use std::time::Duration;

#[derive(Clone, Debug)]
enum Act {
    Pass(u64),
    Stop,
    Start,
    Enable(bool),
    Unregister,
    Probe,
    Boot,
    RestartProcess,
    Restart,
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        (0_u64..100_000).prop_map(Act::Pass),
        Just(Act::Stop),
        Just(Act::Start),
        any::<bool>().prop_map(Act::Enable),
        Just(Act::Unregister),
        Just(Act::Probe),
        Just(Act::Boot),
        Just(Act::RestartProcess),
        Just(Act::Restart),
    ]
}

fn run(host: &SimHost, acts: &[Act]) {
    let transport = ServiceName::transport();
    let agents = common::product_agents(&vipre_45());
    for act in acts {
        // Any of these may fail; the account must add up nevertheless.
        _ = block_on(async {
            match act {
                Act::Pass(ms) => {
                    host.clock().sleep(Duration::from_millis(*ms)).await;
                    Ok(())
                }
                Act::Stop => host.services().stop(&permit(), &transport, LIMIT).await,
                Act::Start => host.services().start(&permit(), &transport, LIMIT).await,
                Act::Enable(on) => host.transport().set_enabled(&permit(), &agents[0].id, *on).await,
                Act::Unregister => host.transport().uninstall(&permit(), &agents[1].id).await,
                Act::Probe => host.mail().probe("test").await.map(drop),
                Act::Boot => host.boot(),
                Act::RestartProcess => host.restart_process(),
                Act::Restart => host.power().restart(&permit(), "test").await,
            }
        });
        let world = host.world();
        assert_eq!(oracle::no_mail_lost(&world), Ok(()), "after {act:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn the_account_adds_up(acts in prop::collection::vec(act(), 1..30), seed in any::<u64>()) {
        let host = SimHost::in_memory(vipre_45()).with_tape(Swarm::new(seed, 30));
        run(&host, &acts);
        let again = SimHost::in_memory(vipre_45()).with_tape(Swarm::new(seed, 30));
        run(&again, &acts);
        prop_assert_eq!(host.decisions(), again.decisions());
        let text = serde_json::to_string(&host.world()).unwrap();
        prop_assert_eq!(&text, &serde_json::to_string(&again.world()).unwrap());
        let read: World = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(read, host.world());
    }

    #[test]
    fn one_long_wait_is_many_short_ones(parts in prop::collection::vec(0_u64..20_000, 1..40)) {
        let (mut whole, mut pieces) = (vipre_45(), vipre_45());
        for part in &parts {
            pieces.pass(Duration::from_millis(*part)).unwrap();
        }
        whole.pass(Duration::from_millis(parts.iter().sum())).unwrap();
        prop_assert_eq!(whole, pieces);
    }
}

#[test]
fn held_mail_is_delivered_and_the_time_is_exact() {
    let host = SimHost::in_memory(vipre_45());
    let minute = Duration::from_secs(60);
    host.change(|world| {
        world.pass(minute).unwrap();
        assert_eq!((world.mail.arrived, world.mail.delivered_scanned), (30, 30));
        world.person_stops("MSExchangeTransport").unwrap();
        world.pass(minute).unwrap();
        assert!(world.mail.waiting >= 30);
        world.person_starts("MSExchangeTransport").unwrap();
    })
    .unwrap();
    let mail = host.world().mail;
    assert_eq!((mail.waiting, mail.delivered_unscanned, mail.unscanned_ms), (0, 0, 0));
    assert_eq!(mail.closed_ms, 9_000 + 60_000 + 18_000, "stopping, down, starting");
    assert_eq!(mail.arrived, mail.delivered_scanned);
}

#[test]
fn a_disabled_agent_is_felt_only_after_transport_has_restarted() {
    let agents = common::product_agents(&vipre_45());
    let host = SimHost::in_memory(vipre_45());
    block_on(host.transport().set_enabled(&permit(), &agents[0].id, false)).unwrap();
    host.change(|world| world.pass(LIMIT).unwrap()).unwrap();
    assert_eq!(oracle::none_unscanned(&host.world()), Ok(()));
    assert!(oracle::transport_in_effect(&host.world()).is_err());
    host.change(|world| {
        world.person_stops("MSExchangeTransport").unwrap();
        world.person_starts("MSExchangeTransport").unwrap();
        world.pass(LIMIT).unwrap();
    })
    .unwrap();
    let mail = host.world().mail;
    assert_eq!(mail.unscanned_ms, 600_000);
    // What was held while transport was down is delivered unscanned as well.
    assert!((300..=315).contains(&mail.delivered_unscanned), "{mail:?}");
}
