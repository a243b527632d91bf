//! The new version over the existing one: since 7.3, with nothing pending.

use super::{Maker, steps::own};
use crate::operations::name;
use mailsec_core::{
    plan::{Phase, Step, VendorTraits},
    product::Method,
};

impl Maker<'_> {
    pub(super) fn in_place(&self) -> Vec<Step> {
        let mut install = self.install(Method::InPlace);
        install.no_return = true;
        let mut steps = self.survey();
        steps.extend(self.back_up());
        steps.extend(self.password_given());
        steps.push(nothing_pending());
        steps.push(self.usual().snapshot());
        steps.extend(self.usual().detach());
        steps.push(install);
        steps.push(self.restart_always(
            "restart-server",
            "Restart the server",
            "the vendor's page asks for a restart during the upgrade",
        ));
        steps.extend(self.installed());
        steps.push(self.compare());
        steps.extend(self.usual().attach());
        steps.extend(self.usual().verify(&self.to));
        steps.extend(self.still_joined());
        steps.extend(self.review());
        steps
    }
}

fn nothing_pending() -> Step {
    Step::new(
        "nothing-pending",
        Phase::Prepare,
        "See that nothing waits for a restart",
        "with an update or a restart pending the former version may not be removed whole",
        own(
            name::NOTHING_PENDING,
            &[],
            VendorTraits::looks("checks that no Windows update and no restart is pending, for any reason"),
        ),
    )
}
