//! Service accounts: read, checked, created, their passwords reset and proven.

pub mod by_hand;
mod change;
mod create;
mod reset;

pub(super) use create::CreateAccount;
pub(super) use reset::ResetPassword;

use super::{Context, Operate, service};
use crate::{
    Permit,
    failure::{Code, Failure},
    host::{Answer, ServiceName},
    plan::{AccountSource, Observation, Operation, Outcome},
    planted::planted,
    values::{AccountName, SecretRef},
};
use async_trait::async_trait;
use change::{Word, shown};

/// Accounts of the machine itself; they have no password and are no service accounts of a domain.
const BUILT_IN: [&str; 3] = ["localsystem", r"nt authority\localservice", r"nt authority\networkservice"];

/// Whose word a step takes that only looks: other controllers need not have heard yet of what this plan changes.
fn word(ctx: &Context<'_>, name: &AccountName) -> Word {
    let changes = |operation: &Operation| match operation {
        Operation::CreateAccount { account, .. } | Operation::ResetPassword { account, .. } => {
            account.same(name)
        }
        _ => false,
    };
    let plan = ctx.state.plan_steps();
    if plan.iter().any(|step| changes(&step.operation)) { Word::OfChanges } else { Word::Any }
}

pub(super) struct ReadServiceAccount<'a> {
    pub(super) service: &'a ServiceName,
}

#[async_trait]
impl Operate for ReadServiceAccount<'_> {
    async fn observe(&self, _ctx: &Context<'_>) -> Answer<Observation> {
        Ok(Observation::NotApplied { evidence: Vec::new() })
    }

    async fn apply(&self, ctx: &Context<'_>, _permit: &Permit) -> Answer<Outcome> {
        let found = ctx.service(self.service).await?;
        Ok(Outcome::same(format!("{} logs on as {}", self.service, found.account))
            .shown([service::evidence(&found)])
            .output(service::snapshot(&found)))
    }
}

pub(super) struct VerifyServiceAccount<'a> {
    pub(super) service: &'a ServiceName,
    pub(super) account: &'a AccountName,
}

#[async_trait]
impl Operate for VerifyServiceAccount<'_> {
    async fn observe(&self, _ctx: &Context<'_>) -> Answer<Observation> {
        Ok(Observation::NotApplied { evidence: Vec::new() })
    }

    async fn apply(&self, ctx: &Context<'_>, _permit: &Permit) -> Answer<Outcome> {
        let found = ctx.service(self.service).await?;
        if !service::same_account(&found.account, self.account) {
            return Err(Failure::new(
                Code::ServiceConfig,
                format!("{} does not log on with the account that was checked", self.service),
            )
            .expected(self.account.to_string())
            .found(&*found.account)
            .hint("set the account on the service's Log On tab, restart the service, then answer retry")
            .ask());
        }
        Ok(Outcome::same(format!("{} logs on as {}", self.service, self.account))
            .shown([service::evidence(&found)]))
    }
}

pub(super) struct CheckAccount<'a> {
    pub(super) account: &'a AccountSource,
}

#[async_trait]
impl Operate for CheckAccount<'_> {
    async fn observe(&self, _ctx: &Context<'_>) -> Answer<Observation> {
        Ok(Observation::NotApplied { evidence: Vec::new() })
    }

    async fn apply(&self, ctx: &Context<'_>, _permit: &Permit) -> Answer<Outcome> {
        let name = match self.account {
            AccountSource::Named(name) => name.clone(),
            AccountSource::OfService(service) => {
                let written = ctx.service(service).await?.account;
                if BUILT_IN.contains(&written.to_lowercase().as_str()) {
                    return Err(Failure::new(Code::AccountUnfit, format!("{service} logs on as {written}"))
                        .expected("a standard user of the domain")
                        .hint("plan again with --create-account, or with --account for one that exists"));
                }
                AccountName::parse(&written)?
            }
        };
        let account = word(ctx, &name).existing(ctx.host, &name).await?;
        account.fit_for_service()?;
        Ok(Outcome::same(format!("{name} is a standard user")).shown(shown(&account)))
    }
}

pub(super) struct ProveCredentials<'a> {
    pub(super) account: &'a AccountName,
    pub(super) password: &'a SecretRef,
}

#[async_trait]
impl Operate for ProveCredentials<'_> {
    async fn observe(&self, _ctx: &Context<'_>) -> Answer<Observation> {
        Ok(Observation::NotApplied { evidence: Vec::new() })
    }

    async fn apply(&self, ctx: &Context<'_>, _permit: &Permit) -> Answer<Outcome> {
        let mut proof = word(ctx, self.account).prove(ctx.host, self.account, self.password).await?;
        if planted!(PasswordInEvidence) {
            proof.seen.push_str(ctx.secret(self.password).await?.expose());
        }
        Ok(Outcome::same(format!("the credentials of {} work", self.account)).shown([proof]))
    }
}
