//! Services: stop, start, restart, log-on account.

use super::{Context, Operate, mail};
use crate::{
    Permit,
    failure::{Code, Failure},
    host::{Answer, Service, ServiceName, ServiceState},
    plan::{Evidence, MailState, Observation, Outcome, Snapshot},
    planted::planted,
    values::{AccountName, SecretRef},
};
use async_trait::async_trait;

/// The password of the account with which a service logged on before; only the way back asks for it.
pub(super) const FORMER_PASSWORD: &str = "former-account-password";

/// The settings of a service, as a snapshot.
pub(super) fn snapshot(service: &Service) -> Snapshot {
    Snapshot::Service {
        service: service.name.clone(),
        // One that is on its way up is meant to run; a crash just before, and a boot, would else be taken for "stopped".
        running: matches!(service.state, ServiceState::Running | ServiceState::Starting),
        start: service.start,
        account: service.account.clone(),
        started: service.started,
    }
}

pub(super) fn evidence(service: &Service) -> Evidence {
    let state = format!("{:?}", service.state).to_lowercase();
    let start = format!("{:?}", service.start).to_lowercase();
    let since = service.started.map(|at| format!(" since {at}")).unwrap_or_default();
    Evidence::new(
        format!("service {}", service.name),
        format!("{state}{since}, start {start}, account {}", service.account),
    )
}

pub(super) fn is_transport(service: &ServiceName) -> bool {
    service.same(&ServiceName::transport())
}

/// Starts a service; transport only when it can come up. Notes what that does to mail.
pub(super) async fn start(ctx: &Context<'_>, permit: &Permit, name: &ServiceName) -> Answer<Vec<Evidence>> {
    let mut shown = mail::assemblies_exist(ctx, name).await?;
    ctx.host.services().start(permit, name, ctx.step.limit()).await?;
    if is_transport(name) {
        ctx.mail(mail::flowing(ctx).await?);
    }
    let service = ctx.service(name).await?;
    if !service.is_running() {
        return Err(Failure::new(Code::ServiceStart, format!("{name} did not stay up"))
            .found(format!("{:?}", service.state))
            .ask());
    }
    shown.push(evidence(&service));
    Ok(shown)
}

async fn stop(ctx: &Context<'_>, permit: &Permit, name: &ServiceName) -> Answer<()> {
    if is_transport(name) {
        ctx.mail(MailState::DOWN);
    }
    ctx.host.services().stop(permit, name, ctx.step.limit()).await
}

/// Stops and starts a service.
pub(super) async fn restart(ctx: &Context<'_>, permit: &Permit, name: &ServiceName) -> Answer<Vec<Evidence>> {
    // Checked before stopping: a transport that could not come up again is better left running.
    mail::assemblies_exist(ctx, name).await?;
    stop(ctx, permit, name).await?;
    start(ctx, permit, name).await
}

/// Whether a service must be started (again) once what a step changed is taken back: it started after the step's state
/// was saved, by a later step or by a boot, and has loaded the change; or it ran then and does not run now.
pub(super) fn must_start(saved: Option<&Snapshot>, now: &Service) -> bool {
    match saved {
        Some(Snapshot::Service { running, .. }) if now.state == ServiceState::Stopped => *running,
        Some(Snapshot::Service { started, .. }) => now.started != *started,
        _ => false,
    }
}

/// Starts the services that an earlier step read as running and that do not run now.
pub(super) async fn start_those_that_ran(ctx: &Context<'_>, permit: &Permit) -> Answer<Vec<Evidence>> {
    let mut shown = Vec::new();
    for step in ctx.state.plan_steps() {
        let Some(Snapshot::Service { service, running: true, .. }) = ctx.state.output(&step.id) else {
            continue;
        };
        if !ctx.service(service).await?.is_running() {
            shown.extend(start(ctx, permit, service).await?);
        }
    }
    Ok(shown)
}

