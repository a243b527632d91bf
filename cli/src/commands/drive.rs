//! Driving an upgrade until it ends or waits; `resume`.

use super::{VERSION, interrupt, product, wanted};
use crate::{
    args::{Common, WhichArgs},
    cluster::FolderNodes,
    exit::Exit,
    logging::{self, Both, Told},
    otlp::Export,
    output::Reply,
    people::{FrontDesk, Inbox, Patience, Watched, actor},
    place::{Site, Sources},
    requests::{record, requested},
    show,
};
use mailsec_core::{
    Failure,
    engine::{Engine, Loaded, Stop, load},
    failure::Code,
    journal::Journal,
    upgrade::{Request, Standing, StepState},
    values::UpgradeId,
};
use serde_json::json;
use tracing::Instrument;

pub(crate) async fn resume(common: &Common, which: &WhichArgs) -> Result<Reply, Failure> {
    let mut secrets = Sources::for_server(common)?;
    let site = Site::open(common, &secrets)?;
    let mut journal = site.journal().await?;
    let (upgrade, loaded) = site.state.choose_in(journal.as_ref(), which.upgrade.as_deref())?;
    if let Standing::Finished(how) = loaded.state.standing {
        return Err(Failure::new(Code::RequestRefused, "this upgrade is over")
            .found(format!("{how:?}").to_lowercase())
            .hint("`mailsec report` shows what happened"));
    }
    // Before anybody is asked for a secret in vain.
    configured(&site, &loaded)?;
    if let Some(plan) = &loaded.state.plan {
        secrets.none_unwanted(common, &wanted::ever(plan))?;
        let open = |index: usize| {
            loaded.state.steps.get(index).is_some_and(|step| !matches!(step.state, StepState::Done(_)))
        };
        secrets.ask(&wanted::secrets(plan, open), common)?;
    }
    let site = site.with_secrets(common, &secrets)?;
    if loaded.state.standing == Standing::Paused {
        record(&site, journal.as_mut(), upgrade, requested(Request::Resume, "", &actor())).await?;
    }
    drive(common, &site, journal.as_mut(), upgrade).await
}

/// Runs until the upgrade ends or waits, and says how it stands.
pub(crate) async fn drive(
    common: &Common,
    site: &Site,
    journal: &mut dyn Journal,
    upgrade: UpgradeId,
) -> Result<Reply, Failure> {
    let patience = if common.no_input { Patience::None } else { Patience::Keyboard };
    let before = load(&journal.read(upgrade)?).state;
    let desk = FrontDesk::new(Inbox::new(site.state.inbox(upgrade)), patience).taking_up(&before);
    interrupt::says_where_it_stands(&site.state, upgrade);
    let stop = drive_to_stop(site, journal, upgrade, &desk).await?;
    let loaded = load(&journal.read(upgrade)?);
    let gate = loaded.state.gate.as_ref();
    let exit = Exit::of_stop(&stop, gate.map(|gate| gate.why));
    let mut text = show::stopped(&stop, &loaded);
    if let (Stop::GateOpen(_), Some(gate)) = (&stop, gate) {
        text.push_str(&show::gate(gate, &loaded.state));
    }
    text.push_str(&format!("\nupgrade {upgrade}\njournal {}\n", site.state.journal().display()));
    let json = json!({
        "upgrade": upgrade,
        "stop": show::stop_word(&stop),
        "exit": exit as u8,
        "gate": gate.map(show::gate_json),
        "mail": loaded.report.mail,
        "journal": site.state.journal().display().to_string(),
    });
    Ok(Reply::new(text, json).exit(exit))
}

/// Refuses to drive an upgrade by a configuration that cannot be used, and says how mail stands meanwhile.
fn configured(site: &Site, loaded: &Loaded) -> Result<(), Failure> {
    site.as_configured().map_err(|failure| {
        let why = failure.hint.clone().unwrap_or_default();
        let failure = match show::mail_now(loaded) {
            Some(mail) => failure.cause(mail),
            None => failure,
        };
        failure.hint(format!(
            "mend it, then resume; nothing was done, and what was answered or asked for is journaled; {why}"
        ))
    })
}

/// Runs until the upgrade ends or waits. Whatever is logged on the way carries its id.
pub(crate) async fn drive_to_stop(
    site: &Site,
    journal: &mut dyn Journal,
    upgrade: UpgradeId,
    desk: &FrontDesk,
) -> Result<Stop, Failure> {
    let span = tracing::error_span!("upgrade", %upgrade);
    drive_in_span(site, journal, upgrade, desk).instrument(span).await
}

async fn drive_in_span(
    site: &Site,
    journal: &mut dyn Journal,
    upgrade: UpgradeId,
    desk: &FrontDesk,
) -> Result<Stop, Failure> {
    let envelopes = journal.read(upgrade)?;
    let loaded = load(&envelopes);
    if let Some(plan) = loaded.state.plan.as_ref().filter(|plan| plan.server != site.host().name()) {
        return Err(Failure::new(Code::PlanStale, "this is an upgrade of another server")
            .expected(site.host().name())
            .found(plan.server.clone())
            .hint("it can be read here, not driven; nothing was changed"));
    }
    configured(site, &loaded)?;
    logging::begin(&site.state);
    let key = loaded.state.plan.as_ref().map(|plan| plan.product.clone()).unwrap_or_default();
    let product = if site.vendor().is_some() { None } else { Some(product(&key)?) };
    let vendor = site.vendor().or_else(|| product.as_ref().and_then(|product| product.vendor()));
    let told = Told::open(&site.state, upgrade, &envelopes);
    let export = Export::open(site.export(), &site.state, upgrade, &envelopes);
    let mut watcher = Both(Both(told, export), show::Progress::new(&loaded.state, site.speed()));
    let actor = actor();
    let desk = &Watched::new(desk, site, upgrade);
    let engine =
        Engine::open(site.host(), journal, upgrade, vendor, desk, &mut watcher, (VERSION, &actor)).await?;
    if !loaded.state.drives_nodes() {
        let mut engine = engine;
        return engine.run().await;
    }
    let nodes = FolderNodes::open(&site.state, site.pace())?;
    engine.with_nodes(&nodes).run().await
}
