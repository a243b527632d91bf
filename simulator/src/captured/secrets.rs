//! Passwords for what the plan asks for. None is real: no fact holds one.

use super::Building;
use crate::{cases::eset::SETTINGS_PASSWORD, people::Secrets, world::eset};
use mailsec_core::{
    plan::{Operation, Plan},
    values::{Secret, SecretRef},
};

/// The password of every account that is there.
pub(super) const PRESENT: &str = "Sim-Rehearsed-Now-1";
/// The one that a person gives for an account that is made, or whose password is reset.
const GIVEN: &str = "Sim-Rehearsed-New-2";
/// The password that protects a product's settings.
const SETTINGS: &str = "Sim-Rehearsed-Settings-3";
/// Under this name the way back asks for the password of an account that was replaced.
const FORMER: &str = "former-account-password";

impl Building<'_> {
    pub(super) fn secrets(&mut self) -> Secrets {
        let mut secrets = Secrets::from([(SecretRef::new(FORMER), Secret::new(PRESENT))]);
        for name in self.plan.steps.iter().flat_map(|step| step.operation.secrets()) {
            let value = match name.as_str() {
                SETTINGS_PASSWORD => {
                    self.world.vault.products.insert(eset::SETTINGS_PASSWORD.to_owned(), SETTINGS.to_owned());
                    SETTINGS
                }
                _ if is_set(self.plan, name) => GIVEN,
                _ => PRESENT,
            };
            secrets.insert(name.clone(), Secret::new(value));
        }
        secrets
    }
}

/// Whether the plan makes this the password of an account.
fn is_set(plan: &Plan, name: &SecretRef) -> bool {
    plan.steps.iter().any(|step| match &step.operation {
        Operation::CreateAccount { password, .. } | Operation::ResetPassword { password, .. } => {
            password == name
        }
        _ => false,
    })
}
