//! Rules of the old settings, into the report: those of 4.x have to be set up again from it.

use super::{Arguments, Own, tool::left_by};
use crate::settings::{Rule, printable, rules};
use async_trait::async_trait;
use mailsec_core::{
    Permit,
    host::Answer,
    operations::{Context, Operate},
    plan::{Evidence, Observation, Outcome, Snapshot},
    values::StepId,
};
use std::collections::BTreeMap;

/// Rules that stand in the report one by one; the journal's envelopes have a limit, and the export has all of them.
const SHOWN: usize = 60;
/// Characters of one rule.
const WORDS: usize = 400;

/// The rules of the export that a step left.
pub(super) async fn of_export(ctx: &Context<'_>, step: &StepId) -> Answer<Vec<Rule>> {
    let exported = left_by(ctx, step, "export").await?;
    rules(exported.bytes.as_slice())
}

/// A rule's name, or its place.
pub(super) fn title(rule: &Rule) -> String {
    match &rule.name {
        Some(name) => printable(name),
        None => format!("{}/{}", rule.path, rule.number),
    }
}

/// What a rule does, as far as the file tells: its other fields by their own names.
pub(super) fn words(rule: &Rule) -> String {
    let other = rule.fields.iter().filter(|field| !field.path.eq_ignore_ascii_case("name"));
    let text: Vec<String> =
        other.map(|field| format!("{}: {}", field.path, printable(&field.value))).collect();
    text.join(", ").chars().take(WORDS).collect()
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
        let mut evidence: Vec<Evidence> = rules
            .iter()
            .take(SHOWN)
            .map(|rule| Evidence::new(format!("rule {}", title(rule)), words(rule)))
            .collect();
        if rules.len() > SHOWN {
            let more = format!("{} more; all of them are in the export", rules.len() - SHOWN);
            evidence.push(Evidence::new("rules", more));
        }
        let values = BTreeMap::from([("rules".to_owned(), rules.len().to_string())]);
        Ok(Outcome::same(format!("{} rules", rules.len()))
            .shown(evidence)
            .output(Snapshot::Vendor { values, files: BTreeMap::new() }))
    }
}
