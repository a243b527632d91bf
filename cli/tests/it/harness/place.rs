//! A simulated server in a folder.

use super::Ran;
use mailsec_core::journal::{WitnessReader, Witnessed};
use mailsec_simulator::{
    World, folder,
    oracle::{self, Picture},
    worlds::{self, installers, vipre},
};
use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};
use tempfile::TempDir;

/// Where the secret that a silent installer needs comes from.
pub(crate) const SECRET: [&str; 2] = ["--secret", "service-account-password=env:TEST_PASSWORD"];
/// The right installer.
pub(crate) const INSTALL: [&str; 2] = ["--installer", installers::RIGHT];
/// Nothing is left to a person.
pub(crate) const SILENT: [&str; 5] =
    ["--silent", "--credential-properties", "SIMACCOUNT,SIMPASSWORD", "--no-rules", "this server has none"];

/// A folder for worlds. In memory where that can be: a killed process leaves the same there as on a disk, and a
/// thousand flushes cost nothing.
pub(crate) fn fast_folder() -> TempDir {
    let memory = Path::new("/dev/shm");
    tempfile::Builder::new()
        .prefix("mailsec-test-")
        .tempdir_in(if memory.is_dir() { memory.to_owned() } else { std::env::temp_dir() })
        .expect("a temporary folder")
}

/// A simulated server and the command that works on it.
#[derive(Debug)]
pub(crate) struct Place {
    /// The world's folder.
    pub(crate) folder: PathBuf,
    _dir: Option<TempDir>,
}

/// Copies a folder with all that is in it.
pub(crate) fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let (path, target) = (entry.path(), to.join(entry.file_name()));
        match path.is_dir() {
            true => copy(&path, &target),
            false => drop(fs::copy(path, target).unwrap()),
        }
    }
}

/// What matters of a world.
pub(crate) fn picture(world: &World) -> Picture {
    oracle::picture(world, &worlds::settings_folder(world))
}

impl Place {
    /// A new server of this kind, with faults.
    pub(crate) fn with_faults(kind: &str, faults: &[&str]) -> Self {
        let dir = fast_folder();
        let place = Self { folder: dir.path().join("w"), _dir: Some(dir) };
        let folder = place.folder.display().to_string();
        let mut arguments = vec!["world", "create", &folder, "--kind", kind];
        arguments.extend(faults.iter().flat_map(|fault| ["--fault", fault]));
        place.program().args(arguments).output().map(Ran::from).unwrap().exits(0);
        place
    }

    /// A new server of this kind.
    pub(crate) fn new(kind: &str) -> Self {
        Self::with_faults(kind, &[])
    }

    /// The usual server.
    pub(crate) fn vipre() -> Self {
        Self::new("vipre-4.5")
    }

    /// A folder that has a server, or will.
    pub(crate) fn at(folder: PathBuf) -> Self {
        Self { folder, _dir: None }
    }

    /// The program, in an environment of its own.
    pub(crate) fn program(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mailsec"));
        command
            .env_clear()
            .env("USER", "ada")
            .env("TEST_PASSWORD", vipre::PASSWORD)
            // Without a debugging build's help: what is shown is what an administrator sees.
            .env("NO_COLOR", "1")
            .stdin(Stdio::null());
        command
    }

    /// The program on this server.
    pub(crate) fn command<'a>(&self, arguments: impl IntoIterator<Item = &'a str>) -> Command {
        let mut command = self.program();
        command.args(["--host", &format!("sim:{}", self.folder.display())]).args(arguments);
        command
    }

    /// Runs the program on this server to its end.
    pub(crate) fn run<'a>(&self, arguments: impl IntoIterator<Item = &'a str>) -> Ran {
        self.command(arguments).output().map(Ran::from).unwrap()
    }

    /// The file of a world, as it is.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// The journal's folder.
    pub(crate) fn journal(&self) -> PathBuf {
        self.folder.join("state/journal")
    }

    /// What lies in the inbox of the only upgrade.
    pub(crate) fn inbox(&self) -> Vec<String> {
        let folders = fs::read_dir(self.file("state/inbox")).into_iter().flatten();
        let files = folders.flat_map(|folder| fs::read_dir(folder.unwrap().path()).unwrap());
        let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
        names.filter(|name| !name.ends_with(".new")).collect()
    }

    /// What the journal's witness has of the only upgrade; none when there is no upgrade.
    pub(crate) fn witnessed(&self) -> Option<Witnessed> {
        let reader = WitnessReader::new(self.journal());
        let upgrades = reader.upgrades().unwrap();
        assert!(upgrades.len() < 2, "more than one upgrade: {upgrades:?}");
        upgrades.first().map(|upgrade| reader.read(*upgrade).unwrap())
    }

    /// The witness's file.
    pub(crate) fn witness(&self) -> PathBuf {
        let mut files = fs::read_dir(self.journal().join("witness")).unwrap();
        files.next().unwrap().unwrap().path()
    }

    /// The world as its file has it, without booting it.
    pub(crate) fn world(&self) -> World {
        folder::Store::open(&self.folder).unwrap().load().unwrap()
    }

    /// What matters of the world: products, agents, services, settings.
    pub(crate) fn picture(&self) -> Picture {
        picture(&self.world())
    }

    /// Everything of the world but its clock and its mail, which go on while somebody looks.
    pub(crate) fn still(&self) -> serde_json::Value {
        let bytes = fs::read(self.file(folder::WORLD_FILE)).unwrap();
        let mut value: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        for moving in ["now", "mail"] {
            value.as_object_mut().unwrap().remove(moving);
        }
        value
    }

    /// Runs a command that must change nothing on the server and begin nothing.
    #[track_caller]
    pub(crate) fn changes_nothing<'a>(&self, arguments: impl IntoIterator<Item = &'a str>) -> Ran {
        let (before, events) = (self.still(), self.events());
        let ran = self.run(arguments);
        // Not shown: a world has thousands of lines.
        assert!(self.still() == before, "the server was changed:\n{ran}");
        assert_eq!(self.events(), events, "the journal was changed:\n{ran}");
        ran
    }

    fn events(&self) -> usize {
        self.witnessed().map_or(0, |witnessed| witnessed.lines.len())
    }

    /// What is to go wrong in the processes from now on.
    pub(crate) fn set_faults(&self, faults: &str) {
        fs::write(self.file(folder::FAULTS_FILE), faults).unwrap();
    }

    /// The crash points that were passed since the log was last removed.
    pub(crate) fn take_points(&self) -> Vec<String> {
        let path = self.file(folder::POINTS_FILE);
        let text = fs::read_to_string(&path).unwrap_or_default();
        _ = fs::remove_file(path);
        text.lines().map(str::to_owned).collect()
    }
}
