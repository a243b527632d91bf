//! The arguments of an operation, as the plan has them.

use mailsec_core::{
    Failure,
    failure::Code,
    host::Answer,
    values::{ServerPath, StepId, Version},
};
use std::collections::BTreeMap;

/// Arguments by name.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Arguments<'a>(pub(crate) &'a BTreeMap<String, String>);

impl Arguments<'_> {
    fn text(&self, name: &str) -> Answer<&str> {
        self.0.get(name).map(String::as_str).ok_or_else(|| {
            Failure::new(Code::PlanLint, format!("the plan gives no {name} to an operation of ESET's"))
                .hint("make the plan again with this version of the program")
        })
    }

    pub(super) fn path(&self, name: &str) -> Answer<ServerPath> {
        self.text(name).map(ServerPath::new)
    }

    pub(super) fn step(&self, name: &str) -> Answer<StepId> {
        self.text(name).map(StepId::new)
    }

    pub(super) fn version(&self, name: &str) -> Answer<Version> {
        let text = self.text(name)?;
        Version::parse(text).map_err(|why| {
            Failure::new(Code::PlanLint, format!("the plan has no version as {name}")).found(why)
        })
    }
}
