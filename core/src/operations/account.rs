//! Service accounts: read, checked, created, their passwords reset and proven.

use super::{Context, Operate, context::missing_secret, service};
use crate::{
    Permit,
    failure::{Code, Failure},
    host::{Account, Answer, Credentials, Service, ServiceName},
    plan::{AccountSource, Evidence, Observation, Outcome, Snapshot},
    planted::planted,
    upgrade::StepState,
    values::{AccountName, SecretRef},
};
use async_trait::async_trait;

/// Accounts of the machine itself; they have no password and are no service accounts of a domain.
const BUILT_IN: [&str; 3] = ["localsystem", r"nt authority\localservice", r"nt authority\networkservice"];

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
        let account = existing(ctx, &name).await?;
        account.fit_for_service()?;
        Ok(Outcome::same(format!("{name} is a standard user")).shown(shown(&account)))
    }
}

async fn existing(ctx: &Context<'_>, name: &AccountName) -> Answer<Account> {
    ctx.host.directory().account(name).await?.ok_or_else(|| {
        Failure::new(Code::AccountNotFound, format!("there is no account {name}"))
            .expected(name.to_string())
            .hint("plan with --create-account to have it created")
    })
}

fn shown(account: &Account) -> Vec<Evidence> {
    let groups: Vec<String> = account.memberships.iter().map(|m| m.through.join(" > ")).collect();
    vec![
        Evidence::new(
            format!("account {}", account.name),
            format!(
                "enabled {}, password never expires {}, account never expires {}",
                account.enabled, account.password_never_expires, account.account_never_expires
            ),
        ),
        Evidence::new(format!("groups of {}", account.name), groups.join("; ")),
    ]
}

/// The description that marks an account as made by this upgrade; one that somebody else made is never taken over.
fn marker(ctx: &Context<'_>) -> String {
    format!("made by mailsec, upgrade {}", ctx.upgrade)
}

pub(super) struct CreateAccount<'a> {
    pub(super) account: &'a AccountName,
    pub(super) password: &'a SecretRef,
    pub(super) generate: bool,
}

