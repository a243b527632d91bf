//! Creating an account.

use super::change::{Making, create, password_works, shown};
use crate::{
    Permit,
    host::Answer,
    operations::{Context, Operate},
    plan::{Observation, Outcome, Snapshot},
    values::{AccountName, SecretRef},
};
use async_trait::async_trait;

/// The description that marks an account as made by this upgrade; one that somebody else made is never taken over.
fn marker(ctx: &Context<'_>) -> String {
    format!("made by mailsec, upgrade {}", ctx.upgrade)
}

pub(in crate::operations) struct CreateAccount<'a> {
    pub(in crate::operations) account: &'a AccountName,
    pub(in crate::operations) password: &'a SecretRef,
    pub(in crate::operations) generate: bool,
}

#[async_trait]
impl Operate for CreateAccount<'_> {
    async fn prepare(&self, ctx: &Context<'_>) -> Answer<Option<Snapshot>> {
        let existed = ctx.host.directory().account(self.account).await?.is_some();
        Ok(Some(Snapshot::Account { account: self.account.clone(), existed, password_set: None }))
    }

    async fn observe(&self, ctx: &Context<'_>) -> Answer<Observation> {
        let Some(account) = ctx.host.directory().account(self.account).await? else {
            return Ok(Observation::NotApplied { evidence: Vec::new() });
        };
        let evidence = shown(&account);
        if account.description != marker(ctx) {
            return Ok(Observation::NotApplied { evidence });
        }
        let works = password_works(ctx.host, self.account, self.password).await?;
        Ok(if works && account.fit_for_service().is_ok() {
            Observation::Applied(Outcome::changed(format!("{} was created", self.account)).shown(evidence))
        } else {
            Observation::Partial { evidence }
        })
    }

    async fn apply(&self, ctx: &Context<'_>, permit: &Permit) -> Answer<Outcome> {
        let making = Making {
            account: self.account,
            password: self.password,
            generate: self.generate,
            keep: &|_| Ok(()),
        };
        let account = create(ctx.host, permit, &marker(ctx), &making).await?;
        Ok(Outcome::changed(format!("{} was created", self.account)).shown(shown(&account)))
    }

    async fn undo(&self, ctx: &Context<'_>, permit: &Permit) -> Answer<Outcome> {
        match ctx.host.directory().account(self.account).await? {
            Some(found) if found.description == marker(ctx) => {
                if let Some(user) = super::reset::logged_on_as(ctx.host, self.account).await?.first() {
                    return Ok(Outcome::same(format!(
                        "{} stays: {} logs on with it",
                        self.account, user.name
                    )));
                }
                ctx.host.directory().delete(permit, self.account, &marker(ctx)).await?;
                Ok(Outcome::changed(format!("{} was deleted", self.account)))
            }
            _ => Ok(Outcome::same(format!("{} was not made by this upgrade", self.account))),
        }
    }
}
