//! The port to packages.

use super::{SimHost, effect};
use crate::world::packages::Given;
use async_trait::async_trait;
use mailsec_core::{
    Permit,
    host::{
        Answer, InstallRequest, InstalledPackage, InstallerOutcome, PackageFile, Packages, UninstallRequest,
        exit_code_in,
    },
    values::{Secret, ServerPath},
};

fn given(arguments: &[String], secrets: &[(String, Secret)], log: &ServerPath) -> Given {
    let own = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    Given {
        properties: arguments.iter().filter_map(|argument| argument.split_once('=').map(own)).collect(),
        secrets: secrets.iter().map(|(name, value)| own((name, value.expose()))).collect(),
        log: Some(log.clone()),
    }
}

#[async_trait]
impl Packages for SimHost {
    async fn installed(&self) -> Answer<Vec<InstalledPackage>> {
        self.read(|world| Ok(world.registry.installed())).await
    }

    async fn inspect(&self, path: &ServerPath) -> Answer<PackageFile> {
        self.read(|world| world.inspect(path)).await
    }

    async fn busy(&self) -> Answer<bool> {
        self.read(|world| Ok(world.installer_busy())).await
    }

    async fn logged_exit(&self, log: &ServerPath) -> Answer<Option<i32>> {
        self.read(|world| Ok(world.disk.read(log).ok().and_then(|content| exit_code_in(content.bytes()))))
            .await
    }

    async fn install<'a>(&self, permit: &Permit, request: InstallRequest<'a>) -> Answer<InstallerOutcome> {
        effect!(self, "install", |world, fate| {
            let until = world.now.after(request.limit);
            let given = given(request.arguments, request.secret_properties, request.log);
            if let Some(outcome) = world.begin_install(fate, request.package, given)? {
                return Ok(outcome);
            }
            fate.begun(world, permit, "install", request.package.as_str());
            fate.point(world, "install: begun")?;
            world.await_installer(fate, until)
        })
    }

    async fn uninstall<'a>(
        &self,
        permit: &Permit,
        request: UninstallRequest<'a>,
    ) -> Answer<InstallerOutcome> {
        effect!(self, "uninstall", |world, fate| {
            let until = world.now.after(request.limit);
            let given = given(&[], request.secret_properties, request.log);
            if let Some(outcome) = world.begin_uninstall(request.product_code, given) {
                return Ok(outcome);
            }
            fate.begun(world, permit, "uninstall", request.product_code);
            fate.point(world, "uninstall: begun")?;
            world.await_installer(fate, until)
        })
    }
}
