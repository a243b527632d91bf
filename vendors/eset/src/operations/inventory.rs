//! Rules of the old settings, into the report: those of 4.x have to be set up again from it.

use super::{
    Arguments, Own,
    fit::{facts, short},
    tool::left_by,
};
use crate::settings::{Rule, rules};
use async_trait::async_trait;
use mailsec_core::{
    Permit,
    host::Answer,
    operations::{Context, Operate},
    plan::{Evidence, Observation, Outcome, Snapshot},
    values::StepId,
};
use std::collections::BTreeMap;

/// Characters of a rule's name.
const NAME: usize = 120;
/// Characters of what a rule does.
const WORDS: usize = 400;

/// The rules of the export that a step left.
pub(super) async fn of_export(ctx: &Context<'_>, step: &StepId) -> Answer<Vec<Rule>> {
    let exported = left_by(ctx, step, "export").await?;
    rules(exported.bytes.as_slice())
}

/// A rule's name, or its place.
pub(super) fn title(rule: &Rule) -> String {
    match &rule.name {
        Some(name) => short(name, NAME),
        None => short(&format!("{}/{}", rule.path, rule.number), NAME),
    }
}

/// What a rule does, as far as the file tells: its other fields by their own names.
pub(super) fn words(rule: &Rule) -> String {
    let other = rule.fields.iter().filter(|field| !field.path.eq_ignore_ascii_case("name"));
    let text: Vec<String> = other.map(|field| format!("{}: {}", field.path, field.value)).collect();
    short(&text.join(", "), WORDS)
}

pub(super) struct Inventory<'a> {
    pub(super) arguments: Arguments<'a>,
}

impl Own for Inventory<'_> {}

#[async_trait]
impl Operate for Inventory<'_> {
    async fn observe(&self, _ctx: &Context<'_>) -> Answer<Observation> {
        Ok(Observation::NotApplied { evidence: Vec::new() })
    }

    async fn apply(&self, ctx: &Context<'_>, _permit: &Permit) -> Answer<Outcome> {
        let export = self.arguments.step("export")?;
        let rules = of_export(ctx, &export).await?;
        let lines = rules.iter().map(|rule| Evidence::new(format!("rule {}", title(rule)), words(rule)));
        let evidence = facts(lines, "the export");
        let values = BTreeMap::from([("rules".to_owned(), rules.len().to_string())]);
        Ok(Outcome::same(format!("{} rules", rules.len()))
            .shown(evidence)
            .output(Snapshot::Vendor { values, files: BTreeMap::new() }))
    }
}
