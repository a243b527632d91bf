//! `pause`, `cancel`, `rollback`, `abandon`: journaled requests, carried out at the next safe point.

use super::{drive, wanted};
use crate::{
    args::{Common, RequestOf},
    output::Reply,
    people::actor,
    place::{Site, Sources, State},
    requests::{Fate, admitted, handed_over, journal_or_fate, record, requested},
};
use mailsec_core::{Failure, upgrade::Request};

pub(crate) async fn request(common: &Common, of: &RequestOf, request: Request) -> Result<Reply, Failure> {
    let state = State::only(common)?;
    let (upgrade, loaded) = admitted(common, &state, of, request).await?;
    let mut secrets = Sources::for_server(common)?;
    if let Some(plan) = &loaded.state.plan {
        secrets.none_unwanted(common, &wanted::ever(plan))?;
    }
    let site = Site::open(common, &secrets)?;
    match journal_or_fate(&site, &state, upgrade, request, &of.note, &actor()).await? {
        Fate::Free(mut journal) => {
            // First of all: whoever leaves at the question for a secret has said it.
            record(&site, journal.as_mut(), upgrade, requested(request, &of.note, &actor())).await?;
            // Nobody is asked in vain.
            let drives = request != Request::Pause && site.as_configured().is_ok();
            let said = |failure: Failure| {
                failure.cause(format!(
                    "the request is journaled: {request} is carried out by whoever takes the upgrade up next"
                ))
            };
            if let Some(plan) = loaded.state.plan.as_ref().filter(|_| drives) {
                secrets.ask(&wanted::for_the_way_back(plan, &loaded.state), common).map_err(said)?;
            }
            let site = site.with_secrets(common, &secrets).map_err(said)?;
            drive::drive(common, &site, journal.as_mut(), upgrade).await
        }
        fate => Ok(handed_over(upgrade, request, &fate)),
    }
}
