//! The ports that need few words: registry, programs, secrets, time.

use super::{SimHost, effect};
use async_trait::async_trait;
use mailsec_core::{
    Permit,
    host::{Answer, Clock, ProcessInfo, Processes, Registry, RegistryView, Secrets, ToolExit, ToolRun},
    values::{Secret, SecretRef, ServerPath, Timestamp},
};
use std::{future::poll_fn, sync::atomic::Ordering, task::Poll, time::Duration};

/// How long a program takes to close when it is asked to.
const CLOSING: Duration = Duration::from_millis(300);

#[async_trait]
impl Registry for SimHost {
    async fn value(&self, view: RegistryView, key: &str, name: &str) -> Answer<Option<String>> {
        self.read(|world| Ok(world.registry.value(view, key, name).map(str::to_owned))).await
    }

    async fn exists(&self, view: RegistryView, key: &str) -> Answer<bool> {
        self.read(|world| Ok(world.registry.exists(view, key))).await
    }
}

#[async_trait]
impl Processes for SimHost {
    async fn under(&self, folder: &ServerPath) -> Answer<Vec<ProcessInfo>> {
        self.read(|world| Ok(world.programs().into_iter().filter(|p| p.image.is_under(folder)).collect()))
            .await
    }

    async fn close(&self, _permit: &Permit, process: &ProcessInfo, grace: Duration) -> Answer<()> {
        effect!(self, "close program", |world, fate| {
            if !world.still_runs(process)? {
                return Ok(());
            }
            let stubborn = fate.choose("close program: stubborn", 2) == 1 || world.faults.stubborn_programs;
            world.advance(fate, if stubborn { grace } else { CLOSING.min(grace) })?;
            world.end_process(process.pid);
            Ok(())
        })
    }

    async fn run(&self, _permit: &Permit, tool: &ToolRun) -> Answer<ToolExit> {
        effect!(self, "run tool", |world, fate| world.run_tool(fate, tool))
    }
}

#[async_trait]
impl Secrets for SimHost {
    async fn get(&self, name: &SecretRef) -> Answer<Option<Secret>> {
        let given = self.secrets.get(name).cloned();
        // What the server made under this name is newer than what was given when the program began.
        self.read(|world| Ok(world.vault.generated.get(name.as_str()).map(Secret::new).or(given))).await
    }
}

#[async_trait]
impl Clock for SimHost {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.clock.load(Ordering::Relaxed))
    }

    async fn sleep(&self, how_long: Duration) {
        // A sleep cannot fail; without power the next call of a port says so.
        _ = self.run(|world, fate| {
            world.advance(fate, how_long)?;
            fate.save(world)
        });
    }

    /// Where a call hangs there is nothing else to wait for.
    async fn alarm(&self, after: Duration) {
        poll_fn(|_| if self.stops_hanging() { Poll::Ready(()) } else { Poll::Pending }).await;
        self.sleep(after).await;
    }
}
