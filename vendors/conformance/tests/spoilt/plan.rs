//! What is spoilt in a plan.

use crate::product::Where;
use mailsec_core::{
    plan::{Operation, Phase, Plan, Step, Undo, VendorTraits},
    product::{FactQuery, Facts},
    values::{ServerPath, Version},
};
use std::collections::BTreeMap;

pub(crate) fn spoil(plan: &mut Plan, place: Where, times: u64, facts: &Facts) {
    let step = |plan: &Plan, id: &str| plan.steps.iter().position(|step| step.id.as_str() == id).unwrap();
    match place {
        Where::Memory => plan.budget.stopped_secs += times,
        Where::NoBackup => plan.steps.retain(|step| !matches!(step.operation, Operation::BackUpTree { .. })),
        Where::OtherVersion => plan.from = Version::parse("1.0").unwrap(),
        Where::Title => plan.steps[0].title.push('.'),
        // An empty folder of settings: the plan is another one, and nothing is said.
        Where::Silence if facts.tree(&FactQuery::Tree(settings(plan))).is_ok_and(|(files, _)| files == 0) => {
            plan.steps[0].reason.push_str(", or so");
        }
        Where::LookThatWrites => {
            let at = step(plan, "pause-updates");
            plan.steps[at].undo = Undo::Nothing;
            if let Operation::Vendor { traits, .. } = &mut plan.steps[at].operation {
                *traits = VendorTraits::looks(traits.what.clone());
            }
        }
        Where::OneBoot => {
            let at = step(plan, "snapshot-agents");
            let look = |name: &str| {
                let traits = VendorTraits::looks("looks at the boot");
                let operation =
                    Operation::Vendor { name: name.to_owned(), arguments: BTreeMap::new(), traits };
                Step::new(name, Phase::Prepare, "Look at the boot", "it must stay the same", operation)
            };
            plan.steps.insert(at, look("compare-boot"));
            plan.steps.insert(at, look("note-boot"));
        }
        _ => {}
    }
}

fn settings(plan: &Plan) -> ServerPath {
    let source = plan.steps.iter().find_map(|step| match &step.operation {
        Operation::BackUpTree { source, .. } => Some(source.clone()),
        _ => None,
    });
    source.unwrap()
}
