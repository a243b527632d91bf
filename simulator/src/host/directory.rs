//! The directory's port. Its crash points stand for a request that was sent and an answer that was lost.

use super::{SimHost, effect};
use async_trait::async_trait;
use mailsec_core::{
    Permit,
    host::{Account, Answer, Credentials, Directory},
    values::{AccountName, Secret, SecretRef},
};

#[async_trait]
impl Directory for SimHost {
    async fn account(&self, name: &AccountName) -> Answer<Option<Account>> {
        self.read(|world| world.account(name)).await
    }

    /// A simulated domain has one controller.
    async fn account_where_changed(&self, name: &AccountName) -> Answer<Option<Account>> {
        self.account(name).await
    }

    async fn try_credentials(&self, name: &AccountName, password: &Secret) -> Answer<Credentials> {
        self.read(|world| world.credentials(name, password.expose())).await
    }

    async fn try_credentials_where_changed(
        &self,
        name: &AccountName,
        password: &Secret,
    ) -> Answer<Credentials> {
        self.try_credentials(name, password).await
    }

    async fn create_disabled(&self, permit: &Permit, name: &AccountName, description: &str) -> Answer<()> {
        effect!(self, "create account", |world, fate| {
            world.create_disabled(name, description)?;
            fate.done(world, permit, "create account", name.user());
            Ok(())
        })
    }

    async fn set_password(&self, permit: &Permit, name: &AccountName, password: &Secret) -> Answer<()> {
        effect!(self, "set password", |world, fate| {
            world.set_password(name, password.expose())?;
            fate.done(world, permit, "set password", name.user());
            Ok(())
        })
    }

    async fn enable_never_expiring(
        &self,
        _permit: &Permit,
        name: &AccountName,
        description: &str,
    ) -> Answer<()> {
        effect!(self, "enable account", |world, _fate| world.enable_never_expiring(name, description))
    }

    async fn delete(&self, permit: &Permit, name: &AccountName, description: &str) -> Answer<()> {
        effect!(self, "delete account", |world, fate| {
            world.delete_account(name, description)?;
            fate.done(world, permit, "delete account", name.user());
            Ok(())
        })
    }

    async fn generate_password(
        &self,
        permit: &Permit,
        account: &AccountName,
        secret: &SecretRef,
    ) -> Answer<()> {
        effect!(self, "generate password", |world, fate| {
            world.generate_password(account, secret.as_str())?;
            fate.done(world, permit, "generate password", secret.as_str());
            Ok(())
        })
    }
}
