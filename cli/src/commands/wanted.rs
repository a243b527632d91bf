//! The secrets that an upgrade needs.

use mailsec_core::{
    plan::{Operation, Plan},
    values::SecretRef,
};

/// The secrets that a plan's steps need and the program does not make itself.
pub(crate) fn secrets(plan: &Plan, step_counts: impl Fn(usize) -> bool) -> Vec<&SecretRef> {
    let made = made(plan);
    let mut wanted: Vec<&SecretRef> = plan
        .steps
        .iter()
        .enumerate()
        .filter(|(index, _)| step_counts(*index))
        .flat_map(|(_, step)| step.operation.secrets())
        .filter(|name| !made.contains(name))
        .collect();
    wanted.sort();
    wanted.dedup();
    wanted
}

/// The secrets that the program makes itself.
pub(crate) fn made(plan: &Plan) -> Vec<&SecretRef> {
    plan.steps
        .iter()
        .filter_map(|step| match &step.operation {
            Operation::CreateAccount { password, generate: true, .. }
            | Operation::ResetPassword { password, generate: true, .. } => Some(password),
            _ => None,
        })
        .collect()
}
