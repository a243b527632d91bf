//! `run`: show a plan, ask, and run it.

use super::{
    VERSION,
    detect::nothing_wanted,
    drive,
    idle::{idle, left_behind},
    plan, wanted,
};
use crate::{
    args::{Common, RunArgs},
    logging,
    output::{self, Reply},
    people,
    place::{Site, Sources},
    show,
};
use mailsec_core::{
    Failure,
    engine::begin_rehearsed,
    failure::Code,
    host::{PendingWeight, ServiceName},
    journal::Stamp,
    plan::Plan,
    product::Proposal,
    upgrade::Rehearsed,
    values::UpgradeId,
};

pub(crate) async fn run(common: &Common, args: RunArgs) -> Result<Reply, Failure> {
    let mut secrets = Sources::for_server(common)?;
    let site = Site::open(common, &secrets)?;
    site.as_configured()?;
    site.exports_as_wanted()?;
    let planned = args.plan.as_deref().map(plan::read).transpose()?;
    // The journal first: a second run must hear at once that another is under way, not after answering questions.
    let mut journal = site.journal().await?;
    idle(&site.state)?;
    let proposal = match planned {
        Some(plan) => Proposal { plan: fresh(&site, plan).await?, findings: Vec::new() },
        None => plan::propose(common, &site, &args.request).await?,
    };
    if !proposal.plan.is_elsewhere() {
        ready_to_begin(&site).await?;
    }
    if let Some(name) = wanted::made(&proposal.plan).into_iter().find_map(|made| secrets.given_for(made)) {
        return Err(Failure::new(
            Code::BadArgument,
            format!("{name} is to be made by the program, and was given as well"),
        )
        .expected("either --generate-password or --secret, not both"));
    }
    secrets.none_unwanted(common, &wanted::ever(&proposal.plan))?;
    let hash = proposal.plan.hash();
    output::say(&show::plan(&proposal, false));
    let rehearsed = rehearsed(&site, &proposal.plan);
    if !args.yes && (common.no_input || !people::confirm("Nothing has been changed yet.")) {
        return Err(Failure::new(Code::RequestRefused, "not begun: nobody said yes")
            .expected("yes at the keyboard, or --yes")
            .hint("nothing was changed"));
    }
    secrets.ask(&wanted::secrets(&proposal.plan, |_| true), common)?;
    let site = site.with_secrets(common, &secrets)?;
    let host = site.host();
    let upgrade = UpgradeId::new(uuid::Uuid::now_v7());
    let stamp = Stamp { at: host.clock().now(), boot: host.power().boot().await?, engine: VERSION.into() };
    logging::begin(&site.state);
    begin_rehearsed(journal.as_mut(), upgrade, &proposal.plan, hash, rehearsed, &stamp)?;
    output::say(&format!("upgrade {upgrade}"));
    if cfg!(windows)
        && !proposal.plan.is_elsewhere()
        && host.services().get(&ServiceName::new("mailsec")).await?.is_none()
    {
        output::say("After a restart nothing goes on by itself: `mailsec service install` changes that.");
    }
    drive::drive(common, &site, journal.as_mut(), upgrade).await
}

/// What a rehearsal of the plan came to; it is said, and louder where there was none, or it went wrong.
pub(super) fn rehearsed(site: &Site, plan: &Plan) -> Option<Rehearsed> {
    if plan.is_elsewhere() {
        return None;
    }
    let kept = site.state.kept_rehearsal(plan.hash()).map(|rehearsal| rehearsal.noted());
    output::say(&show::rehearsed_or_not(kept.as_ref()));
    kept
}

/// A plan from a file must fit the server as it is now.
pub(super) async fn fresh(site: &Site, plan: Plan) -> Result<Plan, Failure> {
    if plan.drives_nodes() {
        return Err(Failure::new(Code::BadArgument, "this is a cluster's plan")
            .hint("`mailsec cluster run --plan FILE --node NAME=FOLDER ...` runs it; nothing was begun"));
    }
    let host = site.host();
    let stale = |what: &str, expected: &str, found: &str| {
        Err(Failure::new(Code::PlanStale, format!("the plan was made for another {what}"))
            .expected(expected)
            .found(found)
            .hint("make the plan again"))
    };
    if plan.server != host.name() {
        return stale("server", &plan.server, &host.name());
    }
    if plan.is_elsewhere() {
        // Its own first step looks at the devices.
        return Ok(plan);
    }
    let product = super::product(&plan.product)?;
    let facts = product.gather(host, &nothing_wanted()).await?;
    match product.detect(&facts)? {
        Some(found) if found.version == plan.from => Ok(plan),
        Some(found) => stale("version", &plan.from.to_string(), &found.version.to_string()),
        None => stale("state of the server", &plan.naming.before, "no such product"),
    }
}

/// What may have changed since the plan was made, and forbids to begin.
pub(super) async fn ready_to_begin(site: &Site) -> Result<(), Failure> {
    let host = site.host();
    if let Some(sign) = host.power().pending().await?.iter().find(|sign| sign.weight == PendingWeight::Stop) {
        return Err(Failure::new(Code::Blocked, "the upgrade cannot begin: Windows wants a restart first")
            .found(format!("{}: {}", sign.sign, sign.detail))
            .hint("restart the server, then run the plan again"));
    }
    if host.packages().busy().await? {
        return Err(Failure::new(Code::Blocked, "the upgrade cannot begin: an installation is running")
            .hint("let it end, then run the plan again"));
    }
    let transport = host.services().get(&ServiceName::transport()).await?;
    if !transport.as_ref().is_some_and(mailsec_core::host::Service::is_running) {
        let found = transport.map_or("it is not there".to_owned(), |service| {
            format!("{:?}, start {:?}", service.state, service.start).to_lowercase()
        });
        let failure =
            Failure::new(Code::Blocked, "the upgrade cannot begin: MSExchangeTransport does not run")
                .expected("a server whose mail flows: what is found now is what a way back leads to")
                .found(found)
                .hint("see why it does not, start it, then run the plan again; nothing was changed");
        return Err(match left_behind(&site.state) {
            Some(why) => failure.cause(why),
            None => failure,
        });
    }
    Ok(())
}
