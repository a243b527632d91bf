//! Where the product keeps its state, and what its programs do with it.

use super::{State, config, defaults, signature, taken_in};
use std::{
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

/// The product's folder of data.
#[derive(Debug, Clone)]
pub struct Store(PathBuf);

impl Store {
    /// At a place.
    pub fn at(folder: impl Into<PathBuf>) -> Self {
        Self(folder.into())
    }

    /// Where a Windows program sees it.
    pub fn on_windows() -> Self {
        Self::at(r"C:\ProgramData\ESET\ESET Security\Lab")
    }

    fn file(&self) -> PathBuf {
        self.0.join("state.json")
    }

    fn marker(&self) -> PathBuf {
        self.0.join("upgrading")
    }

    /// The state; `None` when the product was never started here.
    pub fn load(&self) -> io::Result<Option<State>> {
        match fs::read(self.file()) {
            Ok(bytes) => Ok(Some(serde_json::from_slice(&bytes)?)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Keeps a state: the old one is there or the new one.
    pub fn save(&self, state: &State) -> io::Result<()> {
        fs::create_dir_all(&self.0)?;
        let next = self.file().with_extension("next");
        let mut file = fs::File::create(&next)?;
        file.write_all(&serde_json::to_vec_pretty(state)?)?;
        file.sync_all()?;
        fs::rename(next, self.file())
    }

    /// The service begins: a fresh installation gets defaults, one over another version keeps what it understands.
    pub fn begin(&self, major: u32) -> io::Result<()> {
        let state = match self.load()? {
            // What is there was this version's or an older one's; rules that are there were understood already.
            Some(mut state) => {
                state.settings = taken_in(state.settings, major, major);
                state
            }
            None => State { settings: defaults(major), ..State::default() },
        };
        self.save(&state)
    }

    /// An installer is about to replace another version.
    pub fn upgrading(&self) -> io::Result<()> {
        fs::create_dir_all(&self.0)?;
        fs::write(self.marker(), "")
    }

    /// The installer is done.
    pub fn installed(&self) -> io::Result<()> {
        match fs::remove_file(self.marker()) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// The product is removed, and its settings with it, unless another version takes its place.
    ///
    /// # Errors
    /// When the settings are protected by another password.
    pub fn remove(&self, password: Option<&str>) -> io::Result<()> {
        if self.marker().is_file() {
            return Ok(());
        }
        if let Some(state) = self.load()? {
            if state.password.is_some() && state.password.as_deref() != password {
                return Err(io::Error::new(
                    io::ErrorKind::PermissionDenied,
                    "the settings password is another",
                ));
            }
            fs::remove_file(self.file())?;
        }
        Ok(())
    }

    /// `ecmd /getcfg`.
    pub fn export(&self, version: &str, file: &Path) -> io::Result<()> {
        let state = self.load()?.ok_or(io::ErrorKind::NotFound)?;
        fs::write(file, config::render(version, &state.settings))
    }

    /// `ecmd /setcfg`.
    ///
    /// # Errors
    /// When import is not enabled, the file is not signed as it must be, or is no export.
    pub fn import(&self, major: u32, file: &Path) -> io::Result<()> {
        let refused = |why: &str| io::Error::new(io::ErrorKind::PermissionDenied, why.to_owned());
        let mut state = self.load()?.ok_or(io::ErrorKind::NotFound)?;
        if !state.import_enabled {
            return Err(refused("advanced ecmd commands are not enabled"));
        }
        let text = fs::read_to_string(file)?;
        if let Some(password) = &state.password
            && !signature::holds(&text, password)
        {
            return Err(refused("the file is not signed with the settings password"));
        }
        let export = config::parse(&text).map_err(io::Error::other)?;
        let from = major_of(&export.version).ok_or_else(|| io::Error::other("the file has no version"))?;
        state.settings = taken_in(export.settings, from, major);
        self.save(&state)
    }
}

/// The first part of a version.
pub fn major_of(version: &str) -> Option<u32> {
    version.split('.').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::{super::years_of_use, *};

    #[test]
    fn export_always_works_and_import_only_when_enabled_and_signed() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::at(folder.path());
        let file = folder.path().join("out.xml");
        store.begin(7).unwrap();
        let mut state = State { settings: years_of_use(7), ..store.load().unwrap().unwrap() };
        store.save(&state).unwrap();
        store.export("7.3.10011.0", &file).unwrap();
        store.save(&State::default()).unwrap();
        assert!(store.import(11, &file).is_err(), "not enabled");
        state.import_enabled = true;
        state.password = Some("lab".to_owned());
        state.settings = defaults(11);
        store.save(&state).unwrap();
        assert!(store.import(11, &file).is_err(), "not signed");
        fs::write(&file, signature::sign(&fs::read_to_string(&file).unwrap(), "lab")).unwrap();
        store.import(11, &file).unwrap();
        assert_eq!(store.load().unwrap().unwrap().settings, taken_in(years_of_use(7), 7, 11));
    }

    #[test]
    fn a_removal_wants_the_password_and_an_upgrade_keeps_the_settings() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::at(folder.path());
        let kept =
            State { import_enabled: true, password: Some("lab".to_owned()), settings: years_of_use(7) };
        store.save(&kept).unwrap();
        assert!(store.remove(None).is_err());
        assert_eq!(store.load().unwrap().as_ref(), Some(&kept));
        store.upgrading().unwrap();
        store.remove(None).unwrap();
        store.begin(11).unwrap();
        store.installed().unwrap();
        assert_eq!(store.load().unwrap().unwrap().settings, taken_in(years_of_use(7), 7, 11));
        store.remove(Some("lab")).unwrap();
        assert_eq!(store.load().unwrap(), None);
        store.begin(11).unwrap();
        assert_eq!(store.load().unwrap().unwrap(), State { settings: defaults(11), ..State::default() });
    }
}
