//! A named person goes through the settings, with what was lost item by item.

use super::{
    Arguments, Own,
    compare::{compared, counted, place, side},
    fit::line,
    inventory::{of_export, title, words},
    tool::left_by,
};
use crate::settings::{Comparison, Difference};
use async_trait::async_trait;
use mailsec_core::{
    Permit,
    host::Answer,
    operations::{Context, Operate},
    plan::{ChecklistItem, Evidence, ItemId, Observation, Operation, Outcome, Question, Step},
};

/// All settings, after the upgrade; every one that is lost is answered by itself.
pub(super) struct Review<'a> {
    pub(super) arguments: Arguments<'a>,
}

impl Review<'_> {
    async fn comparison(&self, ctx: &Context<'_>) -> Answer<Comparison> {
        let before = left_by(ctx, &self.arguments.step("export")?, "export").await?;
        let after = left_by(ctx, &self.arguments.step("compared")?, "after").await?;
        compared(&before, &after)
    }
}

fn shown(title: &str, differences: &[Difference]) -> Option<String> {
    if differences.is_empty() {
        return None;
    }
    let lines = differences
        .iter()
        .map(|one| format!("{}: {} -> {}", place(one), side(one.before.as_ref()), side(one.after.as_ref())));
    Some(format!("{title}: {}", line(lines)))
}

fn item(kind: &str, number: usize, text: String) -> Answer<ChecklistItem> {
    Ok(ChecklistItem { id: ItemId::parse(&format!("{kind}-{number}"))?, text })
}

#[async_trait]
impl Own for Review<'_> {
    async fn question(&self, ctx: &Context<'_>) -> Answer<Option<Question>> {
        let comparison = self.comparison(ctx).await?;
        // Rules that cannot be migrated have a gate of their own.
        let items = (1..).zip(comparison.alarms()).map(|(number, lost)| {
            item("lost", number, format!("LOST: {} was {}", place(lost), side(lost.before.as_ref())))
        });
        let items = items.collect::<Answer<Vec<ChecklistItem>>>()?;
        let mut todo = vec![
            "open Advanced setup on this server and go through all settings, as the vendor asks for"
                .to_owned(),
        ];
        if !items.is_empty() {
            todo.push("set up again what was lost, or give it up, each by its name".to_owned());
        }
        let imports =
            |step: &Step| matches!(&step.operation, Operation::Vendor { traits, .. } if traits.imports);
        if ctx.state.plan_steps().iter().any(imports) {
            todo.push(
                "see that ESET CMD (Tools, ESET CMD) is as it is to stay: it was enabled for the import"
                    .to_owned(),
            );
        }
        todo.extend(shown("changed", &comparison.changed));
        todo.extend(shown("newly defaulted", &comparison.newly_defaulted));
        Ok(Some(Question {
            title: "Go through the settings".to_owned(),
            todo,
            why: format!("Settings before and after: {}.", counted(&comparison.counts)),
            verified: "every lost setting must have an answer; your name and the answers stay in the report"
                .to_owned(),
            otherwise: "the upgrade waits here; the new version runs meanwhile, and mail flows".to_owned(),
            items,
        }))
    }
}

#[async_trait]
impl Operate for Review<'_> {
    async fn observe(&self, _ctx: &Context<'_>) -> Answer<Observation> {
        Ok(Observation::NotApplied { evidence: Vec::new() })
    }

    async fn apply(&self, ctx: &Context<'_>, _permit: &Permit) -> Answer<Outcome> {
        let comparison = self.comparison(ctx).await?;
        Ok(Outcome::same("the settings were gone through")
            .shown([Evidence::new("settings", counted(&comparison.counts))]))
    }
}

/// Rules that cannot be migrated, to be set up again.
pub(super) struct Rules<'a> {
    pub(super) arguments: Arguments<'a>,
}

#[async_trait]
impl Own for Rules<'_> {
    async fn question(&self, ctx: &Context<'_>) -> Answer<Option<Question>> {
        let rules = of_export(ctx, &self.arguments.step("export")?).await?;
        if rules.is_empty() {
            return Ok(None);
        }
        let items = (1..)
            .zip(&rules)
            .map(|(number, rule)| item("rule", number, format!("{} ({})", title(rule), words(rule))));
        Ok(Some(Question {
            title: "Set up the rules again".to_owned(),
            todo: vec![
                "set up each of these rules in the new version, as far as it still makes sense".to_owned(),
                "answer each as done, or give it up with the reason".to_owned(),
            ],
            why: "Rules of this version cannot be migrated; the vendor says to note them first and set them up after."
                .to_owned(),
            verified: "every rule must have an answer; your name and the answers stay in the report".to_owned(),
            otherwise: "the upgrade waits here; the new version runs meanwhile, and mail flows".to_owned(),
            items: items.collect::<Answer<Vec<ChecklistItem>>>()?,
        }))
    }
}

#[async_trait]
impl Operate for Rules<'_> {
    async fn observe(&self, _ctx: &Context<'_>) -> Answer<Observation> {
        Ok(Observation::NotApplied { evidence: Vec::new() })
    }

    async fn apply(&self, ctx: &Context<'_>, _permit: &Permit) -> Answer<Outcome> {
        let rules = of_export(ctx, &self.arguments.step("export")?).await?;
        Ok(Outcome::same(format!("{} rules were gone through", rules.len())))
    }
}
