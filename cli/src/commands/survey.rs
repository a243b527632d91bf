//! What the server has, and what a product says of it.

use super::products;
use crate::args::{MethodName, RequestArgs, Role, Unscanned};
use crate::nearest::did_you_mean;
use mailsec_core::{
    Failure,
    engine::fits,
    failure::Code,
    host::Host,
    plan::{MailBudget, NodeRole, SecretProperty, UnscannedPolicy},
    product::{
        AccountChoice, BackupChoice, Facts, Finding, Installation, InstallerChoice, MailSecurityProduct,
        Method, RulesChoice, Severity, UpgradeRequest,
    },
    values::{AccountName, Digest, SecretRef, ServerPath},
};

/// A product that was found.
pub(crate) struct Found {
    pub(crate) product: Box<dyn MailSecurityProduct>,
    pub(crate) facts: Facts,
    pub(crate) installation: Installation,
}

/// Asks the server for the facts that each product wants; where several are installed, the operator names one.
pub(crate) async fn survey(
    host: &dyn Host,
    wanted: Option<&str>,
    request: &UpgradeRequest,
) -> Result<Found, Failure> {
    let products = wanted_products(wanted)?;
    let mut names = Vec::new();
    let mut found: Vec<Found> = Vec::new();
    for product in products {
        let facts = product.gather(host, request).await?;
        match product.detect(&facts)? {
            Some(installation) => found.push(Found { product, facts, installation }),
            None => names.extend(product.describe().names.iter().copied()),
        }
    }
    if found.len() > 1 {
        let keys: Vec<&str> = found.iter().map(|found| found.product.describe().key).collect();
        return Err(Failure::new(Code::BadArgument, "several products are installed here")
            .expected(format!("--product with one of {}", keys.join(", "))));
    }
    if let Some(found) = found.pop() {
        return Ok(found);
    }
    let what = match wanted {
        Some(key) => format!("the product {key} is not installed here"),
        None => "no product that this program knows is installed here".to_owned(),
    };
    Err(Failure::new(Code::ProductNotFound, what)
        .expected(names.join(", "))
        .hint("run mailsec on the Exchange server that carries the product"))
}

/// All products, or the one that the operator named.
pub(crate) fn wanted_products(key: Option<&str>) -> Result<Vec<Box<dyn MailSecurityProduct>>, Failure> {
    let Some(key) = key else { return Ok(products()) };
    let keys: Vec<&str> = products().iter().map(|product| product.describe().key).collect();
    let wanted: Vec<_> = products().into_iter().filter(|product| product.describe().key == key).collect();
    if wanted.is_empty() {
        let failure = Failure::new(Code::BadArgument, "--product names no product")
            .expected(keys.join(", "))
            .found(key)
            .hint("`mailsec detect` shows what is installed");
        return Err(did_you_mean(failure, key, keys));
    }
    Ok(wanted)
}

impl Found {
    pub(crate) fn assess(&self, request: &UpgradeRequest) -> Vec<Finding> {
        self.product.assess(&self.installation, &self.facts, request)
    }
}

/// The first blocker as a failure that names the others.
pub(crate) fn blocked(findings: &[Finding]) -> Option<Failure> {
    let mut blockers = findings.iter().filter(|finding| finding.severity == Severity::Blocker);
    let first = blockers.next()?;
    let mut failure =
        Failure::new(Code::Blocked, format!("the upgrade cannot begin: {} [{}]", first.message, first.code));
    for fact in &first.evidence {
        failure = match fact.of.as_str() {
            "expected" => failure.expected(&fact.seen),
            "found" => failure.found(&fact.seen),
            "cause" => failure.cause(&fact.seen),
            of => failure.cause(format!("{of}: {}", fact.seen)),
        };
    }
    for other in blockers {
        failure = failure.cause(format!("also: {} [{}]", other.message, other.code));
    }
    Some(match &first.fix {
        Some(fix) => failure.hint(fix),
        None => failure,
    })
}

