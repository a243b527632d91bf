//! A world that outlives the process: one file in a folder, replaced whole after every change.
//!
//! This is for runs of the real command that are killed in the middle, by hand or at a numbered crash point. The file
//! is not forced to the device: the process dies here, never the machine below it.

use crate::{fate::Fate, tape::Labelled, world::World};
use mailsec_core::{Code, Failure, host::Answer};
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    fs,
    io::Write,
    path::{Path, PathBuf},
};

/// The world's file.
pub const WORLD_FILE: &str = "world.json";
/// What is to go wrong in the next process: [`FolderFaults`].
pub const FAULTS_FILE: &str = "faults.json";
/// The labels of the crash points that were passed, one a line, when it is asked for.
pub const POINTS_FILE: &str = "points.log";

/// The content of [`FAULTS_FILE`]; every process that opens the folder reads it and counts from zero.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FolderFaults {
    /// Ends the process (SIGKILL) at this crash point, counted from 0.
    pub kill_at: Option<usize>,
    /// The machine goes down with the process: the next one finds it booted anew.
    pub power_cut: bool,
    /// How undetermined things turn out, by label.
    pub choices: BTreeMap<String, usize>,
    /// Writes [`POINTS_FILE`].
    pub log_points: bool,
}

/// A folder that holds a world.
#[derive(Debug)]
pub struct Store {
    folder: PathBuf,
    faults: FolderFaults,
    points: Option<fs::File>,
}

fn damaged(path: &Path, cause: impl std::fmt::Display) -> Failure {
    Failure::new(Code::World, format!("the simulated world in {} cannot be used", path.display()))
        .cause(cause)
        .hint("remove the folder, and make a new server with `mailsec world create`")
}

impl Store {
    /// Opens a folder, which need not hold a world yet.
    ///
    /// # Errors
    /// [`Code::World`].
    pub fn open(folder: &Path) -> Answer<Self> {
        fs::create_dir_all(folder).map_err(|error| damaged(folder, error))?;
        let path = folder.join(FAULTS_FILE);
        let faults: FolderFaults = match fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(|error| damaged(&path, error))?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => FolderFaults::default(),
            Err(error) => return Err(damaged(&path, error)),
        };
        let log = folder.join(POINTS_FILE);
        let points = match faults.log_points {
            true => Some(
                fs::OpenOptions::new()
                    .create(true)
                    .append(true)
                    .open(&log)
                    .map_err(|error| damaged(&log, error))?,
            ),
            false => None,
        };
        Ok(Self { folder: folder.to_owned(), faults, points })
    }

    /// The world that is kept there.
    ///
    /// # Errors
    /// [`Code::World`].
    pub fn load(&self) -> Answer<World> {
        let path = self.folder.join(WORLD_FILE);
        let bytes = fs::read(&path).map_err(|error| damaged(&path, error))?;
        serde_json::from_slice(&bytes).map_err(|error| damaged(&path, error))
    }

    /// A fate with the tape that the faults file asks for, and this store.
    #[must_use]
    pub fn into_fate(self) -> Fate {
        let mut fate = Fate::new(Labelled::new(self.faults.choices.clone(), self.faults.kill_at));
        fate.store = Some(self);
        fate
    }

    pub(crate) fn save(&self, world: &World) -> Answer<()> {
        let path = self.folder.join(WORLD_FILE);
        let new = self.folder.join("world.json.new");
        let text = serde_json::to_vec(world).map_err(|error| damaged(&path, error))?;
        fs::write(&new, text).and_then(|()| fs::rename(&new, &path)).map_err(|error| damaged(&path, error))
    }

    /// Writes a crash point down, before it is decided.
    pub(crate) fn note(&mut self, label: &str) -> Answer<()> {
        let path = self.folder.join(POINTS_FILE);
        match &mut self.points {
            Some(file) => writeln!(file, "{label}").map_err(|error| damaged(&path, error)),
            None => Ok(()),
        }
    }

    /// The process ends here, and the machine with it where the faults file says so.
    pub(crate) fn crash(&self, world: &World) -> Answer<()> {
        let mut left = world.clone();
        if self.faults.power_cut {
            left.machine_down = true;
            left.lose_power();
        }
        self.save(&left)?;
        kill_own_process();
        Ok(())
    }
}

/// Takes the power from the server in a folder. No process may have it open; the next one finds it booted anew.
///
/// # Errors
/// [`Code::World`].
pub fn cut_power(folder: &Path) -> Answer<()> {
    let store = Store::open(folder)?;
    let mut world = store.load()?;
    world.machine_down = true;
    world.lose_power();
    store.save(&world)
}

#[cfg(unix)]
pub(crate) fn kill_own_process() {
    use rustix::process::{Signal, getpid, kill_process};
    if kill_process(getpid(), Signal::KILL).is_ok() {
        // The signal ends every thread; this one may run on for a moment until it does.
        loop {
            std::thread::park();
        }
    }
}

#[cfg(not(unix))]
pub(crate) fn kill_own_process() {
    std::process::abort();
}
