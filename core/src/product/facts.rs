//! Facts: questions to a server and its answers, as data that can be captured and replayed.

use crate::{
    failure::Failure,
    host::{
        Account, Agent, ExchangeServer, FileStat, Host, InstalledPackage, PackageFile, PendingRestart,
        ProcessInfo, RegistryView, Service,
    },
    values::{AccountName, Digest, ServerPath},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A question to the server. It only reads.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FactQuery {
    /// The Exchange server.
    Exchange,
    /// All services.
    Services,
    /// All installed packages.
    Packages,
    /// All transport agents.
    Agents,
    /// Signs of a pending restart.
    PendingRestart,
    /// Whether an installation is running.
    InstallerBusy,
    /// One file or folder.
    File(ServerPath),
    /// Size of a tree in bytes and files; every file must be readable.
    Tree(ServerPath),
    /// Free bytes on a volume.
    FreeSpace(ServerPath),
    /// An installer file.
    Package(ServerPath),
    /// An account.
    Account(AccountName),
    /// Programs under a folder.
    Programs(ServerPath),
    /// A registry value.
    Registry(RegistryView, String, String),
}

/// An answer, of the kind that the question asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fact {
    /// To [`FactQuery::Exchange`].
    Exchange(Option<ExchangeServer>),
    /// To [`FactQuery::Services`].
    Services(Vec<Service>),
    /// To [`FactQuery::Packages`].
    Packages(Vec<InstalledPackage>),
    /// To [`FactQuery::Agents`].
    Agents(Vec<Agent>),
    /// To [`FactQuery::PendingRestart`].
    PendingRestart(Vec<PendingRestart>),
    /// To [`FactQuery::InstallerBusy`].
    InstallerBusy(bool),
    /// To [`FactQuery::File`].
    File(Option<FileStat>),
    /// To [`FactQuery::Tree`]: files, bytes.
    Tree(u64, u64),
    /// To [`FactQuery::FreeSpace`].
    FreeSpace(u64),
    /// To [`FactQuery::Package`].
    Package(PackageFile),
    /// To [`FactQuery::Account`].
    Account(Option<Account>),
    /// To [`FactQuery::Programs`].
    Programs(Vec<ProcessInfo>),
    /// To [`FactQuery::Registry`].
    Registry(Option<String>),
    /// The server could not say.
    Unknown(Failure),
}

/// Everything that was asked and answered.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// The server's name.
    pub server: String,
    #[serde(with = "pairs")]
    answers: BTreeMap<FactQuery, Fact>,
}

