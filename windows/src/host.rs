//! All ports together.

use crate::{
    clock::SystemClock,
    directory::{DirectoryConfig, LdapDirectory},
    files::WindowsFiles,
    packages::WindowsPackages,
    power::WindowsPower,
    processes::WindowsProcesses,
    registry::WindowsRegistry,
    secrets::SecretSources,
    services::WindowsServices,
    shell::Shell,
    store,
    transport::WindowsTransport,
    win::machine,
};
use mailsec_core::{
    Failure,
    host::{
        Clock, Directory, Files, Host, Mail, NoPickup, Packages, Pickup, Power, Processes, Registry, Secrets,
        Services, Transport,
    },
};
use mailsec_mail::{ImapPickup, POSTMASTER, PickupConfig, SmtpProbe};
use std::{
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

/// What the host cannot find out by itself.
#[derive(Clone, Debug)]
pub struct WindowsConfig {
    /// Where the Transport service itself listens: port 2525 on a Mailbox server ("Default" receive connector), 25 on
    /// an Edge server (<https://learn.microsoft.com/exchange/mail-flow/connectors/receive-connectors>).
    pub smtp: SocketAddr,
    /// Whom the probe's message is for.
    pub smtp_recipient: String,
    /// How long one probe of the mail flow may take in all.
    pub smtp_limit: Duration,
    /// The mailbox in which probes are looked for, if one is named.
    pub pickup: Option<PickupConfig>,
    /// How long one call of the Exchange shell may take; loading it alone takes up to a minute.
    pub powershell_limit: Duration,
    /// Another program than the system's Windows PowerShell.
    pub powershell: Option<PathBuf>,
    /// The directory, if it may be asked.
    pub directory: Option<DirectoryConfig>,
    /// The secrets that were given to this run.
    pub secrets: SecretSources,
}

impl Default for WindowsConfig {
    fn default() -> Self {
        Self {
            smtp: SocketAddr::from((Ipv4Addr::LOCALHOST, 2525)),
            smtp_recipient: POSTMASTER.to_owned(),
            smtp_limit: Duration::from_secs(30),
            pickup: None,
            powershell_limit: Duration::from_secs(300),
            powershell: None,
            directory: None,
            secrets: SecretSources::new(),
        }
    }
}

/// The Windows machine on which this program runs.
///
/// Its calls block threads of tokio's pool; it needs a tokio runtime with time.
pub struct WindowsHost {
    name: String,
    transport: WindowsTransport,
    packages: WindowsPackages,
    directory: LdapDirectory,
    mail: SmtpProbe,
    pickup: Box<dyn Pickup>,
    processes: WindowsProcesses,
    secrets: SecretSources,
}

impl WindowsHost {
    /// The host. Nothing is touched but logs of installers that a former run left with a secret in them.
    ///
    /// # Errors
    /// When Windows does not tell where it is installed, or the probe's recipient is not an address.
    pub fn new(config: WindowsConfig) -> Result<Self, Failure> {
        let secrets = config.secrets.clone();
        if let Some(failure) = secrets.store().and_then(|folder| store::remove_unclean_logs(folder).err()) {
            tracing::warn!(%failure, "an installer's log that may hold a secret stays for now");
        }
        let shell = match config.powershell {
            Some(program) => Shell::with_program(program, config.powershell_limit, secrets),
            None => Shell::of_system(config.powershell_limit, secrets)?,
        };
        let name = machine::name();
        Ok(Self {
            transport: WindowsTransport::new(shell),
            packages: WindowsPackages::new(config.secrets.clone()),
            directory: LdapDirectory::new(config.directory, config.secrets.clone()),
            mail: SmtpProbe::new(config.smtp, config.smtp_limit, &name, &config.smtp_recipient)?,
            pickup: match config.pickup {
                Some(pickup) => Box::new(ImapPickup::new(pickup, Arc::new(config.secrets.clone()))?),
                None => Box::new(NoPickup),
            },
            processes: WindowsProcesses::new(config.secrets.clone()),
            secrets: config.secrets,
            name,
        })
    }
}

impl Host for WindowsHost {
    fn name(&self) -> String {
        self.name.clone()
    }
    fn services(&self) -> &dyn Services {
        &WindowsServices
    }
    fn transport(&self) -> &dyn Transport {
        &self.transport
    }
    fn packages(&self) -> &dyn Packages {
        &self.packages
    }
    fn files(&self) -> &dyn Files {
        &WindowsFiles
    }
    fn registry(&self) -> &dyn Registry {
        &WindowsRegistry
    }
    fn directory(&self) -> &dyn Directory {
        &self.directory
    }
    fn power(&self) -> &dyn Power {
        &WindowsPower
    }
    fn mail(&self) -> &dyn Mail {
        &self.mail
    }
    fn pickup(&self) -> &dyn Pickup {
        self.pickup.as_ref()
    }
    fn processes(&self) -> &dyn Processes {
        &self.processes
    }
    fn secrets(&self) -> &dyn Secrets {
        &self.secrets
    }
    fn clock(&self) -> &dyn Clock {
        &SystemClock
    }
}