/// Parses what the operator wants.
pub(crate) fn request(args: &RequestArgs) -> Result<UpgradeRequest, Failure> {
    fits(&[&args.accept_unsigned, &args.skip_backup, &args.no_rules])?;
    let installer = args.installer.as_deref().ok_or_else(|| {
        Failure::new(Code::BadArgument, "no installer was named")
            .expected(r"--installer with its path on the server, for example C:\Install\setup.exe")
            .hint("copy the vendor's installer to the server first; `mailsec methods` says which")
    })?;
    let installer = absolute("--installer", installer)?;
    let digest = match &args.digest {
        Some(text) => Some(Digest::parse(text).ok_or_else(|| {
            Failure::new(Code::BadArgument, "--digest is not a digest")
                .expected("64 hex digits (BLAKE3)")
                .found(text)
        })?),
        None => None,
    };
    if args.generate_password && !args.reset_password && args.create_account.is_none() {
        return Err(Failure::new(Code::BadArgument, "--generate-password makes no sense here")
            .expected("--create-account or --reset-password with it"));
    }
    if args.generate_password && !args.silent {
        return Err(Failure::new(
            Code::BadArgument,
            "a generated password is of no use to a person at an installer",
        )
        .expected("--silent with it, or a password that somebody knows")
        .hint("nobody is ever shown what the program generates"));
    }
    let account = match (&args.account, &args.create_account) {
        (Some(account), _) => AccountChoice::Use(AccountName::parse(account)?),
        (None, Some(account)) => {
            let account = AccountName::parse(account)?;
            account.fit_for_new_user()?;
            AccountChoice::Create { account, generate: args.generate_password }
        }
        (None, None) if args.reset_password => AccountChoice::Reset { generate: args.generate_password },
        (None, None) => AccountChoice::Keep,
    };
    Ok(UpgradeRequest {
        installer,
        digest,
        unsigned: args.accept_unsigned.clone(),
        method: args.method.map(|method| match method {
            MethodName::Manual => Method::Manual,
            MethodName::InPlace => Method::InPlace,
            MethodName::Remote => Method::Remote,
            MethodName::Cluster => Method::Cluster,
        }),
        settings_password: args.settings_password,
        mode: mode(args)?,
        account,
        backup: match &args.skip_backup {
            Some(why) => BackupChoice::Skip(why.clone()),
            None => BackupChoice::To(absolute("--backup-to", &args.backup_to)?),
        },
        rules: match &args.no_rules {
            Some(why) => RulesChoice::Skip(why.clone()),
            None => match &args.rules_export {
                Some(file) => RulesChoice::Export(absolute("--rules-export", file)?),
                None => RulesChoice::AsUsual,
            },
        },
        unscanned: match args.unscanned {
            Unscanned::Hold => UnscannedPolicy::Hold,
            Unscanned::Allow => UnscannedPolicy::Allow,
        },
        prove_scanning: args.prove_scanning,
        budget: match (args.max_stopped, args.max_unscanned) {
            (None, None) => None,
            (stopped, unscanned) => Some(MailBudget {
                stopped_secs: stopped.unwrap_or(3600),
                unscanned_secs: unscanned.unwrap_or(match args.unscanned {
                    Unscanned::Hold => 0,
                    Unscanned::Allow => 3600,
                }),
            }),
        },
        logs: absolute("--logs", &args.logs)?,
        role: args.node_role.map(|role| match role {
            Role::First => NodeRole::First,
            Role::Other => NodeRole::Other,
        }),
    })
}

fn mode(args: &RequestArgs) -> Result<InstallerChoice, Failure> {
    if !args.silent {
        return Ok(if args.attended { InstallerChoice::Attended } else { InstallerChoice::AsUsual });
    }
    let credentials = match &args.credential_properties {
        Some(text) => {
            Some(text.split_once(',').map(|(a, p)| (a.to_owned(), p.to_owned())).ok_or_else(|| {
                Failure::new(Code::BadArgument, "--credential-properties names no two properties")
                    .expected("ACCOUNT,PASSWORD")
                    .found(text)
            })?)
        }
        None => None,
    };
    let secrets = args.secret_properties.iter().map(|text| secret_property(text));
    let secrets = secrets.collect::<Result<Vec<SecretProperty>, Failure>>()?;
    Ok(InstallerChoice::Silent { arguments: args.arguments.clone(), credentials, secrets })
}

fn secret_property(text: &str) -> Result<SecretProperty, Failure> {
    match text.split_once('=').filter(|(name, secret)| !name.is_empty() && !secret.is_empty()) {
        Some((name, secret)) => Ok(SecretProperty { name: name.to_owned(), secret: SecretRef::new(secret) }),
        None => Err(Failure::new(Code::BadArgument, "--secret-property names no property and secret")
            .expected("NAME=SECRET, the value then by --secret SECRET=env:VARIABLE or file:PATH")
            .found("something else, which is not shown: it may be a secret")),
    }
}

fn absolute(option: &str, text: &str) -> Result<ServerPath, Failure> {
    let path = ServerPath::new(text);
    if path.is_absolute() {
        return Ok(path);
    }
    Err(Failure::new(Code::BadArgument, format!("{option} is not a whole path on the server"))
        .expected(r"a path such as C:\Install\setup.exe")
        .found(format!("{text:?}")))
}
