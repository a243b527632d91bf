//! `account`: a service's account by hand, outside any upgrade.

use crate::{
    args::{AccountCommand, Common, NewPasswordArgs},
    exit::Exit,
    output::{self, Reply},
    people,
    place::{AccountPlace, Sources, bind_secret},
};
use mailsec_core::{
    Failure, Permit,
    failure::Code,
    host::{Host, ServiceName},
    journal::Agreed,
    operations::account::by_hand::{self, Beginning, Keep, NewPassword, Reset},
    plan::Evidence,
    values::{AccountName, SecretRef},
};
use serde_json::json;
use std::{path::Path, time::Duration};

/// The secret that is the account's password.
const PASSWORD: &str = "account-password";
/// How long a service may take to stop, and to start.
const LIMIT: Duration = Duration::from_secs(120);

pub(crate) async fn account(common: &Common, command: AccountCommand) -> Result<Reply, Failure> {
    match command {
        AccountCommand::Check { account, log_on } => check(common, &account, log_on).await,
        AccountCommand::Create(new) => create(common, &new).await,
        AccountCommand::Reset { new, services } => reset(common, &new, &services).await,
    }
}

fn sources(common: &Common) -> Result<Sources, Failure> {
    let mut sources = Sources::for_server(common)?;
    sources.none_unwanted(common, &[SecretRef::new(PASSWORD)])?;
    sources.ask(&bind_secret(common)?.into_iter().collect::<Vec<_>>(), common)?;
    Ok(sources)
}

fn lines(evidence: &[Evidence]) -> String {
    evidence.iter().map(|one| format!("{}: {}\n", one.of, one.seen)).collect()
}

async fn check(common: &Common, account: &str, log_on: bool) -> Result<Reply, Failure> {
    let name = AccountName::parse(account)?;
    let mut sources = sources(common)?;
    let password = SecretRef::new(PASSWORD);
    if log_on {
        sources.ask(&[&password], common)?;
    }
    let place = AccountPlace::open(common, &sources)?;
    let (found, mut evidence) = by_hand::look(place.host(), &name).await?;
    let mut wrong: Vec<Failure> = found.fit_for_service().err().into_iter().collect();
    if log_on {
        match by_hand::prove(place.host(), &name, &password).await {
            Ok(proof) => evidence.push(proof),
            Err(failure) if matches!(failure.code, Code::PasswordWrong | Code::AccountUnfit) => {
                wrong.push(failure);
            }
            Err(failure) => return Err(failure),
        }
    }
    let verdict: String = match wrong.as_slice() {
        [] => format!("{name} is fit for a service.\n"),
        wrong => wrong.iter().map(output::describe).collect(),
    };
    let reply = Reply::new(
        format!("{}{verdict}", lines(&evidence)),
        json!({ "account": found, "fit": wrong.is_empty(), "wrong": wrong, "evidence": evidence }),
    );
    Ok(if wrong.is_empty() { reply } else { reply.exit(Exit::Refused) })
}

async fn create(common: &Common, new: &NewPasswordArgs) -> Result<Reply, Failure> {
    let name = AccountName::parse(&new.account)?;
    name.fit_for_new_user()?;
    let mut sources = sources(common)?;
    new.unambiguous(&sources)?;
    let place = AccountPlace::open(common, &sources)?;
    let what = match by_hand::can_create(place.host(), &name).await? {
        Beginning::Nothing => format!("{name} will be created in {}:", place.host().name()),
        Beginning::HalfMade => {
            format!("{name} was left half made in {} and will be finished:", place.host().name())
        }
    };
    let changes = format!(
        "{what}\n  a standard user, disabled at first\n  its password: {}\n  then enabled; neither it nor its password \
         expires",
        new.password_shown()
    );
    let agreed = agree("create an account by hand", &changes, new.yes, common)?;
    let place = new.with_password(place, &mut sources, common)?;
    let keep = new.keep();
    let secret = new.secret(place.host());
    let password = NewPassword { secret: &secret, keep: keep.as_deref() };
    let evidence = by_hand::create(place.host(), &Permit::by_hand(&agreed), &name, &password).await;
    let evidence = evidence.map_err(|failure| new.where_it_is(failure))?;
    Ok(Reply::new(
        format!("{}{name} was created.", lines(&evidence)),
        json!({ "account": name, "created": true, "evidence": evidence }),
    ))
}