/// Brings a service back to running or stopped, as the saved state says.
async fn put_back(ctx: &Context<'_>, permit: &Permit) -> Answer<Outcome> {
    let Some(Snapshot::Service { service, running, .. }) = ctx.before() else {
        return Ok(Outcome::same("nothing was saved"));
    };
    let now = ctx.service(service).await?;
    match (*running, now.is_running()) {
        (true, false) => {
            Ok(Outcome::changed(format!("{service} started again")).shown(start(ctx, permit, service).await?))
        }
        (false, true) => {
            stop(ctx, permit, service).await?;
            Ok(Outcome::changed(format!("{service} stopped again")))
        }
        _ => Ok(Outcome::same(format!("{service} is as it was")).shown([evidence(&now)])),
    }
}

pub(super) struct Stop<'a> {
    pub(super) service: &'a ServiceName,
}

#[async_trait]
impl Operate for Stop<'_> {
    async fn prepare(&self, ctx: &Context<'_>) -> Answer<Option<Snapshot>> {
        Ok(Some(snapshot(&ctx.service(self.service).await?)))
    }

    async fn observe(&self, ctx: &Context<'_>) -> Answer<Observation> {
        let now = ctx.service(self.service).await?;
        let shown = [evidence(&now)];
        Ok(if now.state == ServiceState::Stopped {
            Observation::Applied(Outcome::changed(format!("{} is stopped", self.service)).shown(shown))
        } else {
            Observation::NotApplied { evidence: shown.into() }
        })
    }

    async fn apply(&self, ctx: &Context<'_>, permit: &Permit) -> Answer<Outcome> {
        stop(ctx, permit, self.service).await?;
        let now = ctx.service(self.service).await?;
        Ok(Outcome::changed(format!("{} is stopped", self.service)).shown([evidence(&now)]))
    }

    async fn undo(&self, ctx: &Context<'_>, permit: &Permit) -> Answer<Outcome> {
        put_back(ctx, permit).await
    }
}

pub(super) struct Start<'a> {
    pub(super) service: &'a ServiceName,
}

#[async_trait]
impl Operate for Start<'_> {
    async fn prepare(&self, ctx: &Context<'_>) -> Answer<Option<Snapshot>> {
        Ok(Some(snapshot(&ctx.service(self.service).await?)))
    }

    async fn observe(&self, ctx: &Context<'_>) -> Answer<Observation> {
        let now = ctx.service(self.service).await?;
        let shown = [evidence(&now)];
        Ok(if now.is_running() {
            Observation::Applied(Outcome::same(format!("{} is running", self.service)).shown(shown))
        } else {
            Observation::NotApplied { evidence: shown.into() }
        })
    }

    async fn apply(&self, ctx: &Context<'_>, permit: &Permit) -> Answer<Outcome> {
        let was_running = ctx.service(self.service).await?.is_running();
        let shown = start(ctx, permit, self.service).await?;
        let text = format!("{} is running", self.service);
        Ok(if was_running { Outcome::same(text) } else { Outcome::changed(text) }.shown(shown))
    }

    async fn undo(&self, ctx: &Context<'_>, permit: &Permit) -> Answer<Outcome> {
        put_back(ctx, permit).await
    }
}

pub(super) struct Restart<'a> {
    pub(super) service: &'a ServiceName,
}

#[async_trait]
impl Operate for Restart<'_> {
    async fn prepare(&self, ctx: &Context<'_>) -> Answer<Option<Snapshot>> {
        Ok(Some(snapshot(&ctx.service(self.service).await?)))
    }

    async fn observe(&self, ctx: &Context<'_>) -> Answer<Observation> {
        let now = ctx.service(self.service).await?;
        let shown = vec![evidence(&now)];
        let before = match ctx.before() {
            Some(Snapshot::Service { started, .. }) => *started,
            _ => None,
        };
        Ok(match (now.is_running(), before, now.started) {
            (false, ..) => Observation::Partial { evidence: shown },
            (true, Some(before), Some(started)) if started > before => {
                Observation::Applied(Outcome::changed(format!("{} was restarted", self.service)).shown(shown))
            }
            // Restarting once more than needed costs seconds; not restarting would leave old settings loaded.
            (true, ..) => Observation::NotApplied { evidence: shown },
        })
    }

    async fn apply(&self, ctx: &Context<'_>, permit: &Permit) -> Answer<Outcome> {
        let shown = restart(ctx, permit, self.service).await?;
        Ok(Outcome::changed(format!("{} was restarted", self.service)).shown(shown))
    }

    async fn undo(&self, ctx: &Context<'_>, permit: &Permit) -> Answer<Outcome> {
        // What made the restart necessary is undone after this step, and a start of its own makes that effective
        // (`must_start`), because a boot may have loaded it as well, without this step. Here the service only has
        // to run as it did.
        put_back(ctx, permit).await
    }
}

