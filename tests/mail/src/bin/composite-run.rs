//! One process of an upgrade whose mail is real: `composite-run FOLDER CONTROL SMTP PICKUP hold|allow`. A test may kill
//! it at any moment, and run it again.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test's program ends where something is not as it must be"
)]

use async_trait::async_trait;
use mailsec_core::{
    Failure,
    engine::{Desk, Engine, Message, NoWatcher, Stop, begin},
    host::Host,
    journal::{DiskJournal, Journal, OpenOptions, Stamp},
    plan::UnscannedPolicy,
    product::MailSecurityProduct,
    upgrade::{CanarySummary, Finish, Gate, State},
    values::UpgradeId,
};
use mailsec_mail::canary::{CanaryConfig, CanaryPath, Flight};
use mailsec_mail_tests::{Composite, Control, path};
use mailsec_simulator::{PoweredJournal, SimHost, cases::vipre, people::given, worlds::vipre_45};
use mailsec_vipre::Vipre;
use std::{path::Path, sync::Arc, time::Duration};

const VERSION: &str = "0.1.0";

/// How much faster than real time the simulated server lives.
const SPEED: u32 = 25;

struct WithCanary(Flight);

#[async_trait]
impl Desk for WithCanary {
    fn messages(&self) -> Result<Vec<Message>, Failure> {
        Ok(Vec::new())
    }
    fn taken(&self, _: &Message, _: Option<&Failure>) {}
    async fn ask(&self, _: &Gate, _: &State) -> Option<Message> {
        None
    }
    fn has_canary(&self) -> bool {
        true
    }
    async fn canary(&self, end: bool) -> Option<CanarySummary> {
        Some(if end { self.0.settle(|| false) } else { self.0.summary() })
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, control, smtp, pickup, policy] = arguments.as_slice() else { panic!("{arguments:?}") };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let stop = runtime.block_on(run(Path::new(folder), control, smtp, pickup, policy == "allow"));
    assert_eq!(stop, Stop::Finished(Finish::Succeeded));
}

async fn run(folder: &Path, control: &str, smtp: &str, pickup: &str, allow: bool) -> Stop {
    let world = folder.join("world");
    let sim = if world.exists() { SimHost::open(&world) } else { SimHost::create(&world, vipre_45()) };
    let sim = sim
        .unwrap()
        .with_secrets(given())
        .with_pacer(Box::new(|passed: Duration| std::thread::sleep(passed / SPEED)));
    let pickup: serde_json::Value = serde_json::from_str(pickup).unwrap();
    let mail = path(smtp.parse().unwrap(), pickup.clone());
    let host = Composite { sim: sim.clone(), mail, control: Control::connect(control.parse().unwrap()) };
    let boot = host.power().boot().await.unwrap();
    let options = OpenOptions::new(format!("mailsec {VERSION}"), host.clock().now()).boot(boot.clone());
    let (journal, _) = DiskJournal::open(&folder.join("journal"), options).unwrap();
    let mut journal: Box<dyn Journal> = Box::new(PoweredJournal::new(journal, sim.sim_power()));
    let upgrade = match journal.upgrades().unwrap().first() {
        Some(upgrade) => *upgrade,
        None => {
            planned(
                &host,
                journal.as_mut(),
                allow,
                Stamp { at: host.clock().now(), boot, engine: VERSION.into() },
            )
            .await
        }
    };
    let config = CanaryConfig {
        every_ms: 100,
        test_file_every: 1,
        look_ms: 300,
        silence_seconds: 60,
        settle_seconds: 20,
    };
    let (probe, mailbox) = path(smtp.parse().unwrap(), pickup);
    let between =
        CanaryPath { mail: Arc::new(probe), pickup: Some(Arc::new(mailbox)), recipient: String::new() };
    let alarm = Box::new(|_: &str| {});
    let flight =
        Flight::begin(config, between, &upgrade.to_string(), &folder.join("canary.jsonl"), alarm).unwrap();
    let desk = WithCanary(flight);
    let mut watcher = NoWatcher;
    let engine =
        Engine::open(&host, journal.as_mut(), upgrade, None, &desk, &mut watcher, (VERSION, "Ada")).await;
    engine.unwrap().run().await.unwrap()
}

async fn planned(host: &Composite, journal: &mut dyn Journal, allow: bool, stamp: Stamp) -> UpgradeId {
    let mut wanted = vipre::request();
    wanted.prove_scanning = true;
    wanted.unscanned = if allow { UnscannedPolicy::Allow } else { UnscannedPolicy::Hold };
    let facts = Vipre.gather(host, &wanted).await.unwrap();
    let installation = Vipre.detect(&facts).unwrap().unwrap();
    let plan = Vipre.plan(&installation, &facts, &wanted, stamp.at, VERSION).unwrap();
    let upgrade = UpgradeId::new(uuid::Uuid::now_v7());
    begin(journal, upgrade, &plan, plan.hash(), &stamp).unwrap();
    upgrade
}
