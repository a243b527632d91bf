//! The registry's port.

use crate::{os_error::system_failure, pending::Look, registry_value::value_text};
use async_trait::async_trait;
use mailsec_core::{
    Code, Failure,
    host::{Answer, Registry, RegistryView},
};
use mailsec_mail::blocking;
use std::io;
use windows_registry::{Key, LOCAL_MACHINE};

const FILE_NOT_FOUND: i32 = 2;
const PATH_NOT_FOUND: i32 = 3;

/// Keys under `HKEY_LOCAL_MACHINE`.
#[derive(Clone, Copy, Debug, Default)]
pub struct WindowsRegistry;

#[async_trait]
impl Registry for WindowsRegistry {
    async fn value(&self, view: RegistryView, key: &str, name: &str) -> Answer<Option<String>> {
        let (key, name) = (key.to_owned(), name.to_owned());
        blocking(move || value(view, &key, &name)).await
    }

    async fn exists(&self, view: RegistryView, key: &str) -> Answer<bool> {
        let key = key.to_owned();
        blocking(move || Ok(open(view, &key)?.is_some())).await
    }
}

/// Whether it says that there is no such key or value.
pub(crate) fn missing(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(FILE_NOT_FOUND | PATH_NOT_FOUND))
}

/// Opens a key of `HKEY_LOCAL_MACHINE` for reading; `None` when there is none.
pub(crate) fn open(view: RegistryView, key: &str) -> Result<Option<Key>, Failure> {
    let mut options = LOCAL_MACHINE.options();
    options.read();
    match view {
        RegistryView::Wide => options.wow64_64(),
        RegistryView::Narrow => options.wow64_32(),
    };
    match options.open(key).map_err(io::Error::from) {
        Ok(key) => Ok(Some(key)),
        Err(e) if missing(&e) => Ok(None),
        Err(e) => {
            Err(system_failure(Code::System, format!(r"the registry key HKLM\{key} cannot be read"), &e))
        }
    }
}

/// A value of an open key as text; `None` when there is none.
pub(crate) fn read(key: &Key, name: &str) -> Result<Option<String>, Failure> {
    match key.get_value(name).map_err(io::Error::from) {
        Ok(value) => Ok(Some(value_text(value.ty().into(), &value))),
        Err(e) if missing(&e) => Ok(None),
        Err(e) => Err(system_failure(Code::System, format!("the registry value {name} cannot be read"), &e)),
    }
}

/// A value as text; `None` when there is none.
pub(crate) fn value(view: RegistryView, key: &str, name: &str) -> Result<Option<String>, Failure> {
    match open(view, key)? {
        Some(key) => read(&key, name),
        None => Ok(None),
    }
}

impl Look for WindowsRegistry {
    type Error = Failure;

    fn exists(&self, key: &str) -> Result<bool, Failure> {
        Ok(open(RegistryView::Wide, key)?.is_some())
    }

    fn value(&self, key: &str, name: &str) -> Result<Option<String>, Failure> {
        value(RegistryView::Wide, key, name)
    }
}
