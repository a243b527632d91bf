//! `world`: simulated servers, to try things out.

use crate::{
    args::{Common, Deed, WorldCommand},
    exit::Exit,
    nearest::did_you_mean,
    output::Reply,
    place::Sources,
    show::wrap,
};
use mailsec_core::{
    Failure,
    failure::Code,
    host::InstallerOutcome,
    values::{AccountName, NodeName, SecretRef, ServerPath},
};
use mailsec_simulator::{Fault, SimHost, World, folder, oracle, worlds};
use serde_json::json;
use std::{path::Path, time::Duration};

type Kind = (&'static str, &'static str, fn() -> World);

const KINDS: &[Kind] = &[
    ("vipre-4.5", "VIPRE Email Security for Exchange 4.5 on Exchange 2019", worlds::vipre_45),
    (
        "nested-admin",
        "its service account is a domain administrator through three groups",
        worlds::service_account_is_nested_admin,
    ),
    (
        "primary-group-admin",
        "its service account has Domain Admins as primary group",
        worlds::admin_by_primary_group,
    ),
    ("exchange-admin", "its service account administers Exchange", worlds::service_account_is_exchange_admin),
    ("local-system", "its service runs as LocalSystem", worlds::service_is_local_system),
    ("disk-full", "hardly any space is left", worlds::disk_full),
    ("unreadable-settings", "a settings file cannot be read", worlds::unreadable_settings),
    ("restart-pending", "Windows waits for a restart", worlds::restart_pending),
    ("eset-4.5", "ESET Mail Security 4.5 on Exchange 2019", worlds::eset::eset_45),
    ("eset-6.5", "ESET Mail Security 6.5", worlds::eset::eset_65),
    ("eset-7.3", "ESET Mail Security 7.3", worlds::eset::eset_73),
    ("eset-protected", "6.5, its settings protected by a password", worlds::eset::eset_protected),
    ("eset-restart-pending", "7.3, and files wait for a restart", worlds::eset::eset_restart_pending),
    ("no-product", "Exchange without a product", worlds::no_product),
    ("bare", "neither Exchange nor a product", worlds::bare_windows),
];

pub(crate) fn world(common: &Common, command: WorldCommand) -> Result<Reply, Failure> {
    match command {
        WorldCommand::List => Ok(list()),
        WorldCommand::Create { folder, kind, faults, name } => {
            if folder.join(folder::WORLD_FILE).exists() {
                return Err(Failure::new(Code::World, "there is a simulated server in that folder already")
                    .found(folder.display().to_string())
                    .hint("remove the folder, or choose another"));
            }
            let (_, _, make) =
                KINDS.iter().find(|(name, ..)| *name == kind).ok_or_else(|| unknown("server", &kind))?;
            let all = named_faults();
            let mut world = make();
            NodeName::parse(&name)?.as_str().clone_into(&mut world.server);
            for name in &faults {
                let (_, fault) =
                    all.iter().find(|(known, _)| known == name).ok_or_else(|| unknown("fault", name))?;
                fault.apply(&mut world);
            }
            SimHost::create(&folder, world)?;
            Ok(Reply::new(
                format!("A simulated server in {0}; use it with --host sim:{0}", folder.display()),
                json!({ "folder": folder.display().to_string(), "kind": kind, "faults": faults }),
            ))
        }
        WorldCommand::Show { folder } => {
            let world = open(&folder)?.world();
            let picture = oracle::picture(&world, &worlds::settings_folder(&world));
            let mut text: String = picture.0.iter().map(|(what, how)| format!("{what}: {how}\n")).collect();
            text.push_str(&format!("time: {}\nboots: {}\nmail: {:?}\n", world.now, world.boots, world.mail));
            Ok(Reply::new(
                text,
                json!({ "picture": picture.0, "now": world.now, "boots": world.boots, "mail": world.mail, "events": world.events }),
            ))
        }
        WorldCommand::CutPower { folder } => {
            exists(&folder)?;
            folder::cut_power(&folder)?;
            Ok(Reply::new(
                "The power is off; the server boots when it is next looked at.",
                json!({ "folder": folder.display().to_string() }),
            ))
        }
        WorldCommand::Act { folder, deed } => act(common, &folder, &deed),
    }
}