#[async_trait]
impl Operate for CreateAccount<'_> {
    async fn prepare(&self, ctx: &Context<'_>) -> Answer<Option<Snapshot>> {
        let existed = ctx.host.directory().account(self.account).await?.is_some();
        Ok(Some(Snapshot::Account { account: self.account.clone(), existed }))
    }

    async fn observe(&self, ctx: &Context<'_>) -> Answer<Observation> {
        let Some(account) = ctx.host.directory().account(self.account).await? else {
            return Ok(Observation::NotApplied { evidence: Vec::new() });
        };
        let evidence = shown(&account);
        if account.description != marker(ctx) {
            return Ok(Observation::NotApplied { evidence });
        }
        let works = match ctx.host.secrets().get(self.password).await? {
            Some(password) => {
                ctx.host.directory().try_credentials(self.account, &password).await? == Credentials::Valid
            }
            None => false,
        };
        Ok(if works && account.fit_for_service().is_ok() {
            Observation::Applied(Outcome::changed(format!("{} was created", self.account)).shown(evidence))
        } else {
            Observation::Partial { evidence }
        })
    }

    async fn apply(&self, ctx: &Context<'_>, permit: &Permit) -> Answer<Outcome> {
        let directory = ctx.host.directory();
        match directory.account(self.account).await? {
            None => directory.create_disabled(permit, self.account, &marker(ctx)).await?,
            Some(found) if found.description == marker(ctx) => {}
            Some(found) => {
                return Err(Failure::new(Code::AccountExists, format!("{} exists already", self.account))
                    .expected("no account of that name")
                    .found(format!("one described as {:?}", found.description))
                    .hint("choose another name, or plan with --account to use this one"));
            }
        }
        set_password(ctx, permit, self.account, self.password, self.generate).await?;
        directory.enable_never_expiring(permit, self.account).await?;
        let account = existing(ctx, self.account).await?;
        account.fit_for_service()?;
        prove(ctx, self.account, self.password).await?;
        Ok(Outcome::changed(format!("{} was created", self.account)).shown(shown(&account)))
    }

    async fn undo(&self, ctx: &Context<'_>, permit: &Permit) -> Answer<Outcome> {
        match ctx.host.directory().account(self.account).await? {
            Some(found) if found.description == marker(ctx) => {
                if let Some(user) = logged_on_as(ctx, self.account).await?.first() {
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

async fn set_password(
    ctx: &Context<'_>,
    permit: &Permit,
    account: &AccountName,
    password: &SecretRef,
    generate: bool,
) -> Answer<()> {
    if generate && ctx.host.secrets().get(password).await?.is_none() {
        ctx.host.directory().generate_password(permit, password).await?;
    }
    let value = ctx.secret(password).await?;
    ctx.host.directory().set_password(permit, account, &value).await
}

/// Tries the credentials; anything but success is a failure that says what is wrong.
async fn prove(ctx: &Context<'_>, account: &AccountName, password: &SecretRef) -> Answer<Evidence> {
    let value = ctx.secret(password).await?;
    let failure = match ctx.host.directory().try_credentials(account, &value).await? {
        Credentials::Valid => {
            return Ok(Evidence::new(format!("log-on as {account}"), "accepted by the directory"));
        }
        Credentials::WrongPassword => {
            Failure::new(Code::PasswordWrong, format!("the password of {account} is wrong")).hint(
                "give the right one by `mailsec resume` at a terminal, or plan again with --reset-password",
            )
        }
        Credentials::AccountUnfit(why) => {
            Failure::new(Code::AccountUnfit, format!("{account} cannot log on")).found(why)
        }
        Credentials::PasswordUnfit(why) => {
            Failure::new(Code::AccountUnfit, format!("{account} must change its password first")).found(why)
        }
    };
    Err(failure.expected("a name and a password that the directory accepts").ask())
}

pub(super) struct ResetPassword<'a> {
    pub(super) account: &'a AccountName,
    pub(super) password: &'a SecretRef,
    pub(super) generate: bool,
}

#[async_trait]
impl Operate for ResetPassword<'_> {
    async fn observe(&self, ctx: &Context<'_>) -> Answer<Observation> {
        let Some(value) = ctx.host.secrets().get(self.password).await? else {
            // A generated password that died with the process was perhaps set; another one replaces it.
            return if self.generate {
                Ok(Observation::NotApplied { evidence: Vec::new() })
            } else {
                Err(missing_secret(self.password))
            };
        };
        Ok(match ctx.host.directory().try_credentials(self.account, &value).await? {
            Credentials::Valid => Observation::Applied(self.outcome()),
            Credentials::WrongPassword => Observation::NotApplied { evidence: Vec::new() },
            // A directory that refuses the account need not have looked at the password.
            Credentials::AccountUnfit(why) | Credentials::PasswordUnfit(why) => Observation::Unknown {
                evidence: vec![Evidence::new(format!("log-on as {}", self.account), why)],
            },
        })
    }

    async fn apply(&self, ctx: &Context<'_>, permit: &Permit) -> Answer<Outcome> {
        existing(ctx, self.account).await?;
        set_password(ctx, permit, self.account, self.password, self.generate).await?;
        let proof = prove(ctx, self.account, self.password).await?;
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
        if ctx.host.directory().try_credentials(self.account, &value).await? == Credentials::WrongPassword {
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
        let services = logged_on_as(ctx, self.account).await?;
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
async fn logged_on_as(ctx: &Context<'_>, account: &AccountName) -> Answer<Vec<Service>> {
    let all = ctx.host.services().list().await?;
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

    fn outcome(&self) -> Outcome {
        Outcome::changed(format!("the password of {} was reset", self.account))
            .output(Snapshot::Password { account: self.account.clone(), secret: self.password.clone() })
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
        let mut proof = prove(ctx, self.account, self.password).await?;
        if planted!(PasswordInEvidence) {
            proof.seen.push_str(ctx.secret(self.password).await?.expose());
        }
        Ok(Outcome::same(format!("the credentials of {} work", self.account)).shown([proof]))
    }
}