pub(super) struct SetLogOn<'a> {
    pub(super) service: &'a ServiceName,
    pub(super) account: &'a AccountName,
    pub(super) password: &'a SecretRef,
}

impl SetLogOn<'_> {
    async fn set(
        &self,
        ctx: &Context<'_>,
        permit: &Permit,
        account: &AccountName,
        password: &SecretRef,
    ) -> Answer<()> {
        let secret = ctx.secret(password).await?;
        if planted!(NewPasswordNotGiven) && same_account(&ctx.service(self.service).await?.account, account) {
            return Ok(());
        }
        ctx.host.services().set_log_on(permit, self.service, account, &secret).await
    }
}

#[async_trait]
impl Operate for SetLogOn<'_> {
    async fn prepare(&self, ctx: &Context<'_>) -> Answer<Option<Snapshot>> {
        Ok(Some(snapshot(&ctx.service(self.service).await?)))
    }

    async fn observe(&self, ctx: &Context<'_>) -> Answer<Observation> {
        let now = ctx.service(self.service).await?;
        let shown = vec![evidence(&now)];
        let before = match ctx.before() {
            Some(Snapshot::Service { account, .. }) => account.clone(),
            _ => "".into(),
        };
        // One call sets name and password together. When the name was the same before, the password cannot be seen;
        // setting it again does no harm.
        Ok(if same_account(&now.account, self.account) && !before.eq_ignore_ascii_case(&now.account) {
            Observation::Applied(
                Outcome::changed(format!("{} logs on as {}", self.service, self.account)).shown(shown),
            )
        } else if must_start(ctx.before(), &now) {
            Observation::Partial { evidence: shown }
        } else {
            Observation::NotApplied { evidence: shown }
        })
    }

    async fn apply(&self, ctx: &Context<'_>, permit: &Permit) -> Answer<Outcome> {
        self.set(ctx, permit, self.account, self.password).await?;
        let now = ctx.service(self.service).await?;
        if !same_account(&now.account, self.account) {
            return Err(Failure::new(
                Code::ServiceConfig,
                format!("{} did not take the account", self.service),
            )
            .expected(self.account.to_string())
            .found(&*now.account));
        }
        Ok(Outcome::changed(format!("{} logs on as {}", self.service, self.account)).shown([evidence(&now)]))
    }

    async fn undo(&self, ctx: &Context<'_>, permit: &Permit) -> Answer<Outcome> {
        let Some(Snapshot::Service { account: former, .. }) = ctx.before() else {
            return Ok(Outcome::same("nothing was saved"));
        };
        let now = ctx.service(self.service).await?;
        if same_account(former, self.account) {
            return Ok(Outcome::same(format!("{} logs on as {former}", self.service)));
        }
        if !now.account.eq_ignore_ascii_case(former) {
            let account = AccountName::parse(former).map_err(|failure| {
                failure
                    .hint(format!("set the log-on of {} back by hand, then answer retry", self.service))
                    .ask()
            })?;
            self.set(ctx, permit, &account, &SecretRef::new(FORMER_PASSWORD)).await?;
        }
        if must_start(ctx.before(), &now) {
            restart(ctx, permit, self.service).await?;
        }
        let now = ctx.service(self.service).await?;
        Ok(Outcome::changed(format!("{} logs on as {former} again", self.service)).shown([evidence(&now)]))
    }
}

/// The service manager writes an account as it was given: with the domain, or as `user@domain`.
pub(super) fn same_account(written: &str, account: &AccountName) -> bool {
    AccountName::parse(written).is_ok_and(|other| other.same(account))
}
