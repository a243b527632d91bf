//! The plan itself.

use super::{MailBudget, Step, UnscannedPolicy};
use crate::{
    failure::{Code, Failure},
    values::{Digest, StepId, Timestamp, Version},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// Format of a serialised plan. A reader refuses one that it does not know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
#[schemars(extend("const" = Self::CURRENT.0))]
pub struct PlanFormat(u16);

impl PlanFormat {
    /// The format that this version writes.
    pub const CURRENT: Self = Self(1);

    /// The number.
    #[must_use]
    pub fn number(self) -> u16 {
        self.0
    }
}

/// Bytes that a plan may have as JSON: it goes into one envelope of the journal, which has room for 4 KiB more.
const MOST_BYTES: usize = 60 * 1024;

/// The product's name before and after: one product may carry two.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Naming {
    /// Name that belongs to the version found.
    pub before: String,
    /// Name that belongs to the version planned.
    pub after: String,
}

/// What the operator decided, kept with the plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Choices {
    /// Mail while the agents are detached.
    pub unscanned: UnscannedPolicy,
    /// Steps left out on purpose, each with the operator's reason.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<(String, String)>,
}

/// Loop breakers: beyond these, a person is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Limits {
    /// Restarts of the server in the whole upgrade.
    pub restarts: u32,
    /// Times one step may be begun in all, crashes included.
    pub begins_per_step: u32,
    /// Events of one upgrade.
    pub transitions: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { restarts: 3, begins_per_step: 12, transitions: 5_000 }
    }
}

/// An immutable list of steps, with what it was made from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Plan {
    /// Format of this plan.
    pub format: PlanFormat,
    /// The server it is for.
    pub server: String,
    /// The key of the product whose vendor's crate made it (`vipre`).
    pub product: String,
    /// The product's name before and after.
    pub naming: Naming,
    /// Version found.
    pub from: Version,
    /// Version planned.
    pub to: Version,
    /// When it was made.
    pub made: Timestamp,
    /// Version of the program that made it.
    pub engine: String,
    /// Digest of the facts that it was made from.
    pub facts: Digest,
    /// What the operator decided.
    pub choices: Choices,
    /// How long mail may suffer.
    pub budget: MailBudget,
    /// Loop breakers.
    pub limits: Limits,
    /// Agents that scan mail when the upgrade begins, by name; mail counts as scanned while all of them are loaded.
    pub scanners: Vec<crate::host::AgentId>,
    /// Which part the server has in its cluster, where it is a node whose plan depends on that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<super::NodeRole>,
    /// What is to be done, in order.
    pub steps: Vec<Step>,
}

/// A plan's file: the plan with its hash, so that a change shows. What this schema accepts may still be no plan that
/// runs: hash, rules between steps, and whether it fits the server are checked by `mailsec run`.
#[derive(Serialize, Deserialize, JsonSchema)]
pub(crate) struct PlanFile<'a> {
    /// BLAKE3 hash of the plan as JSON without white space, its fields in the order in which they are written.
    hash: Digest,
    /// The plan.
    plan: Cow<'a, Plan>,
}

impl Plan {
    /// The canonical bytes: JSON with the fields in the order of the types, no white space, no maps with loose order.
    #[must_use]
    pub fn canonical(&self) -> Vec<u8> {
        // Plain data with string keys; serialising it cannot fail.
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// The plan's hash: what was shown is what runs.
    #[must_use]
    pub fn hash(&self) -> Digest {
        Digest::of(&self.canonical())
    }

    /// Refuses a plan that the journal could not take, before somebody plans a night with it. Not a rule of
    /// [`lint`](super::lint), by which each of thousands of simulated upgrades begins.
    ///
    /// # Errors
    /// [`Code::PlanLint`].
    pub fn fits_journal(&self) -> Result<(), Failure> {
        let bytes = self.canonical().len();
        if bytes <= MOST_BYTES {
            return Ok(());
        }
        Err(Failure::new(Code::PlanLint, "the plan is too large for the journal")
            .expected(format!("at most {} KiB", MOST_BYTES / 1024))
            .found(format!("{} KiB", bytes.div_ceil(1024)))
            .hint("say the reasons and the installer's arguments shorter, and keep the rest elsewhere; nothing was begun"))
    }

    /// The plan as a file: with its hash, so that a change shows.
    #[must_use]
    pub fn sealed(&self) -> Vec<u8> {
        serde_json::to_vec_pretty(&PlanFile { hash: self.hash(), plan: Cow::Borrowed(self) })
            .unwrap_or_default()
    }

    /// Reads a plan from its file.
    ///
    /// # Errors
    /// [`Code::PlanDamaged`] when it is not a plan, one of a format that this version does not know, or not the plan
    /// that was made.
    pub fn read(bytes: &[u8]) -> Result<Self, Failure> {
        #[derive(Deserialize)]
        struct Head {
            plan: HeadOfPlan,
        }
        #[derive(Deserialize)]
        struct HeadOfPlan {
            format: PlanFormat,
        }
        let damaged = |error: serde_json::Error| {
            Failure::new(Code::PlanDamaged, "this is not a plan, or a damaged one")
                .expected("the JSON that `mailsec plan --out FILE` writes")
                .found(format!("line {}, column {}", error.line(), error.column()))
                .cause(error)
                .hint("make the plan again")
        };
        let head: Head = serde_json::from_slice(bytes).map_err(damaged)?;
        if head.plan.format != PlanFormat::CURRENT {
            return Err(Failure::new(
                Code::PlanDamaged,
                "the plan has a format that this version does not know",
            )
            .expected(format!("format {}", PlanFormat::CURRENT.0))
            .found(format!("format {}", head.plan.format.0))
            .hint("make the plan again with this version"));
        }
        let sealed: PlanFile<'_> = serde_json::from_slice(bytes).map_err(damaged)?;
        let hash = sealed.plan.hash();
        if hash != sealed.hash {
            return Err(Failure::new(Code::PlanDamaged, "the plan was changed after it was made")
                .expected(format!("hash {}", sealed.hash))
                .found(format!("hash {hash}"))
                .hint("make the plan again, with the options that you want"));
        }
        Ok(sealed.plan.into_owned())
    }

    /// A step by its name.
    #[must_use]
    pub fn step(&self, id: &StepId) -> Option<&Step> {
        self.steps.iter().find(|step| step.id == *id)
    }

    /// Whether it acts on other machines: through a management server, or as a cluster's run. Mail here is then none of its business, and
    /// mail there it does not see.
    #[must_use]
    pub fn is_elsewhere(&self) -> bool {
        self.steps.iter().any(|step| step.operation.is_elsewhere())
    }

    /// A step's position.
    #[must_use]
    pub fn index(&self, id: &StepId) -> Option<usize> {
        self.steps.iter().position(|step| step.id == *id)
    }

    /// Seconds that mail is typically held or down, and flows unscanned, in all.
    #[must_use]
    pub fn typical_mail(&self) -> (u64, u64) {
        use super::{Flow, MailState};
        let mut state = MailState::GOOD;
        let (mut stopped, mut unscanned) = (0, 0);
        for step in &self.steps {
            let during = step.mail.map_or(state, |impact| impact.during);
            match during.flow {
                Flow::Held | Flow::Down => stopped += step.typical_secs(),
                Flow::Flowing if !during.scanned => unscanned += step.typical_secs(),
                Flow::Flowing => {}
            }
            if let Some(impact) = step.mail {
                state = impact.after;
            }
        }
        (stopped, unscanned)
    }
}
