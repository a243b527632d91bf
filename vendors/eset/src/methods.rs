//! The ways to upgrade: what the vendor's pages say, as a table, and which of them apply.

use crate::names;
use mailsec_core::{
    Failure,
    failure::Code,
    product::{
        BackupChoice, FactQuery, Facts, Installation, InstallerChoice, Method, MethodRow, RulesChoice,
        UpgradeRequest, foreign_option,
    },
};

/// The usual one first.
pub(crate) const TABLE: &[MethodRow] = &[
    MethodRow {
        method: Method::Manual,
        from: "any, 4.x included",
        to: "any later version",
        servers: "one; the vendor recommends it for a single server",
        needs: "somebody who enables ESET CMD on the fresh product; rules of 4.x are set up again by hand",
        source: names::ARTICLE,
    },
    MethodRow {
        method: Method::InPlace,
        from: "7.3 and later",
        to: "any later version",
        servers: "one",
        needs: "no Windows update and no restart that is pending, for any reason",
        source: names::IN_PLACE_PAGE,
    },
    MethodRow {
        method: Method::Remote,
        from: "4.x and later",
        to: "6.x and later",
        servers: "many",
        needs: "ESET's management server, its agent on each server, and an action of your own: ESET documents none that installs software",
        source: names::ARTICLE,
    },
    MethodRow {
        method: Method::Cluster,
        from: "4.x and later",
        to: "6.x and later",
        servers: "two or more; the vendor recommends it for them",
        needs: "a plan for each node with --node-role, and `mailsec cluster plan` over them",
        source: names::ARTICLE,
    },
];

fn unfit(message: String) -> Failure {
    Failure::new(Code::MethodUnfit, message).hint("plan with --method manual, which applies to any version")
}

/// Whether a method applies, as far as facts of one server tell.
pub(crate) fn fits(method: Method, installation: &Installation, facts: &Facts) -> Result<(), Failure> {
    match method {
        Method::Manual | Method::Cluster => Ok(()),
        Method::InPlace => in_place(installation, facts),
        Method::Remote => {
            let services = facts.services(&FactQuery::Services)?;
            let agent = |name: &str| name.eq_ignore_ascii_case(names::AGENT_SERVICE);
            if services.iter().any(|service| agent(service.name.as_str())) {
                return Ok(());
            }
            Err(unfit("no management server manages this one".to_owned())
                .expected(format!("ESET's management agent, the service {}", names::AGENT_SERVICE))
                .found("no such service"))
        }
    }
}

fn in_place(installation: &Installation, facts: &Facts) -> Result<(), Failure> {
    if installation.version.release() < names::version("7.3") {
        return Err(unfit(format!("{} {} cannot be upgraded in place", names::COMMON, installation.version))
            .expected("7.3 or later")
            .found(installation.version.to_string()));
    }
    match facts.pending_restart(&FactQuery::PendingRestart)?.first() {
        None => Ok(()),
        Some(sign) => Err(Failure::new(
            Code::MethodUnfit,
            "with a restart pending an upgrade in place may leave the former version half removed",
        )
        .expected("no pending Windows update and no pending restart, for any reason")
        .found(format!("{}: {}", sign.sign, sign.detail))
        .hint("install the updates, restart the server, and plan again; or plan with --method manual")),
    }
}

/// The method that a request comes to.
pub(crate) fn chosen(request: &UpgradeRequest) -> Method {
    request.method.unwrap_or(Method::Manual)
}

/// Methods that are not planned on one server.
pub(crate) fn planned_here(method: Method) -> Result<(), Failure> {
    let how = match method {
        Method::Manual | Method::InPlace => return Ok(()),
        Method::Remote => {
            "`mailsec remote plan` has the management server carry it out, for all servers that it manages"
        }
        Method::Cluster => {
            "plan each node with --node-role first or other, and join the plans with `mailsec cluster plan`"
        }
    };
    Err(Failure::new(Code::MethodUnfit, format!("the method {method} is not planned on one server"))
        .expected("manual or in-place")
        .found(method.word())
        .hint(format!("{how}; on this server alone plan with --method manual")))
}

pub(crate) fn accepts(request: &UpgradeRequest) -> Result<(), Failure> {
    if let InstallerChoice::Silent { arguments, secrets, .. } = &request.mode {
        let secret =
            |name: &str| names::SECRET_PROPERTIES.iter().any(|secret| secret.eq_ignore_ascii_case(name));
        let given =
            arguments.iter().filter_map(|argument| argument.split_once('=')).find(|(name, _)| secret(name));
        if let Some((name, _)) = given {
            return Err(Failure::new(Code::BadArgument, format!("the property {name} holds a secret"))
                .expected(format!(
                    "--secret-property {name}=SECRET, and --secret SECRET=env:NAME or file:PATH"
                ))
                .found(format!("--argument {name}=..., which the plan and the journal would keep readable"))
                .hint("give it as a secret, and change it if others use this machine"));
        }
        let password = |name: &str| name.eq_ignore_ascii_case(names::PASSWORD_PROPERTY);
        if request.settings_password && secrets.iter().any(|property| password(&property.name)) {
            return Err(Failure::new(Code::BadArgument, "the settings password is given twice")
                .expected("--settings-password alone")
                .found(format!("--secret-property {} as well", names::PASSWORD_PROPERTY))
                .hint("leave the property out: --settings-password sets it"));
        }
    }
    let no_account = "its service runs as the system itself; leave the account's options out";
    foreign_option(
        request.names_account(),
        "--account, --create-account, --reset-password or --credential-properties",
        names::COMMON,
        no_account,
    )?;
    let rules = "rules are part of the exported settings";
    let asked = request.rules != RulesChoice::AsUsual;
    foreign_option(asked, "--rules-export or --no-rules", names::COMMON, rules)?;
    let skips = matches!(request.backup, BackupChoice::Skip(_));
    let export = "the exported settings are the way back, and the way on after an uninstall";
    foreign_option(skips, "--skip-backup", names::COMMON, export)
}
