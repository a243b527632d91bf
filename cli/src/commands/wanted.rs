//! The secrets that an upgrade needs.

use mailsec_core::{
    plan::{Operation, Plan},
    upgrade::State,
    values::SecretRef,
};

/// The password of an account that was replaced.
const FORMER: &str = "former-account-password";

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

/// The secrets that taking steps back may need: the present password, and that of an account that was replaced.
pub(crate) fn for_the_way_back(plan: &Plan, state: &State) -> Vec<SecretRef> {
    let begun = |index: usize| state.steps.get(index).is_some_and(|step| step.begun);
    let mut wanted: Vec<SecretRef> = secrets(plan, begun).into_iter().cloned().collect();
    if replaces_account(plan, begun) {
        wanted.push(SecretRef::new(FORMER));
    }
    wanted
}

fn replaces_account(plan: &Plan, step_counts: impl Fn(usize) -> bool) -> bool {
    let mut steps = plan.steps.iter().enumerate();
    steps.any(|(index, step)| {
        step_counts(index) && matches!(step.operation, Operation::SetServiceLogOn { .. })
    })
}

/// Every name that a plan may ever want, on its way or on the way back: what the program makes itself may have to be given
/// after its store was lost.
pub(crate) fn ever(plan: &Plan) -> Vec<SecretRef> {
    let mut names: Vec<SecretRef> =
        plan.steps.iter().flat_map(|step| step.operation.secrets()).cloned().collect();
    if replaces_account(plan, |_| true) {
        names.push(SecretRef::new(FORMER));
    }
    names
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
