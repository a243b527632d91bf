//! Plans: rules, words, and what they say of themselves.

use super::{Planned, words};
use crate::{Candidate, Check, Specimen, tally::Tally};
use mailsec_core::plan::{Plan, lint};
use mailsec_simulator::explore::VERSION;

/// Every check of a plan. Whether it may run at all.
pub(crate) fn plan(candidate: &Candidate, specimen: &Specimen, planned: &Planned, tally: &mut Tally) -> bool {
    let (plan, name) = (&planned.plan, &specimen.name);
    let broken = lint(plan);
    let may_run = tally.must(Check::Lint, broken.is_empty(), || {
        let all: Vec<String> = broken.iter().map(ToString::to_string).collect();
        format!("{name}: {}", all.join("; "))
    });
    facts(candidate, specimen, planned, tally);
    for step in &plan.steps {
        for wrong in words::wrong(step) {
            tally.check(Check::PlanWords, Err(format!("{name}, step {}: {wrong}", step.id)));
        }
        tally.count(Check::PlanWords, 1);
    }
    may_run
}

fn facts(candidate: &Candidate, specimen: &Specimen, planned: &Planned, tally: &mut Tally) {
    let Planned { plan, installation, .. } = planned;
    let facts = super::gather(candidate.product, specimen);
    let rows = [
        ("product", plan.product == candidate.product.describe().key),
        ("server", plan.server == specimen.world.server),
        ("version found", plan.from == installation.version),
        ("name found", plan.naming.before == installation.name),
        ("name planned", !plan.naming.after.trim().is_empty()),
        ("version planned, a later one", plan.to > plan.from),
        ("facts", plan.facts == facts.digest()),
        ("time", plan.made == specimen.world.now),
        ("program", plan.engine == VERSION),
        ("mail policy", plan.choices.unscanned == specimen.request.unscanned),
        ("part in a cluster", plan.role == specimen.request.role),
    ];
    for (what, holds) in rows {
        tally.must(Check::PlanFacts, holds, || {
            format!("{}: the plan does not say truly: {what}", specimen.name)
        });
    }
    let read = Plan::read(&plan.sealed());
    let same = read.as_ref().is_ok_and(|read| read == plan && read.hash() == plan.hash());
    tally.must(Check::PlanFacts, same, || {
        format!("{}: written to a file and read back, it is another plan", specimen.name)
    });
}