macro_rules! reader {
    ($(#[$doc:meta])* $name:ident, $variant:ident, $type:ty) => {
        $(#[$doc])*
        ///
        /// # Errors
        /// When the server could not say, or was not asked.
        pub fn $name(&self, query: &FactQuery) -> Result<&$type, Failure> {
            match self.answers.get(query) {
                Some(Fact::$variant(value)) => Ok(value),
                Some(Fact::Unknown(failure)) => Err(failure.clone()),
                _ => Err(not_asked(query)),
            }
        }
    };
}

fn not_asked(query: &FactQuery) -> Failure {
    Failure::new(crate::Code::System, format!("the server was not asked for {query:?}"))
        .hint("this is a fault of the program: the product's crate reads a fact that it does not ask for; report it")
}

impl Facts {
    /// None yet.
    #[must_use]
    pub fn of(server: String) -> Self {
        Self { server, answers: BTreeMap::new() }
    }

    /// Whether this was asked.
    #[must_use]
    pub fn has(&self, query: &FactQuery) -> bool {
        self.answers.contains_key(query)
    }

    /// Keeps an answer.
    pub fn put(&mut self, query: FactQuery, fact: Fact) {
        self.answers.insert(query, fact);
    }

    /// Every question with its answer, in the order of the questions.
    pub fn iter(&self) -> impl Iterator<Item = (&FactQuery, &Fact)> {
        self.answers.iter()
    }

    /// Digest over all of them.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest::of(&serde_json::to_vec(self).unwrap_or_default())
    }

    reader!(/// The Exchange server.
        exchange, Exchange, Option<ExchangeServer>);
    reader!(/// Services.
        services, Services, Vec<Service>);
    reader!(/// Installed packages.
        packages, Packages, Vec<InstalledPackage>);
    reader!(/// Transport agents.
        agents, Agents, Vec<Agent>);
    reader!(/// Signs of a pending restart.
        pending_restart, PendingRestart, Vec<PendingRestart>);
    reader!(/// Whether an installation is running.
        installer_busy, InstallerBusy, bool);
    reader!(/// A file or folder.
        file, File, Option<FileStat>);
    reader!(/// Free bytes.
        free_space, FreeSpace, u64);
    reader!(/// An installer file.
        package, Package, PackageFile);
    reader!(/// An account.
        account, Account, Option<Account>);
    reader!(/// Programs.
        programs, Programs, Vec<ProcessInfo>);
    reader!(/// A registry value.
        registry, Registry, Option<String>);

    /// Files and bytes of a tree.
    ///
    /// # Errors
    /// When a file could not be read, or it was not asked.
    pub fn tree(&self, query: &FactQuery) -> Result<(u64, u64), Failure> {
        match self.answers.get(query) {
            Some(Fact::Tree(files, bytes)) => Ok((*files, *bytes)),
            Some(Fact::Unknown(failure)) => Err(failure.clone()),
            _ => Err(not_asked(query)),
        }
    }
}

/// Asks the server. A question that it cannot answer is kept as unknown.
pub async fn gather(host: &dyn Host, facts: &mut Facts, wanted: Vec<FactQuery>) {
    for query in wanted {
        let fact = ask(host, &query).await.unwrap_or_else(Fact::Unknown);
        facts.put(query, fact);
    }
}

async fn ask(host: &dyn Host, query: &FactQuery) -> Result<Fact, Failure> {
    Ok(match query {
        FactQuery::Exchange => Fact::Exchange(host.transport().exchange().await?),
        FactQuery::Services => Fact::Services(host.services().list().await?),
        FactQuery::Packages => Fact::Packages(host.packages().installed().await?),
        FactQuery::Agents => Fact::Agents(host.transport().agents().await?),
        FactQuery::PendingRestart => Fact::PendingRestart(host.power().pending().await?),
        FactQuery::InstallerBusy => Fact::InstallerBusy(host.packages().busy().await?),
        FactQuery::File(path) => Fact::File(host.files().stat(path).await?),
        FactQuery::Tree(path) => {
            let tree = host.files().tree(path).await?;
            let files = u64::try_from(tree.len()).unwrap_or(u64::MAX);
            Fact::Tree(files, tree.iter().map(|file| file.size).sum())
        }
        FactQuery::FreeSpace(path) => Fact::FreeSpace(host.files().free_space(path).await?),
        FactQuery::Package(path) => Fact::Package(host.packages().inspect(path).await?),
        FactQuery::Account(name) => Fact::Account(host.directory().account(name).await?),
        FactQuery::Programs(folder) => Fact::Programs(host.processes().under(folder).await?),
        FactQuery::Registry(view, key, name) => {
            Fact::Registry(host.registry().value(*view, key, name).await?)
        }
    })
}

/// JSON wants text as keys; questions are more than that, so the map is written as a list of pairs.
mod pairs {
    use super::{BTreeMap, Fact, FactQuery};
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<S: Serializer>(
        map: &BTreeMap<FactQuery, Fact>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        map.iter().collect::<Vec<_>>().serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<BTreeMap<FactQuery, Fact>, D::Error> {
        Ok(Vec::<(FactQuery, Fact)>::deserialize(deserializer)?.into_iter().collect())
    }
}
