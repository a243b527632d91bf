//! Boots and restarts, and the handle on the power for what is not a port.

use super::{Shared, SimHost, effect};
use crate::fate::Fate;
use async_trait::async_trait;
use mailsec_core::{
    Permit,
    host::{Answer, BootIdentity, PendingRestart, PendingWeight, Power},
};
use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// The power of a simulated server: crash points for what shares it, and whether it is off. Clones share it.
#[derive(Clone)]
pub struct SimPower {
    shared: Arc<Mutex<Shared>>,
}

impl fmt::Debug for SimPower {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SimPower").field("off", &self.is_off()).finish()
    }
}

impl SimPower {
    pub(super) fn new(shared: Arc<Mutex<Shared>>) -> Self {
        Self { shared }
    }

    /// A crash point of the same count as those of the ports.
    ///
    /// # Errors
    /// [`Code::World`](mailsec_core::Code::World) when the power is off, or goes off here.
    pub fn point(&self, label: &'static str) -> Answer<()> {
        let shared = &mut *self.lock();
        shared.fate.point(&mut shared.world, label)
    }

    /// As [`point`](Self::point); where the power goes off, `last` still happens before.
    ///
    /// # Errors
    /// As [`point`](Self::point), and from `last`.
    pub fn point_leaving(&self, label: &'static str, last: impl FnOnce() -> Answer<()>) -> Answer<()> {
        self.point_deciding(label, |_| last())
    }

    /// As [`point_leaving`](Self::point_leaving), where the tape also decides what is left.
    pub(crate) fn point_deciding(
        &self,
        label: &'static str,
        last: impl FnOnce(&mut Fate) -> Answer<()>,
    ) -> Answer<()> {
        let shared = &mut *self.lock();
        shared.fate.point_leaving(&mut shared.world, label, last)
    }

    /// Something that the tape decides.
    pub(crate) fn decide<T>(&self, decide: impl FnOnce(&mut Fate) -> T) -> T {
        decide(&mut self.lock().fate)
    }

    /// Whether the power is off.
    #[must_use]
    pub fn is_off(&self) -> bool {
        !self.lock().world.powered
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Power for SimHost {
    async fn boot(&self) -> Answer<BootIdentity> {
        self.read(|world| Ok(world.boot_identity())).await
    }

    async fn pending(&self) -> Answer<Vec<PendingRestart>> {
        self.read(|world| {
            let mut pending = world.pending.clone();
            let files: Vec<&str> = world.renames.iter().map(|rename| rename.to.as_str()).collect();
            if !files.is_empty() {
                pending.push(PendingRestart {
                    sign: r"SYSTEM\CurrentControlSet\Control\Session Manager, PendingFileRenameOperations"
                        .to_owned(),
                    detail: files.join("\n"),
                    weight: PendingWeight::Warn,
                });
            }
            Ok(pending)
        })
        .await
    }

    async fn restart(&self, _permit: &Permit, comment: &str) -> Answer<()> {
        effect!(self, "restart", |world, fate| world.ask_restart(fate, comment))
    }
}
