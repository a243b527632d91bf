//! This server as a node: it takes orders up, and looks at itself when it is asked to.

use crate::{
    args::Common,
    cluster::{Looked, Orders, WorkOrder},
    commands::{VERSION, detect::nothing_wanted, plan, product, run},
    logging,
    output::describe,
    place::{self, Site, Sources, State},
};
use mailsec_core::{
    Failure,
    engine::{begin_rehearsed, load},
    failure::Code,
    host::NodeFacts,
    journal::{Journal, Stamp},
    product::node_facts,
    upgrade::Standing,
};

/// From now on this server takes orders.
pub(super) fn enable(common: &Common) -> Result<(), Failure> {
    place::private_folder(&State::only(common)?.orders())
}

/// Whether it does.
pub(super) fn takes_orders(common: &Common) -> Result<bool, Failure> {
    Ok(orders(common)?.are_taken())
}

fn orders(common: &Common) -> Result<Orders, Failure> {
    Ok(Orders::new(State::only(common)?.orders()))
}

/// Does what the cluster's run asks of this node. What fails now is looked at again.
pub(super) async fn serve(common: &Common) {
    if let Err(failure) = answer_looks(common).await {
        tracing::warn!(failure = describe(&failure), "a cluster's run cannot be answered");
    }
    if let Err(failure) = take_orders(common).await {
        tracing::warn!(failure = describe(&failure), "an order cannot be taken up");
    }
}

async fn answer_looks(common: &Common) -> Result<(), Failure> {
    let orders = orders(common)?;
    for (id, product) in orders.asked()? {
        let looked = match look(common, &product).await {
            Ok(facts) => Looked::Facts(Box::new(facts)),
            Err(failure) => Looked::Failed(Box::new(failure)),
        };
        orders.looked(id, &looked)?;
    }
    Ok(())
}

async fn look(common: &Common, key: &str) -> Result<NodeFacts, Failure> {
    let product = product(key)?;
    let site = Site::open(common, &Sources::read(common)?)?;
    let unfinished = match site.state.choose(None) {
        Ok((_, _, loaded)) if matches!(loaded.state.standing, Standing::Finished(_)) => None,
        Ok((upgrade, ..)) => Some(upgrade),
        Err(failure) if failure.code == Code::UpgradeNotFound => None,
        Err(failure) => return Err(failure),
    };
    let host = site.server()?;
    let facts = product.gather(host, &nothing_wanted()).await?;
    node_facts(host, product.detect(&facts)?, unfinished).await
}

async fn take_orders(common: &Common) -> Result<(), Failure> {
    let orders = orders(common)?;
    let waiting = orders.waiting()?;
    if waiting.is_empty() {
        return Ok(());
    }
    let site = Site::open(common, &Sources::read(common)?)?;
    site.as_configured()?;
    let mut journal = match site.journal().await {
        // Somebody is at work here. The order waits.
        Err(failure) if failure.code == Code::JournalLocked => return Ok(()),
        other => other?,
    };
    for order in waiting {
        let upgrade = order.order.upgrade;
        match take(&site, journal.as_mut(), &order).await {
            Ok(()) => {
                tracing::info!(%upgrade, by = order.by, "an order was taken up");
                orders.taken(upgrade)?;
            }
            Err(failure) => {
                tracing::warn!(%upgrade, by = order.by, failure = describe(&failure), "an order is refused");
                orders.refuse(upgrade, &failure)?;
            }
        }
    }
    Ok(())
}

/// Journals the upgrade, once: an order that was taken up before a crash is found in the journal after it.
async fn take(site: &Site, journal: &mut dyn Journal, order: &WorkOrder) -> Result<(), Failure> {
    let WorkOrder { order, plan: ordered, .. } = order;
    let hash = ordered.hash();
    if hash != order.plan {
        return Err(Failure::new(Code::PlanDamaged, "this is not the plan that the order names")
            .expected(format!("plan {}", order.plan.short()))
            .found(format!("plan {}", hash.short())));
    }
    if journal.upgrades()?.contains(&order.upgrade) {
        let known = load(&journal.read(order.upgrade)?).state.hash;
        let same = known == order.plan;
        return if same {
            Ok(())
        } else {
            Err(Failure::new(Code::PlanStale, "another plan was begun here under this upgrade's id")
                .expected(format!("plan {}", order.plan.short()))
                .found(format!("plan {}", known.short())))
        };
    }
    plan::checked(ordered)?;
    let fresh = run::fresh(site, ordered.clone()).await?;
    run::ready_to_begin(site).await?;
    let host = site.host();
    let stamp = Stamp { at: host.clock().now(), boot: host.power().boot().await?, engine: VERSION.into() };
    let rehearsed = run::rehearsed(site, &fresh);
    logging::begin(&site.state);
    begin_rehearsed(journal, order.upgrade, &fresh, hash, rehearsed, &stamp)
}
