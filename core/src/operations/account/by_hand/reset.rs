//! A reset by hand. What can be known is looked at before; what was done is said, whatever fails after it.

use super::{NewPassword, service_to_change};
use crate::{
    Permit,
    failure::{Code, Failure, Remedy},
    host::{Account, Answer, Host, ServiceName},
    operations::{
        account::change::{self, Word},
        service,
    },
    plan::Evidence,
    values::{AccountName, SecretRef},
};
use std::time::Duration;

/// What is reset, and for whom.
pub struct Reset<'a> {
    /// Whose password.
    pub account: &'a AccountName,
    /// The new one.
    pub password: NewPassword<'a>,
    /// The services that are given it, and restarted if they run.
    pub services: &'a [ServiceName],
    /// How long each may take to stop, and to start.
    pub limit: Duration,
}

/// Looks whether an account would take a new password and could log on with it.
///
/// # Errors
/// [`Code::AccountNotFound`], [`Code::Directory`]; [`Code::AccountUnfit`] for an account that is disabled or has expired. One
/// that is locked out is unlocked by the reset.
pub async fn can_reset(host: &dyn Host, name: &AccountName) -> Answer<(Account, Vec<Evidence>)> {
    let account = super::existing(Word::OfChanges, host, name).await?;
    let expired = account.account_expiry.is_some_and(|at| at <= host.clock().now());
    let wrong: Vec<&str> = [(!account.enabled, "disabled"), (expired, "it has expired")]
        .into_iter()
        .filter_map(|(is, what)| is.then_some(what))
        .collect();
    if !wrong.is_empty() {
        return Err(Failure::new(Code::AccountUnfit, format!("{name} cannot log on with any password"))
            .expected("an account that is enabled and has not expired")
            .found(wrong.join(", "))
            .hint("put it right in the directory first; nothing was changed"));
    }
    let evidence = change::shown(&account);
    Ok((account, evidence))
}

/// Resets the password of an account, proves it, and gives it to services, each of which is seen to stay up.
///
/// # Errors
/// As [`can_reset`] and [`service_to_change`], [`Code::PasswordPolicy`], [`Code::AccessDenied`], when nothing was changed.
/// [`Code::AccountUnproven`] once the password was set, or may have been.
pub async fn reset(host: &dyn Host, permit: &Permit, wanted: &Reset<'_>) -> Answer<Vec<Evidence>> {
    let (before, _) = can_reset(host, wanted.account).await?;
    for service in wanted.services {
        service_to_change(host, service).await?;
    }
    let making = wanted.password.of(wanted.account);
    if let Err(failure) = change::set_password(host, permit, &making).await {
        wanted.never_set(host, &before, failure).await?;
    }
    let password = wanted.password.secret;
    let proof = Word::OfChanges.prove(host, wanted.account, password).await;
    let mut evidence = vec![proof.map_err(|failure| wanted.after(None, wanted.services, &failure))?];
    for (at, service) in wanted.services.iter().enumerate() {
        let ran = give(host, permit, service, wanted.account, password)
            .await
            .map_err(|failure| wanted.after(None, &wanted.services[at..], &failure))?;
        let now = restarted(host, permit, service, ran, wanted.limit)
            .await
            .map_err(|failure| wanted.after(Some(service), &wanted.services[at + 1..], &failure))?;
        evidence.push(now);
    }
    Ok(evidence)
}

/// Gives a service the account and its password; says whether it runs.
async fn give(
    host: &dyn Host,
    permit: &Permit,
    service: &ServiceName,
    account: &AccountName,
    password: &SecretRef,
) -> Answer<bool> {
    let ran = service_to_change(host, service).await?.is_running();
    let value = change::secret(host, password).await?;
    host.services().set_log_on(permit, service, account, &value).await?;
    let now = service_to_change(host, service).await?;
    if service::same_account(&now.account, account) {
        return Ok(ran);
    }
    Err(Failure::new(Code::ServiceConfig, format!("{service} did not take the account"))
        .expected(account.to_string())
        .found(&*now.account))
}

/// Restarts a service that ran, and sees that it stays up.
async fn restarted(
    host: &dyn Host,
    permit: &Permit,
    service: &ServiceName,
    ran: bool,
    limit: Duration,
) -> Answer<Evidence> {
    if ran {
        host.services().stop(permit, service, limit).await?;
        host.services().start(permit, service, limit).await?;
    }
    let now = service_to_change(host, service).await?;
    if ran && !now.is_running() {
        return Err(Failure::new(Code::ServiceStart, format!("{service} did not stay up"))
            .found(format!("{:?}", now.state)));
    }
    Ok(service::evidence(&now))
}

impl Reset<'_> {
    /// A request whose answer was lost may have been heard: passes where it was, by when the password was set.
    async fn never_set(&self, host: &dyn Host, before: &Account, failure: Failure) -> Answer<()> {
        if failure.remedy != Remedy::Retry {
            return Err(failure);
        }
        match Word::OfChanges.account(host, self.account).await {
            Ok(Some(now)) if now.password_set != before.password_set => Ok(()),
            Ok(_) => Err(failure),
            Err(_) => Err(Failure::new(
                Code::AccountUnproven,
                format!("whether the password of {} was reset is not known", self.account),
            )
            .found(failure.to_string())
            .hint(self.again())),
        }
    }

    /// What is said of a failure once the password was set.
    fn after(&self, down: Option<&ServiceName>, without: &[ServiceName], failure: &Failure) -> Failure {
        let mut message = format!("the password of {} was reset", self.account);
        if let Some(down) = down {
            message.push_str(&format!("; {down} has it, and could not be restarted"));
        }
        let names: Vec<String> = without.iter().map(ToString::to_string).collect();
        match names.as_slice() {
            [] if down.is_some() => {}
            [] => message.push_str("; it is not proven"),
            [one] => message.push_str(&format!("; {one} does not have it")),
            more => message.push_str(&format!("; {} do not have it", more.join(" and "))),
        }
        Failure::new(Code::AccountUnproven, message).found(failure.to_string()).hint(self.again())
    }

    fn again(&self) -> String {
        let services: String = self.services.iter().map(|name| format!(" --service {name}")).collect();
        format!(
            "put right what was found, then say `mailsec account reset {}{services}` again, with the same password",
            self.account
        )
    }
}
