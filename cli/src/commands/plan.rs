//! `plan`: what would be done, shown and written down.

use super::{
    VERSION,
    idle::{idle, left_behind},
    site, survey,
};
use crate::{
    args::{Common, PlanArgs, RequestArgs},
    output::{self, Reply},
    place::Site,
    show,
};
use mailsec_core::{
    Failure,
    failure::Code,
    host::{Host, no_mailbox},
    plan::{Plan, explain, lint},
    product::{Captured, Proposal},
};
use serde_json::json;
use std::path::Path;

pub(crate) async fn plan(common: &Common, args: PlanArgs) -> Result<Reply, Failure> {
    let proposal = match &args.plan {
        Some(file) => Proposal { plan: read(file)?, findings: Vec::new() },
        None => {
            let (site, _) = site(common)?;
            idle(&site.state)?;
            propose(common, &site, &args.request).await?
        }
    };
    show(&proposal, args.explain, args.out.as_deref())
}

/// Shows a plan, and writes it down if that is wanted.
pub(crate) fn show(proposal: &Proposal, explained: bool, out: Option<&Path>) -> Result<Reply, Failure> {
    let plan = &proposal.plan;
    let mut text = show::plan(proposal, explained);
    if let Some(out) = out {
        write(out, plan)?;
        text.push_str(&format!("\nWritten to {}; `mailsec run --plan {0}` runs it.\n", out.display()));
    }
    let explained: Vec<_> = plan.steps.iter().map(explain).collect();
    Ok(Reply::new(
        text,
        json!({ "hash": plan.hash(), "plan": plan, "findings": proposal.findings, "explained": explained }),
    ))
}

/// Surveys the server and makes a plan; a blocker is an error.
pub(crate) async fn propose(common: &Common, site: &Site, args: &RequestArgs) -> Result<Proposal, Failure> {
    let mut request = survey::request(args)?;
    let host: &dyn Host = site.server()?;
    if request.prove_scanning && host.pickup().address().is_none() {
        return Err(no_mailbox());
    }
    request.prove_scanning |= site.has_pickup();
    let found = survey::survey(host, common.product.as_deref(), &request).await?;
    found.product.accepts(&request)?;
    let findings = found.assess(&request);
    if let Some(failure) = survey::blocked(&findings) {
        return Err(match left_behind(&site.state) {
            Some(why) => failure.cause(why),
            None => failure,
        });
    }
    let made = host.clock().now();
    let plan = found.product.plan(&found.installation, &found.facts, &request, made, VERSION)?;
    checked(&plan)?;
    keep_facts(site, &Captured::new(&plan.product, found.facts, made, VERSION));
    Ok(Proposal { plan, findings })
}

/// A plan is as good without its facts being kept; only its rehearsal needs them.
fn keep_facts(site: &Site, captured: &Captured) {
    if let Err(failure) = site.state.keep_facts(captured) {
        output::say(&output::describe(&failure));
        output::say("The plan's facts are not kept; `mailsec capture` can write them elsewhere.");
    }
}

/// A plan that breaks no rule, and that an upgrade can begin with.
pub(crate) fn checked(plan: &Plan) -> Result<(), Failure> {
    plan.fits_journal()?;
    let broken = lint(plan);
    match broken.split_first() {
        None => Ok(()),
        Some((first, rest)) => Err(rest.iter().fold(first.clone(), |all, next| all.cause(next))),
    }
}

pub(crate) fn read(file: &Path) -> Result<Plan, Failure> {
    let bytes = std::fs::read(file).map_err(|error| {
        Failure::new(Code::PlanDamaged, "the plan cannot be read")
            .found(file.display().to_string())
            .cause(error)
            .hint("`mailsec plan --out FILE` makes one")
    })?;
    let plan = Plan::read(&bytes)?;
    checked(&plan)?;
    Ok(plan)
}

fn write(file: &Path, plan: &Plan) -> Result<(), Failure> {
    output::save(file, "plan", &plan.sealed())
}