async fn reset(common: &Common, new: &NewPasswordArgs, services: &[String]) -> Result<Reply, Failure> {
    let name = AccountName::parse(&new.account)?;
    let services: Vec<ServiceName> = services.iter().map(|name| ServiceName::new(name.as_str())).collect();
    let mut sources = sources(common)?;
    new.unambiguous(&sources)?;
    let place = AccountPlace::open(common, &sources)?;
    let (_, shown) = by_hand::can_reset(place.host(), &name).await?;
    if !services.is_empty() && !place.is_server() {
        return Err(Failure::new(Code::BadArgument, "--service needs a server")
            .expected("this command on the server whose service it is, or --host")
            .hint("nothing was changed"));
    }
    for service in &services {
        by_hand::service_to_change(place.host(), service).await?;
    }
    let mut changes = format!(
        "{}{name} will be given another password in {}: {}",
        lines(&shown),
        place.host().name(),
        new.password_shown()
    );
    for service in &services {
        changes.push_str(&format!("\n  {service} will log on with it, and is restarted if it runs"));
    }
    if place.is_server() {
        for other in by_hand::services_of(place.host(), &name).await? {
            if !services.iter().any(|service| service.same(&other)) {
                changes.push_str(&format!(
                    "\n  {other} logs on with this account and keeps the former password: it will not start again"
                ));
            }
        }
    }
    let agreed = agree("reset a password by hand", &changes, new.yes, common)?;
    let place = new.with_password(place, &mut sources, common)?;
    let keep = new.keep();
    let secret = new.secret(place.host());
    let password = NewPassword { secret: &secret, keep: keep.as_deref() };
    let wanted = Reset { account: &name, password, services: &services, limit: LIMIT };
    let done = by_hand::reset(place.host(), &Permit::by_hand(&agreed), &wanted).await;
    let evidence = done.map_err(|failure| new.where_it_is(failure))?;
    Ok(Reply::new(
        format!("{}The password of {name} was reset.", lines(&evidence)),
        json!({ "account": name, "reset": true, "evidence": evidence }),
    ))
}

/// Shows what will be changed, and asks.
fn agree(deed: &'static str, changes: &str, yes: bool, common: &Common) -> Result<Agreed, Failure> {
    let ask = |changes: &str| {
        output::say(changes);
        yes || (!common.no_input && people::confirm("Nothing has been changed yet."))
    };
    Agreed::to(deed, changes, ask).ok_or_else(|| {
        Failure::new(Code::RequestRefused, "not begun: nobody said yes")
            .expected("yes at the keyboard, or --yes")
            .hint("nothing was changed")
    })
}

impl NewPasswordArgs {
    /// A password is made or given, not both; a file that is there already has another one in it; and one that cannot be
    /// made is found out before there is an account without its password.
    fn unambiguous(&self, sources: &Sources) -> Result<(), Failure> {
        if self.generate && sources.has(&SecretRef::new(PASSWORD)) {
            return Err(Failure::new(
                Code::BadArgument,
                format!("{PASSWORD} is to be made by the program, and was given as well"),
            )
            .expected("either --generate or --secret, not both"));
        }
        match &self.password_to {
            // Be it a link to nothing.
            Some(file) if file.symlink_metadata().is_ok() => {
                Err(Failure::new(Code::BadArgument, "the file for the password is there already")
                    .expected("--password-to with the name of a new file")
                    .found(file.display().to_string())
                    .hint(format!(
                        "to go on with the password in it, where an earlier try was cut off: --secret \
                         {PASSWORD}=file:{}; nothing was changed",
                        file.display()
                    )))
            }
            Some(file) => output::can_save_secret(file, "password"),
            None => Ok(()),
        }
    }

    fn password_shown(&self) -> String {
        match &self.password_to {
            Some(file) => format!("made by the domain's policy, and written to {} first", file.display()),
            None => format!("the secret {PASSWORD}"),
        }
    }

    /// The same place, once the password is known that nobody has to make.
    fn with_password(
        &self,
        place: AccountPlace,
        sources: &mut Sources,
        common: &Common,
    ) -> Result<AccountPlace, Failure> {
        let secret = SecretRef::new(PASSWORD);
        if self.generate || sources.has(&secret) {
            return Ok(place);
        }
        sources.ask_new(&secret, common)?;
        if !sources.has(&secret) {
            return Err(Failure::new(Code::SecretMissing, "the new password was not given")
                .expected(format!("--secret {PASSWORD}=file:PATH, or --generate --password-to FILE"))
                .hint("nothing was changed"));
        }
        drop(place);
        AccountPlace::open(common, sources)
    }

    /// The secret that the password is. One that is made has a name of its own: what was made before stays in the store.
    fn secret(&self, host: &dyn Host) -> SecretRef {
        match self.generate {
            true => SecretRef::new(format!("{PASSWORD}-{}", host.clock().now().compact())),
            false => SecretRef::new(PASSWORD),
        }
    }

    /// With the source that the password has by now, where it was made and its file may be needed.
    fn where_it_is(&self, failure: Failure) -> Failure {
        match (&self.password_to, &failure.hint) {
            (Some(file), Some(hint)) if file.exists() && failure.code != Code::PasswordPolicy => {
                let hint = format!("{hint}: --secret {PASSWORD}=file:{}", file.display());
                failure.hint(hint)
            }
            _ => failure,
        }
    }

    /// Writes a password that was made to its file.
    fn keep(&self) -> Option<Box<Keep<'_>>> {
        let file: &Path = self.password_to.as_deref()?;
        Some(Box::new(move |password| output::save_secret(file, "password", password.expose().as_bytes())))
    }
}
