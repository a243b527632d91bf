//! The Windows host, with what it cannot find out by itself.

use super::{Sources, State, config::Config};
use crate::args::Common;
use mailsec_core::Failure;
use mailsec_windows::{SecretSources, WindowsConfig, WindowsHost, private};

/// Creates the folder of the state if need be, for administrators only, before anything else is put there.
pub(crate) fn private_state(state: &State) -> Result<(), Failure> {
    private::private_folder(state.folder())?;
    check(state)
}

/// Nobody else may write what is worked by: a folder may have been open to others before it was closed, and who owns
/// something in it can change that again.
fn check(state: &State) -> Result<(), Failure> {
    private::check_private(state.folder())?;
    [
        "canary",
        "config.json",
        "facts",
        "inbox",
        "journal",
        "logs",
        "nodes.json",
        "orders",
        "plans",
        "rehearsals",
    ]
    .iter()
    .try_for_each(|name| private::check_private(&state.folder().join(name)))
}

pub(super) fn open(
    common: &Common,
    state: &State,
    config: &Config,
    sources: &Sources,
) -> Result<WindowsHost, Failure> {
    // Looking changes nothing, so the folder is not created here.
    check(state)?;
    let secrets = SecretSources::new()
        .with_store(state.folder().join("secrets"))
        .from_variables(common.secrets.iter().filter_map(|text| variable(text)));
    for (name, secret) in sources.values() {
        secrets.set(name, secret);
    }
    let mut made = WindowsConfig {
        directory: config.directory.clone(),
        pickup: config.pickup.clone(),
        secrets,
        ..WindowsConfig::default()
    };
    if let Some(smtp) = config.smtp {
        made.smtp = smtp;
    }
    if let Some(recipient) = &config.smtp_recipient {
        made.smtp_recipient.clone_from(recipient);
    }
    WindowsHost::new(made)
}

/// The variable that a source such as `NAME=env:VARIABLE` is read from.
fn variable(source: &str) -> Option<String> {
    let (_, from) = source.split_once('=')?;
    from.strip_prefix("env:").map(str::to_owned)
}
