//! Where the journal and all that belongs to it lies.

use super::host::Which;
use crate::args::Common;
use mailsec_core::{
    Failure,
    engine::{Loaded, load},
    failure::Code,
    journal::{Damage, Envelope, Journal, WitnessReader, WitnessState, Witnessed},
    upgrade::{Event, Standing},
    values::UpgradeId,
};
use std::path::PathBuf;

/// The folder of one server's journal.
#[derive(Clone, Debug)]
pub(crate) struct State {
    folder: PathBuf,
}

impl State {
    /// # Errors
    /// [`Code::BadArgument`] where something that is no folder has its name.
    pub(crate) fn of(common: &Common, which: &Which) -> Result<Self, Failure> {
        let folder = common.state.clone().unwrap_or_else(|| match which {
            Which::Simulated(world) => world.join("state"),
            Which::Connect(region) => home().join(format!("eset-connect-{region}")),
            Which::Windows => home(),
        });
        let occupied = match folder.metadata() {
            Ok(found) => !found.is_dir(),
            // Something above it is no folder.
            Err(error) => error.kind() == std::io::ErrorKind::NotADirectory,
        };
        match occupied {
            true => Err(Failure::new(Code::BadArgument, "the place of the journal is not a folder")
                .expected("a folder, or a name that is free")
                .found(folder.display().to_string())
                .hint("see --state, or the variable MAILSEC_STATE; nothing was changed")),
            false => Ok(Self { folder }),
        }
    }

    /// Without a server: only the journal is looked at.
    pub(crate) fn only(common: &Common) -> Result<Self, Failure> {
        // Which server is meant says where the journal lies, unless that was said.
        let which = if common.state.is_some() { Which::Windows } else { Which::parse(common)? };
        Self::of(common, &which)
    }

    /// What cannot be found out on the server.
    pub(crate) fn config(&self) -> PathBuf {
        self.folder.join("config.json")
    }

    pub(crate) fn folder(&self) -> &std::path::Path {
        &self.folder
    }

    pub(crate) fn journal(&self) -> PathBuf {
        self.folder.join("journal")
    }

    /// Where a cluster's run puts orders for this server, if it takes any.
    pub(crate) fn orders(&self) -> PathBuf {
        self.folder.join("orders")
    }

    /// Where the log lies.
    pub(crate) fn logs(&self) -> PathBuf {
        self.folder.join("logs")
    }

    /// Where messages for a running upgrade are left.
    pub(crate) fn inbox(&self, upgrade: UpgradeId) -> PathBuf {
        self.folder.join("inbox").join(upgrade.to_string())
    }

    /// What the canary of an upgrade saw.
    pub(crate) fn canary(&self, upgrade: UpgradeId) -> PathBuf {
        self.folder.join("canary").join(format!("{upgrade}.jsonl"))
    }

    pub(crate) fn reader(&self) -> WitnessReader {
        WitnessReader::new(self.journal())
    }

    fn none(&self) -> Failure {
        Failure::new(Code::UpgradeNotFound, "there is no such upgrade in this journal")
            .found(format!("journal {}", self.journal().display()))
            .hint("`mailsec journal verify` names those that there are")
    }

    /// The upgrade that is meant: the one named, else the one that is not finished, else the last.
    fn id(&self, named: Option<&str>) -> Result<UpgradeId, Failure> {
        match named {
            Some(text) => UpgradeId::parse(text).ok_or_else(|| {
                Failure::new(Code::BadArgument, "this is not an upgrade's id")
                    .expected("a UUID, as `mailsec status` shows it")
                    .found(format!("{text:?}"))
            }),
            None => self.unfinished_or_last()?.ok_or_else(|| {
                Failure::new(Code::UpgradeNotFound, "there is no upgrade yet")
                    .found(format!("journal {}", self.journal().display()))
                    .hint("`mailsec run` begins one")
            }),
        }
    }

    /// By the last envelope alone, which says whether an upgrade is over: a journal may hold thousands.
    fn unfinished_or_last(&self) -> Result<Option<UpgradeId>, Failure> {
        let reader = self.reader();
        let all = reader.upgrades()?;
        let over = |last: &Envelope| matches!(last.event.known(), Some(Event::Finished { .. }));
        let unfinished =
            all.iter().rev().find(|upgrade| reader.last(**upgrade).is_some_and(|last| !over(&last)));
        Ok(unfinished.or(all.last()).copied())
    }

    /// The upgrade that is meant, from a journal that is open: where one copy is damaged, the other serves.
    pub(crate) fn choose_in(
        &self,
        journal: &dyn Journal,
        named: Option<&str>,
    ) -> Result<(UpgradeId, Loaded), Failure> {
        let id = self.id(named)?;
        let loaded = load(&journal.read(id).map_err(|failure| self.known(failure))?);
        if loaded.state.standing == Standing::Empty { Err(self.none()) } else { Ok((id, loaded)) }
    }

    fn known(&self, failure: Failure) -> Failure {
        if failure.code == Code::UpgradeNotFound { self.none() } else { failure }
    }

    /// The upgrade that is meant, read without opening the journal.
    pub(crate) fn choose(&self, named: Option<&str>) -> Result<(UpgradeId, Witnessed, Loaded), Failure> {
        let id = self.id(named)?;
        let witnessed = self.reader().read(id).map_err(|failure| self.known(failure))?;
        let loaded = load(&witnessed.envelopes);
        if loaded.state.standing == Standing::Empty {
            return Err(match &witnessed.state {
                WitnessState::Damaged(damage) => unread(damage),
                _ => self.none(),
            });
        }
        Ok((id, witnessed, loaded))
    }
}

/// Where this machine keeps what belongs to the program.
fn home() -> PathBuf {
    let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let base = match cfg!(windows) {
        true => variable("ProgramData").unwrap_or_else(|| PathBuf::from(r"C:\ProgramData")),
        false => variable("XDG_STATE_HOME")
            .or_else(|| variable("HOME").map(|home| home.join(".local").join("state")))
            .unwrap_or_default(),
    };
    base.join("mailsec")
}

/// Damage of the one copy that is read without opening the journal; the other may be whole.
pub(crate) fn unread(damage: &Damage) -> Failure {
    let failure = damage.failure();
    let hint = failure.hint.clone().unwrap_or_default();
    failure.hint(format!(
        "`mailsec journal verify` puts back what the second copy has. Where it has no more: {hint}"
    ))
}
