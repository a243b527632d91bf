//! Creating an account.

use super::change::{Making, Marks, create, finished, password_works, set_password, shown};
use crate::{
    Permit,
    failure::{Code, Failure},
    host::{Account, Answer},
    operations::{Context, Operate},
    plan::{Observation, Outcome, Snapshot},
    values::{AccountName, SecretRef},
};
use async_trait::async_trait;

/// The descriptions that mark an account as made by this upgrade; one that somebody else made is never taken over.
fn marks(ctx: &Context<'_>) -> Marks {
    Marks::of(&format!("upgrade {}", ctx.upgrade))
}

/// An account as this upgrade finds it.
enum Found {
    None,
    /// Of somebody else.
    Foreign(Account),
    Unfinished(Account),
    Finished(Account),
}

impl Found {
    async fn of(ctx: &Context<'_>, name: &AccountName) -> Answer<Self> {
        let marks = marks(ctx);
        Ok(match ctx.host.directory().account_where_changed(name).await? {
            None => Self::None,
            Some(account) if account.description == marks.unfinished => Self::Unfinished(account),
            Some(account) if account.description == marks.finished => Self::Finished(account),
            Some(account) => Self::Foreign(account),
        })
    }
}

pub(in crate::operations) struct CreateAccount<'a> {
    pub(in crate::operations) account: &'a AccountName,
    pub(in crate::operations) password: &'a SecretRef,
    pub(in crate::operations) generate: bool,
}

#[async_trait]
impl Operate for CreateAccount<'_> {
    async fn prepare(&self, ctx: &Context<'_>) -> Answer<Option<Snapshot>> {
        let existed = ctx.host.directory().account_where_changed(self.account).await?.is_some();
        Ok(Some(Snapshot::Account { account: self.account.clone(), existed, password_set: None }))
    }

    async fn observe(&self, ctx: &Context<'_>) -> Answer<Observation> {
        let account = match Found::of(ctx, self.account).await? {
            Found::None => return Ok(Observation::NotApplied { evidence: Vec::new() }),
            Found::Foreign(account) => return Ok(Observation::NotApplied { evidence: shown(&account) }),
            Found::Unfinished(account) => return Ok(Observation::Partial { evidence: shown(&account) }),
            Found::Finished(account) => account,
        };
        let evidence = shown(&account);
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
        match Found::of(ctx, self.account).await? {
            // The process ended when it was done, and the password has gone with it, or is another one now.
            Found::Finished(account) => {
                account.standard_user()?;
                if !account.enabled {
                    return Err(self.retired());
                }
                set_password(ctx.host, permit, &making).await?;
            }
            _ => create(ctx.host, permit, &marks(ctx), &making).await?,
        }
        let account = finished(ctx.host, &making).await?;
        Ok(Outcome::changed(format!("{} was created", self.account)).shown(shown(&account)))
    }

    async fn undo(&self, ctx: &Context<'_>, permit: &Permit) -> Answer<Outcome> {
        match Found::of(ctx, self.account).await? {
            Found::Unfinished(found) | Found::Finished(found) => {
                if let Some(user) = super::reset::logged_on_as(ctx.host, self.account).await?.first() {
                    return Ok(Outcome::same(format!(
                        "{} stays: {} logs on with it",
                        self.account, user.name
                    )));
                }
                ctx.host.directory().delete(permit, self.account, &found.description).await?;
                Ok(Outcome::changed(format!("{} was deleted", self.account)))
            }
            Found::None | Found::Foreign(_) => {
                Ok(Outcome::same(format!("{} was not made by this upgrade", self.account)))
            }
        }
    }
}

impl CreateAccount<'_> {
    /// It is enabled when it is finished, so somebody has disabled it: not for us to take back.
    fn retired(&self) -> Failure {
        Failure::new(Code::AccountUnfit, format!("{} was disabled after it was made", self.account))
            .expected("the account as this upgrade made it")
            .found("disabled")
            .hint("find out who disabled it, and why; enable it or delete it in the directory, then answer retry")
            .ask()
    }
}
