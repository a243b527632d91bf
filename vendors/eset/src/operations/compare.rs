//! Settings before and after: exported again and compared, list entry by list entry.

use super::{
    Arguments, Own,
    fit::{facts, short},
    look::located,
    tool::{Exported, LeftNow, export, left_by, left_now, proven},
};
use crate::{
    names,
    settings::{Comparison, Counts, Difference, Expect, compare, rules},
};
use async_trait::async_trait;
use mailsec_core::{
    Permit,
    host::Answer,
    operations::{Context, Operate},
    plan::{Evidence, Observation, Outcome, Snapshot},
};
use std::{collections::BTreeMap, io::Cursor};

/// Characters of a path, and of what stood there.
const WORDS: usize = 240;

/// Compares two exports. What cannot be migrated is no alarm: the rules of 4.x.
pub(super) fn compared(before: &Exported, after: &Exported) -> Answer<Comparison> {
    let mut expect = Expect::default();
    if names::drops_rules(&before.header.version, &after.header.version) {
        expect.not_migrated = rules(before.bytes.as_slice())?.into_iter().map(|rule| rule.path).collect();
        expect.not_migrated.sort();
        expect.not_migrated.dedup();
    }
    compare(Cursor::new(&before.bytes), Cursor::new(&after.bytes), &expect)
}

/// The counts in words.
pub(super) fn counted(counts: &Counts) -> String {
    let alarms = match (counts.alarms, counts.lost) {
        (0, 0) => String::new(),
        (0, _) => ", as rules that cannot be migrated".to_owned(),
        (alarms, _) => format!(", of which {alarms} should have been preserved"),
    };
    format!(
        "{} preserved, {} changed, {} newly defaulted, {} lost{alarms}",
        counts.preserved, counts.changed, counts.newly_defaulted, counts.lost
    )
}

/// Where a difference is, and what stood there.
pub(super) fn place(difference: &Difference) -> String {
    match &difference.entry {
        Some(entry) => short(&format!("{}, entry {entry}", difference.path), WORDS),
        None => short(&difference.path, WORDS),
    }
}

/// What stood at one side of a difference, in short.
pub(super) fn side(content: Option<&crate::settings::Content>) -> String {
    let Some(content) = content else { return "nothing".to_owned() };
    let fields = content.fields.iter().map(|field| format!("{}: {}", field.path, field.value));
    let text: Vec<String> = content.value.iter().cloned().chain(fields).collect();
    let text = if text.is_empty() { "an empty section".to_owned() } else { text.join(", ") };
    short(&text, WORDS)
}

pub(super) struct Compare<'a> {
    pub(super) arguments: Arguments<'a>,
}

impl Own for Compare<'_> {}

#[async_trait]
impl Operate for Compare<'_> {
    async fn observe(&self, ctx: &Context<'_>) -> Answer<Observation> {
        let file = self.arguments.path("file")?;
        Ok(match left_now(ctx, &file, &self.arguments.version("to")?).await? {
            LeftNow::Nothing => Observation::NotApplied { evidence: Vec::new() },
            LeftNow::Begun(evidence) => Observation::Partial { evidence },
            LeftNow::Whole(after) => {
                let before = left_by(ctx, &self.arguments.step("export")?, "export").await?;
                Observation::Applied(outcome(&before, &after)?)
            }
        })
    }

    async fn apply(&self, ctx: &Context<'_>, permit: &Permit) -> Answer<Outcome> {
        let before = left_by(ctx, &self.arguments.step("export")?, "export").await?;
        let folder = located(ctx, &self.arguments.step("located")?)?;
        let file = self.arguments.path("file")?;
        export(ctx, permit, &folder, &file).await?;
        outcome(&before, &proven(ctx, &file, &self.arguments.version("to")?).await?)
    }
}

/// What the comparison shows, and keeps for the review.
fn outcome(before: &Exported, after: &Exported) -> Answer<Outcome> {
    let comparison = compared(before, after)?;
    let alarms = comparison.alarms().map(|lost| ("LOST", lost));
    let declared = comparison.lost.iter().filter(|lost| !lost.alarm).map(|lost| ("not migrated", lost));
    let changed = comparison.changed.iter().map(|difference| ("changed", difference));
    let new = comparison.newly_defaulted.iter().map(|difference| ("newly defaulted", difference));
    let lines = alarms.chain(declared).chain(changed).chain(new).map(|(what, difference)| {
        let seen = format!("{} -> {}", side(difference.before.as_ref()), side(difference.after.as_ref()));
        Evidence::new(format!("{what}: {}", place(difference)), seen)
    });
    let counts = comparison.counts;
    let number = |name: &str, count: u64| (name.to_owned(), count.to_string());
    let values = BTreeMap::from([
        number("preserved", counts.preserved),
        number("changed", counts.changed),
        number("newly-defaulted", counts.newly_defaulted),
        number("lost", counts.lost),
        number("alarms", counts.alarms),
    ]);
    let files = BTreeMap::from([("after".to_owned(), after.kept.clone())]);
    Ok(Outcome::changed(counted(&counts))
        .shown([after.evidence()])
        .shown(facts(lines, "the two exports"))
        .output(Snapshot::Vendor { values, files }))
}
