//! The registry below `HKEY_LOCAL_MACHINE`.

use crate::shared::{Shared, beginning};
use mailsec_core::host::{InstalledPackage, RegistryView};
use mailsec_core::values::ServerPath;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, sync::Arc};

/// What Windows Installer leaves when the power goes off in an installation.
pub const IN_PROGRESS: &str = r"SOFTWARE\Microsoft\Windows\CurrentVersion\Installer\InProgress";
/// Where Windows lists what is installed.
pub const UNINSTALL: &str = r"SOFTWARE\Microsoft\Windows\CurrentVersion\Uninstall";

/// A key: its name as it is shown, and its values by name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SimKey {
    /// The whole name.
    pub name: String,
    /// Values, by name in lower case.
    pub values: BTreeMap<String, String>,
}

/// Both views; keys by name in lower case.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SimRegistry {
    /// The 64-bit view.
    pub wide: Shared<BTreeMap<Arc<str>, Shared<SimKey>>>,
    /// The 32-bit view.
    pub narrow: Shared<BTreeMap<Arc<str>, Shared<SimKey>>>,
}

impl SimRegistry {
    fn view(&self, view: RegistryView) -> &BTreeMap<Arc<str>, Shared<SimKey>> {
        match view {
            RegistryView::Wide => &self.wide,
            RegistryView::Narrow => &self.narrow,
        }
    }

    fn view_mut(&mut self, view: RegistryView) -> &mut BTreeMap<Arc<str>, Shared<SimKey>> {
        match view {
            RegistryView::Wide => &mut self.wide,
            RegistryView::Narrow => &mut self.narrow,
        }
    }

    /// A value.
    #[must_use]
    pub fn value(&self, view: RegistryView, key: &str, name: &str) -> Option<&str> {
        let key = self.view(view).get(key.to_ascii_lowercase().as_str())?;
        key.values.get(&name.to_ascii_lowercase()).map(String::as_str)
    }

    /// Whether a key, or one below it, is there.
    #[must_use]
    pub fn exists(&self, view: RegistryView, key: &str) -> bool {
        let key = key.to_ascii_lowercase();
        let prefix = format!("{key}\\");
        let keys = self.view(view);
        keys.contains_key(key.as_str()) || beginning(keys, &prefix).next().is_some()
    }

    /// Sets a value, making its key.
    pub fn set(&mut self, view: RegistryView, key: &str, name: &str, value: impl Into<String>) {
        let entry = self.view_mut(view).entry(key.to_ascii_lowercase().into()).or_default();
        if entry.name.is_empty() {
            key.clone_into(&mut entry.name);
        }
        entry.values.insert(name.to_ascii_lowercase(), value.into());
    }

    /// Removes a key and all below it.
    pub fn remove(&mut self, view: RegistryView, key: &str) {
        let key = key.to_ascii_lowercase();
        let prefix = format!("{key}\\");
        self.view_mut(view).retain(|name, _| **name != *key && !name.starts_with(&prefix));
    }

    /// What the Uninstall keys list: those with a display name, as Windows shows them.
    #[must_use]
    pub fn installed(&self) -> Vec<InstalledPackage> {
        let prefix = format!("{}\\", UNINSTALL.to_ascii_lowercase());
        [&self.wide, &self.narrow]
            .into_iter()
            .flat_map(|view| beginning(view, &prefix))
            .filter_map(|(_, key)| {
                let value = |name: &str| key.values.get(name).cloned();
                Some(InstalledPackage {
                    key: key.name.rsplit('\\').next().unwrap_or_default().to_owned(),
                    name: value("displayname")?,
                    version: value("displayversion").unwrap_or_default(),
                    publisher: value("publisher").unwrap_or_default(),
                    location: value("installlocation").filter(|path| !path.is_empty()).map(ServerPath::new),
                })
            })
            .collect()
    }
}
