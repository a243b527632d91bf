//! Resetting a password.

use super::change::{Making, Word, set_password};
use crate::{
    Permit,
    failure::{Code, Failure},
    host::{Answer, Credentials, Host, Service},
    operations::{Context, Operate, context::missing_secret, service},
    plan::{Evidence, Observation, Outcome, Snapshot},
    upgrade::StepState,
    values::{AccountName, SecretRef},
};
use async_trait::async_trait;

pub(in crate::operations) struct ResetPassword<'a> {
    pub(in crate::operations) account: &'a AccountName,
    pub(in crate::operations) password: &'a SecretRef,
    pub(in crate::operations) generate: bool,
}

#[async_trait]
impl Operate for ResetPassword<'_> {
    async fn prepare(&self, ctx: &Context<'_>) -> Answer<Option<Snapshot>> {
        let found = Word::OfChanges.existing(ctx.host, self.account).await?;
        let account = self.account.clone();
        Ok(Some(Snapshot::Account { account, existed: true, password_set: found.password_set }))
    }

    async fn observe(&self, ctx: &Context<'_>) -> Answer<Observation> {
        let Some(value) = ctx.host.secrets().get(self.password).await? else {
            // A generated password that died with the process was perhaps set; another one replaces it.
            return if self.generate {
                Ok(Observation::NotApplied { evidence: Vec::new() })
            } else {
                Err(missing_secret(self.password))
            };
        };
        if let Some(evidence) = self.still_as_before(ctx).await? {
            return Ok(Observation::NotApplied { evidence: vec![evidence] });
        }
        Ok(match ctx.host.directory().try_credentials_where_changed(self.account, &value).await? {
            Credentials::Valid => Observation::Applied(self.outcome()),
            Credentials::WrongPassword => Observation::NotApplied { evidence: Vec::new() },
            // A directory that refuses the account need not have looked at the password.
            Credentials::AccountUnfit(why) | Credentials::PasswordUnfit(why) => Observation::Unknown {
                evidence: vec![Evidence::new(format!("log-on as {}", self.account), why)],
            },
        })
    }

    async fn apply(&self, ctx: &Context<'_>, permit: &Permit) -> Answer<Outcome> {
        Word::OfChanges.existing(ctx.host, self.account).await?;
        let making = Making {
            account: self.account,
            password: self.password,
            generate: self.generate,
            keep: &|_| Ok(()),
        };
        set_password(ctx.host, permit, &making).await?;
        let proof = Word::OfChanges.prove(ctx.host, self.account, self.password).await?;
        Ok(self.outcome().shown([proof]))
    }

    async fn undo(&self, ctx: &Context<'_>, permit: &Permit) -> Answer<Outcome> {
        // Nobody knows the former password. A service that still holds it could not log on at its next start, so
        // the way back is to give it the new one.
        let Some(value) = ctx.host.secrets().get(self.password).await? else {
            return if !self.generate {
                Err(missing_secret(self.password))
            } else if was_done(ctx) {
                Err(self.lost())
            } else {
                // It is kept before it is set, so one that is not there was not set either.
                Ok(Outcome::same("no password was made"))
            };
        };
        if !was_done(ctx) && self.still_as_before(ctx).await?.is_some() {
            return Ok(Outcome::same(format!("the password of {} was not reset", self.account)));
        }
        let tried = ctx.host.directory().try_credentials_where_changed(self.account, &value).await?;
        if tried == Credentials::WrongPassword {
            if was_done(ctx) {
                return Err(Failure::new(
                    Code::PasswordWrong,
                    format!("{} was given another password since this upgrade reset it", self.account),
                )
                .expected("the password that the account has now, for its services")
                .hint(format!("give it by `--secret {}=...` and answer retry", self.password))
                .ask());
            }
            return Ok(Outcome::same(format!("the password of {} was not reset", self.account)));
        }
        let services = logged_on_as(ctx.host, self.account).await?;
        for service in &services {
            ctx.host.services().set_log_on(permit, &service.name, self.account, &value).await?;
        }
        // A boot since the reset has left them stopped.
        let started = service::start_those_that_ran(ctx, permit).await?;
        let text = format!("the new password of {} stays; its services were given it", self.account);
        Ok(Outcome::changed(text).shown(services.iter().map(service::evidence)).shown(started))
    }
}

/// The services that log on with an account.
pub(super) async fn logged_on_as(host: &dyn Host, account: &AccountName) -> Answer<Vec<Service>> {
    let all = host.services().list().await?;
    Ok(all.into_iter().filter(|one| service::same_account(&one.account, account)).collect())
}

/// Whether the journal says that the step's effect is there.
fn was_done(ctx: &Context<'_>) -> bool {
    let index = ctx.state.plan.as_ref().and_then(|plan| plan.index(&ctx.step.id));
    let progress = index.and_then(|index| ctx.state.steps.get(index));
    progress.is_some_and(|progress| matches!(progress.state, StepState::Done(_)))
}

impl ResetPassword<'_> {
    /// The directory has a password that nobody knows: services that hold the former one cannot log on with it.
    fn lost(&self) -> Failure {
        Failure::new(
            Code::SecretMissing,
            format!("the password that was made for {} is not in the secret store any more", self.account),
        )
        .expected(format!("the secret {}", self.password))
        .hint(format!(
            "reset the password of {} in the directory by hand, give it by `--secret {}=env:NAME` or \
             `--secret {}=file:PATH`, and answer retry",
            self.account, self.password, self.password
        ))
        .ask()
    }

    /// The proof that nobody has set a password since the step was intended. A log-on proves less: controllers take the
    /// former password for an hour more, and the new one may be the former one.
    async fn still_as_before(&self, ctx: &Context<'_>) -> Answer<Option<Evidence>> {
        let Some(Snapshot::Account { password_set: Some(before), .. }) = ctx.before() else {
            return Ok(None);
        };
        let now = ctx.host.directory().account_where_changed(self.account).await?;
        let same = now.is_some_and(|now| now.password_set.as_ref() == Some(before));
        let evidence = || {
            Evidence::new(
                format!("password of {}", self.account),
                format!("set at {before}, before the step"),
            )
        };
        Ok(same.then(evidence))
    }

    fn outcome(&self) -> Outcome {
        Outcome::changed(format!("the password of {} was reset", self.account))
            .output(Snapshot::Password { account: self.account.clone(), secret: self.password.clone() })
    }
}
