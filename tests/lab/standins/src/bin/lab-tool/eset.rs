//! `lab-tool eset ...`: the custom actions of the ESET stand-in's packages, and what a person does in its window.

use super::tool::Result;
use mailsec_lab_standins::{
    agents::{self, Agent},
    eset::{State, Store, major_of, signature, years_of_use},
    layout,
    windows::{eset_version, exchange_folder},
};
use std::{fs, path::Path};

pub(super) const USAGE: &str = "eset upgrading | eset installed | eset removing [PASSWORD] | eset used | \
                                eset import on|off | eset protect PASSWORD | eset sign FILE PASSWORD | eset export FILE";

pub(super) fn command(words: &[&str]) -> Result<()> {
    let store = Store::on_windows();
    match words {
        // Custom actions.
        ["upgrading"] => store.upgrading()?,
        ["installed"] => {
            register(true)?;
            store.installed()?;
        }
        ["removing", password @ ..] => {
            store.remove(password.first().copied())?;
            register(false)?;
        }
        // People.
        ["used"] => {
            let major = major_of(&eset_version()?).ok_or("no version")?;
            change(&store, |state| state.settings = years_of_use(major))?;
        }
        ["import", on] => change(&store, |state| state.import_enabled = *on == "on")?,
        ["protect", password] => change(&store, |state| state.password = Some((*password).to_owned()))?,
        ["sign", file, password] => {
            let text = fs::read_to_string(file)?;
            fs::write(file, signature::sign(&text, password))?;
        }
        ["export", file] => store.export(&eset_version()?, Path::new(file))?,
        _ => return Err(USAGE.into()),
    }
    Ok(())
}

fn change(store: &Store, change: impl FnOnce(&mut State)) -> Result<()> {
    let mut state = store.load()?.ok_or("the product was never started")?;
    change(&mut state);
    Ok(store.save(&state)?)
}

/// The installer registers the product's agent by itself, last and enabled, and takes it away.
fn register(there: bool) -> Result<()> {
    let file = layout::shared_folder(&exchange_folder()).join("agents.config");
    let mut list = agents::read(&file)?;
    list.retain(|agent| agent.name != layout::ESET_AGENT);
    if there {
        list.push(Agent {
            name: layout::ESET_AGENT.to_owned(),
            base_type: "Microsoft.Exchange.Data.Transport.Routing.RoutingAgent".to_owned(),
            class_factory: "EsetLab.TransportAgent.RoutingFactory".to_owned(),
            assembly_path: layout::ESET_ASSEMBLY.to_owned(),
            enabled: true,
        });
    }
    Ok(agents::write(&file, &list)?)
}
