//! Proof that mail is scanned.

use super::{Context, Operate};
use crate::{
    Permit,
    failure::{Code, Failure},
    host::Answer,
    plan::{Observation, Outcome},
    proof::{MailPath, Patience, Proof, ScanVerdict, prove},
};
use async_trait::async_trait;

/// It only looks, though it sends mail. After a crash it is done again: with markers of its own, since the intent is
/// another one, and having removed what the former ones left in the mailbox.
pub(super) struct ProveScanning;

#[async_trait]
impl Operate for ProveScanning {
    async fn observe(&self, _ctx: &Context<'_>) -> Answer<Observation> {
        Ok(Observation::NotApplied { evidence: Vec::new() })
    }

    async fn apply(&self, ctx: &Context<'_>, permit: &Permit) -> Answer<Outcome> {
        let family = ctx.upgrade.to_string();
        let marker = format!("{family}-{}", permit.seq());
        let proof = prove(MailPath::of(ctx.host), &family, &marker, Patience::USUAL).await;
        match proof.verdict {
            ScanVerdict::Scanned => {
                Ok(Outcome::same(format!("mail is scanned: {}", proof.why)).shown(proof.evidence))
            }
            // No other try may talk it away: somebody has to see it.
            ScanVerdict::NotScanned => Err(failure(Code::MailUnscanned, "mail is NOT scanned", &proof)
                .hint("look at the product's agents and its service; mail flows past it meanwhile")
                .ask()),
            ScanVerdict::Undetermined => {
                Err(failure(Code::ScanUndetermined, "whether mail is scanned cannot be told", &proof)
                    .hint("see that the mailbox can be reached and that clean mail arrives there")
                    .retry())
            }
        }
    }
}

fn failure(code: Code, message: &str, proof: &Proof) -> Failure {
    let failure = Failure::new(code, message)
        .expected("a clean message that arrives, and a test file that does not")
        .found(proof.why.clone());
    proof.evidence.iter().fold(failure, |failure, fact| failure.cause(format!("{}: {}", fact.of, fact.seen)))
}
