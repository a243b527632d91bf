//! Where things are in the lab, and the lab's own settings.

use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// The lab's own folder, as Windows sees it.
pub const LAB_FOLDER: &str = r"C:\lab";
/// Exchange's folder where the registry does not say otherwise.
pub const EXCHANGE_FOLDER: &str = r"C:\Program Files\Microsoft\Exchange Server\V15\";
/// The registry key under HKLM that says where Exchange is.
pub const EXCHANGE_SETUP_KEY: &str = r"SOFTWARE\Microsoft\ExchangeServer\v15\Setup";
/// The stand-in product's folder. 64-bit, because the lab's Wine has no 32-bit side.
pub const VIPRE_FOLDER: &str = r"C:\Program Files\VIPRE Email Security";
/// The assembly that holds the stand-in product's transport agents.
pub const VIPRE_ASSEMBLY: &str = r"C:\Program Files\VIPRE Email Security\VipreLab.TransportAgent.dll";
/// The registry key under HKLM in which the stand-in product states its version.
pub const VIPRE_KEY: &str = r"SOFTWARE\VipreLab\Email Security";
/// Short name of the transport service: Exchange's own.
pub const TRANSPORT_SERVICE: &str = "MSExchangeTransport";
/// Display name of the transport service: Exchange's own.
pub const TRANSPORT_DISPLAY: &str = "Microsoft Exchange Transport";
/// Short name of the product's service. The real one is in no public source, so this one says that it is invented.
pub const PLUGIN_MANAGER_SERVICE: &str = "VipreLabPluginManager";
/// Display name of the product's service, as the vendor's upgrade article gives it.
pub const PLUGIN_MANAGER_DISPLAY: &str = "VIPRE Email Security Plugin Manager";

/// Short name of ESET's core service, as field scripts name it.
pub const ESET_SERVICE: &str = "ekrn";
/// The registry key under HKLM in which ESET's products state what they are, as field scripts read it.
pub const ESET_INFO_KEY: &str = r"SOFTWARE\ESET\ESET Security\CurrentVersion\Info";
/// The folder of the ESET stand-in. The real one's is in no source.
pub const ESET_FOLDER: &str = r"C:\Program Files\ESET\ESET Mail Security Lab";
/// The assembly that holds the ESET stand-in's transport agent.
pub const ESET_ASSEMBLY: &str = r"C:\Program Files\ESET\ESET Mail Security Lab\EsetLab.TransportAgent.dll";
/// The ESET stand-in's transport agent. The real one's name is in no source.
pub const ESET_AGENT: &str = "EsetLab Filtering Agent";

/// The lab's settings: `lab.json` in the lab's folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct LabSettings {
    /// The port of loopback on which the transport stand-in speaks SMTP.
    pub smtp_port: u16,
    /// The name the transport stand-in gives itself.
    pub host_name: String,
}

impl Default for LabSettings {
    fn default() -> Self {
        Self { smtp_port: 2525, host_name: "mail.lab.test".to_owned() }
    }
}

/// The lab's folder and the files in it. On Linux the same files are seen through the prefix's drive C.
#[derive(Debug, Clone)]
pub struct LabFolder(PathBuf);

impl LabFolder {
    /// The lab's folder at a place.
    pub fn at(folder: impl Into<PathBuf>) -> Self {
        Self(folder.into())
    }

    /// The lab's folder as a Windows program sees it.
    pub fn on_windows() -> Self {
        Self::at(LAB_FOLDER)
    }

    /// The folder itself.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The lab's settings file.
    pub fn settings_file(&self) -> PathBuf {
        self.0.join("lab.json")
    }

    /// The faults to be shown by the stand-ins.
    pub fn faults_file(&self) -> PathBuf {
        self.0.join("faults.json")
    }

    /// Every message the transport stand-in accepted.
    pub fn mail_file(&self) -> PathBuf {
        self.0.join("mail.jsonl")
    }

    /// The lab's event log.
    pub fn events_file(&self) -> PathBuf {
        self.0.join("events.jsonl")
    }

    /// Every call of the `shutdown.exe` stand-in: its arguments.
    pub fn restarts_file(&self) -> PathBuf {
        self.0.join("restarts.jsonl")
    }

    /// The settings; the defaults if there is no file or it cannot be read.
    pub fn settings(&self) -> LabSettings {
        std::fs::read(self.settings_file())
            .ok()
            .and_then(|bytes| serde_json::from_slice(&bytes).ok())
            .unwrap_or_default()
    }
}

/// The agents' files of an Exchange folder: `TransportRoles\Shared`.
pub fn shared_folder(exchange: &Path) -> PathBuf {
    exchange.join("TransportRoles").join("Shared")
}
