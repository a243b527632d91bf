//! The service manager's port.

use super::{SimHost, effect};
use crate::world::services::key;
use async_trait::async_trait;
use mailsec_core::{
    Code, Failure, Permit,
    host::{Answer, Service, ServiceName, Services, StartMode},
    values::{AccountName, Secret},
};
use std::time::Duration;

#[async_trait]
impl Services for SimHost {
    async fn list(&self) -> Answer<Vec<Service>> {
        self.read(|world| {
            let mut all: Vec<Service> = world.services.values().map(|service| service.shown()).collect();
            all.sort_by(|a, b| a.name.cmp(&b.name));
            Ok(all)
        })
        .await
    }

    async fn get(&self, name: &ServiceName) -> Answer<Option<Service>> {
        self.read(|world| Ok(world.services.get(key(name.as_str()).as_str()).map(|service| service.shown())))
            .await
    }

    async fn start(&self, _permit: &Permit, name: &ServiceName, limit: Duration) -> Answer<()> {
        effect!(self, "start service", |world, fate| world.start_service(fate, name.as_str(), limit))
    }

    async fn stop(&self, _permit: &Permit, name: &ServiceName, limit: Duration) -> Answer<()> {
        effect!(self, "stop service", |world, fate| world.stop_service(fate, name.as_str(), limit))
    }

    async fn set_start(&self, _permit: &Permit, name: &ServiceName, mode: StartMode) -> Answer<()> {
        effect!(self, "set start mode", |world, _fate| {
            world.service_mut(name.as_str())?.start = mode;
            Ok(())
        })
    }

    async fn set_log_on(
        &self,
        _permit: &Permit,
        name: &ServiceName,
        account: &AccountName,
        password: &Secret,
    ) -> Answer<()> {
        effect!(self, "set log-on account", |world, _fate| {
            world.service(name.as_str())?;
            // The service manager looks the name up and takes any password.
            if world.account(account)?.is_none() {
                return Err(Failure::new(Code::ServiceConfig, format!("{account} cannot log on"))
                    .cause("the account name is invalid or does not exist (1057)")
                    .ask());
            }
            world.service_mut(name.as_str())?.account = account.to_string().into();
            world.vault.services.insert(key(name.as_str()), password.expose().to_owned());
            Ok(())
        })
    }
}