/// What a person does at the server, behind the program's back.
fn act(common: &Common, folder: &Path, deed: &Deed) -> Result<Reply, Failure> {
    let host = open(folder)?;
    let text = match deed {
        Deed::Save { path, text } => {
            host.change(|world| world.person_saves(&ServerPath::new(path), text.as_bytes()))??;
            format!("Saved {path}.")
        }
        Deed::Install { path, account } => {
            let (path, account) = (ServerPath::new(path), account.as_deref());
            let account = account.map(AccountName::parse).transpose()?;
            let secrets = Sources::read(common)?.values();
            let password = secrets.get(&SecretRef::new(mailsec_vipre::SERVICE_PASSWORD));
            let given = account.as_ref().zip(password);
            let outcome = host.change(|world| world.person_installs(&path, given))??;
            return Ok(installed(&outcome));
        }
        Deed::Start { service } => {
            host.change(|world| world.person_starts(service))??;
            format!("Started {service}.")
        }
        Deed::Stop { service } => {
            host.change(|world| world.person_stops(service))??;
            format!("Stopped {service}.")
        }
        Deed::Export { path } => {
            host.change(|world| world.person_exports(&ServerPath::new(path)))??;
            format!("Exported the settings to {path}.")
        }
        Deed::EnableCommands { signed_only } => {
            host.change(|world| world.person_enables_commands(*signed_only))?;
            "Enabled the advanced commands.".to_owned()
        }
        Deed::Sign { path } => {
            host.change(|world| world.person_signs(&ServerPath::new(path)))??;
            format!("Signed {path}.")
        }
        Deed::Pass { seconds } => {
            host.change(|world| world.pass(Duration::from_secs(*seconds)))??;
            format!("{seconds} seconds have passed.")
        }
    };
    Ok(Reply::new(text, json!({ "now": host.world().now })))
}

fn installed(outcome: &InstallerOutcome) -> Reply {
    let (how, exit) = match outcome {
        InstallerOutcome::Done => ("is done (0)".to_owned(), Exit::Done),
        InstallerOutcome::RestartNeeded => ("is done and needs a restart (3010)".to_owned(), Exit::Done),
        InstallerOutcome::RestartBegun => ("is done and restarts the server (1641)".to_owned(), Exit::Done),
        InstallerOutcome::Busy => ("found another one running (1618)".to_owned(), Exit::Failed),
        InstallerOutcome::Cancelled => ("was cancelled (1602)".to_owned(), Exit::Failed),
        InstallerOutcome::Failed(code) => (format!("failed ({code})"), Exit::Failed),
    };
    Reply::new(format!("The installer {how}."), json!({ "outcome": outcome })).exit(exit)
}

/// The server in a folder, or a word about how to make one.
fn open(folder: &Path) -> Result<SimHost, Failure> {
    exists(folder)?;
    SimHost::open(folder)
}

fn exists(folder: &Path) -> Result<(), Failure> {
    let there = folder.join(folder::WORLD_FILE).is_file();
    if there { Ok(()) } else { Err(crate::place::no_world(folder)) }
}

fn named_faults() -> Vec<(String, Fault)> {
    worlds::named_faults().into_iter().map(|(name, fault)| (name.replace([' ', '.'], "-"), fault)).collect()
}

fn unknown(what: &str, name: &str) -> Failure {
    let failure = Failure::new(Code::BadArgument, format!("there is no such {what}"))
        .found(format!("{name:?}"))
        .hint("`mailsec world list` shows them");
    let faults = named_faults();
    let words = KINDS.iter().map(|(name, ..)| *name).chain(faults.iter().map(|(name, _)| name.as_str()));
    did_you_mean(failure, name, words)
}

fn list() -> Reply {
    let faults = named_faults();
    let mut text = String::from("Servers:\n");
    for (name, what, _) in KINDS {
        text.push_str(&wrap(&format!("  {name:<20} "), &" ".repeat(23), what));
    }
    text.push_str("\nFaults:\n");
    for (name, _) in &faults {
        text.push_str(&format!("  {name}\n"));
    }
    let kinds: Vec<_> = KINDS.iter().map(|(name, what, _)| json!({ "name": name, "what": what })).collect();
    let names: Vec<&String> = faults.iter().map(|(name, _)| name).collect();
    Reply::new(text, json!({ "kinds": kinds, "faults": names }))
}
