//! The files of a node's `orders` folder. Each is written whole or not at all.

use crate::output;
use mailsec_core::{
    Failure,
    failure::Code,
    host::{NodeFacts, NodeOrder},
    plan::Plan,
    values::UpgradeId,
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::{
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

const ORDER: &str = ".order.json";
const TAKEN: &str = ".taken.json";
const REFUSED: &str = ".refused.json";
const LOOK: &str = ".look.json";
const LOOKED: &str = ".looked.json";

/// After this nobody waits for an answer any more.
const STALE: Duration = Duration::from_secs(3600);

/// What a node is to do, with the plan that it is to run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct WorkOrder {
    /// The order.
    pub(crate) order: NodeOrder,
    /// Who gave it.
    pub(crate) by: String,
    /// The node's plan.
    pub(crate) plan: Plan,
}

/// What a node saw of itself.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Looked {
    /// This.
    Facts(Box<NodeFacts>),
    /// It could not look.
    Failed(Box<Failure>),
}

/// The `orders` folder of a node. It is there on servers whose administrator has them take orders.
#[derive(Clone, Debug)]
pub(crate) struct Orders {
    folder: PathBuf,
}

impl Orders {
    pub(crate) fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// Whether orders are taken here.
    pub(crate) fn are_taken(&self) -> bool {
        self.folder.is_dir()
    }

    fn path(&self, name: impl std::fmt::Display, kind: &str) -> PathBuf {
        self.folder.join(format!("{name}{kind}"))
    }

    /// Gives an order. One that was refused before is given anew.
    pub(crate) fn give(&self, order: &WorkOrder) -> Result<(), Failure> {
        let upgrade = order.order.upgrade;
        remove(&self.path(upgrade, REFUSED))?;
        write(&self.path(upgrade, ORDER), order)
    }

    /// Whether the node has this order, taken up or not.
    pub(crate) fn has(&self, upgrade: UpgradeId) -> bool {
        [ORDER, TAKEN].iter().any(|kind| self.path(upgrade, kind).exists())
    }

    /// Why the node refused it.
    pub(crate) fn refusal(&self, upgrade: UpgradeId) -> Result<Option<Failure>, Failure> {
        read(&self.path(upgrade, REFUSED))
    }

    /// The orders that wait, oldest first. What is none is set aside.
    pub(crate) fn waiting(&self) -> Result<Vec<WorkOrder>, Failure> {
        let mut orders: Vec<WorkOrder> = Vec::new();
        for path in self.list(ORDER)? {
            match read(&path) {
                Ok(order) => orders.extend(order),
                Err(failure) => {
                    output::say(&output::describe(&failure));
                    _ = fs::rename(&path, path.with_extension("unreadable"));
                }
            }
        }
        orders.sort_by_key(|order| order.order.upgrade);
        Ok(orders)
    }

    /// The node's journal has the upgrade: the order is put away.
    pub(crate) fn taken(&self, upgrade: UpgradeId) -> Result<(), Failure> {
        let (from, to) = (self.path(upgrade, ORDER), self.path(upgrade, TAKEN));
        fs::rename(&from, to).map_err(|error| unwritable(&from, error))
    }

    /// The node refuses it.
    pub(crate) fn refuse(&self, upgrade: UpgradeId, why: &Failure) -> Result<(), Failure> {
        write(&self.path(upgrade, REFUSED), why)?;
        remove(&self.path(upgrade, ORDER))
    }

    /// Asks the node to look at itself.
    pub(crate) fn ask(&self, id: uuid::Uuid, product: &str) -> Result<(), Failure> {
        write(&self.path(id, LOOK), &product)
    }

    /// What it saw; `None` while it has not answered.
    pub(crate) fn answer(&self, id: uuid::Uuid) -> Result<Option<Looked>, Failure> {
        read(&self.path(id, LOOKED))
    }

    /// Nobody waits any more.
    pub(crate) fn forget(&self, id: uuid::Uuid) {
        _ = fs::remove_file(self.path(id, LOOK));
        _ = fs::remove_file(self.path(id, LOOKED));
    }

    /// Who wants the node to look at itself, and for which product.
    pub(crate) fn asked(&self) -> Result<Vec<(uuid::Uuid, String)>, Failure> {
        for path in self.list(LOOKED)?.into_iter().chain(self.list(LOOK)?) {
            let age = fs::metadata(&path)
                .and_then(|data| data.modified())
                .map(|at| SystemTime::now().duration_since(at));
            if matches!(age, Ok(Ok(age)) if age > STALE) {
                _ = fs::remove_file(path);
            }
        }
        let mut asked = Vec::new();
        for path in self.list(LOOK)? {
            let id = path.file_name().and_then(|name| name.to_str()).and_then(|name| name.strip_suffix(LOOK));
            let Some(id) = id.and_then(|id| uuid::Uuid::try_parse(id).ok()) else { continue };
            asked.extend(read(&path)?.map(|product| (id, product)));
        }
        Ok(asked)
    }

    /// Answers it.
    pub(crate) fn looked(&self, id: uuid::Uuid, looked: &Looked) -> Result<(), Failure> {
        write(&self.path(id, LOOKED), looked)?;
        remove(&self.path(id, LOOK))
    }

    fn list(&self, kind: &str) -> Result<Vec<PathBuf>, Failure> {
        let entries = fs::read_dir(&self.folder).map_err(|error| unreadable(&self.folder, error))?;
        let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
        paths.retain(|path| {
            path.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.ends_with(kind))
        });
        paths.sort();
        Ok(paths)
    }
}

/// Writes a file so that it is seen whole or not at all, and is there after a power cut.
pub(super) fn write<T: Serialize>(path: &Path, value: &T) -> Result<(), Failure> {
    let text =
        serde_json::to_vec_pretty(value).map_err(|error| output::system("a file cannot be made", error))?;
    let new = path.with_extension("new");
    let written = File::create(&new).and_then(|mut file| {
        file.write_all(&text)?;
        file.sync_all()
    });
    written.and_then(|()| fs::rename(&new, path)).map_err(|error| unwritable(path, error))
}

/// Reads a file; `None` when it is not there.
pub(super) fn read<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, Failure> {
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unreadable(path, error)),
    };
    serde_json::from_slice(&bytes).map(Some).map_err(|error| {
        Failure::new(Code::FileUnreadable, "a file of the cluster is not as it must be")
            .found(path.display().to_string())
            .cause(error)
    })
}

fn remove(path: &Path) -> Result<(), Failure> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(unwritable(path, error)),
        _ => Ok(()),
    }
}

fn unreadable(path: &Path, error: std::io::Error) -> Failure {
    Failure::new(Code::FileUnreadable, "a file of the cluster cannot be read")
        .found(path.display().to_string())
        .cause(error)
}

fn unwritable(path: &Path, error: std::io::Error) -> Failure {
    Failure::new(Code::FileUnwritable, "a file of the cluster cannot be written")
        .found(path.display().to_string())
        .cause(error)
}
