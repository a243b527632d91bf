//! `remote`: an upgrade by the vendor's management server, planned here and run by `run` like any other.

use super::{VERSION, plan};
use crate::{
    args::{Common, RemoteCommand, RemotePlanArgs},
    output::Reply,
    place::{Site, Sources},
};
use mailsec_core::{
    Failure,
    failure::Code,
    product::{Finding, Proposal, Severity},
    values::{SecretRef, Version},
};
use mailsec_eset::remote::{self, Action, Device, RemoteRequest};
use mailsec_eset_connect::PASSWORD;
use serde_json::json;
use std::path::Path;

pub(crate) async fn remote(common: &Common, command: RemoteCommand) -> Result<Reply, Failure> {
    match command {
        RemoteCommand::Devices { component } => devices(common, &component).await,
        RemoteCommand::Plan(args) => make(common, &args).await,
    }
}

/// The management server, with its password.
fn site(common: &Common) -> Result<Site, Failure> {
    let mut secrets = Sources::for_server(common)?;
    let password = SecretRef::new(PASSWORD);
    secrets.none_unwanted(common, [&password])?;
    secrets.ask(&[password], common)?;
    Site::open(common, &secrets)
}

async fn devices(common: &Common, component: &str) -> Result<Reply, Failure> {
    let mut all: Vec<Device> = site(common)?.management()?.devices().await?;
    all.retain(|device| device.components(component).next().is_some());
    all.sort_by(|a, b| a.display_name.cmp(&b.display_name));
    let version = |device: &Device| {
        let versions = device.components(component).filter_map(|part| part.version());
        versions.map(|version| version.to_string()).collect::<Vec<_>>().join(", ")
    };
    let lines: Vec<String> = all
        .iter()
        .map(|device| format!("{:<24} {:<16} {}", device.display_name, version(device), device.seen()))
        .collect();
    let text = match lines.is_empty() {
        true => format!("No device reports a component {component}."),
        false => lines.join("\n"),
    };
    let list: Vec<_> = all
        .iter()
        .map(|device| {
            json!({
                "name": device.display_name,
                "uuid": device.uuid,
                "version": version(device),
                "seen": device.last_sync_time,
                "status": device.functionality_status,
            })
        })
        .collect();
    Ok(Reply::new(text, json!({ "devices": list })))
}

/// Seconds for which the documented server may go on working on a request.
const SETTLE: u64 = 180;

async fn make(common: &Common, args: &RemotePlanArgs) -> Result<Reply, Failure> {
    let action = action(&args.action)?;
    let version = Version::parse(&args.to).map_err(|why| {
        Failure::new(Code::BadArgument, "--to is not a version")
            .expected("numbers, as in 11.0.10008.0")
            .found(why)
    })?;
    let site = site(common)?;
    // The server may work on a request for so long after its answer was lost: who asks again sooner asks twice.
    if args.settle < SETTLE && site.is_documented_management() {
        return Err(Failure::new(Code::BadArgument, "--settle is too short for ESET's servers")
            .expected(format!("{SETTLE} seconds or more"))
            .found(args.settle.to_string()));
    }
    let devices = site.management()?.devices().await?;
    let targets = remote::targets(&devices, &args.devices, &args.component)?;
    let made = site.host().clock().now();
    let mut findings = notes(&action);
    findings.extend(remote::assess(&devices, &targets, made));
    let request = RemoteRequest {
        place: site.host().name(),
        component: args.component.clone(),
        version,
        action,
        restart: args.restart,
        password: SecretRef::new(PASSWORD),
        limit_secs: args.limit,
        poll_secs: args.poll,
        settle_secs: args.settle,
    };
    let made = remote::plan(&request, &targets, made, VERSION)?;
    plan::checked(&made)?;
    plan::show(&Proposal { plan: made, findings }, args.explain, args.out.as_deref())
}

fn action(file: &Path) -> Result<Action, Failure> {
    let text = std::fs::read_to_string(file).map_err(|error| {
        Failure::new(Code::FileUnreadable, "the action cannot be read")
            .expected("a file with its JSON")
            .found(file.display().to_string())
            .cause(error)
    })?;
    Action::read(text.trim_start_matches('\u{feff}'))
}

/// What the operator must know of an action that he supplies.
fn notes(action: &Action) -> Vec<Finding> {
    let mut notes = vec![
        Finding::new(
            Severity::Note,
            Code::OperationUnsupported,
            "ESET documents no action that installs software; what this task does is yours to know",
        )
        .shown("action", action.name())
        .fix("try it on a server that carries no mail"),
    ];
    let finding = |message: &str| Finding::new(Severity::Warning, Code::BadArgument, message);
    if !action.is_documented() {
        notes.push(
            finding("the action is not among those that ESET documents")
                .shown("documented", remote::DOCUMENTED.join(", ")),
        );
    }
    let words = action.looks_secret();
    if !words.is_empty() {
        notes.push(
            finding("the action seems to hold a secret: the plan, the journal and the management server keep it readable")
                .shown("words in it", words.join(", "))
                .fix("have the device take the secret from somewhere else"),
        );
    }
    notes
}
