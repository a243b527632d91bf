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

    async fn try_credentials(&self, name: &AccountName, password: &Secret) -> Answer<Credentials> {
        self.read(|world| world.credentials(name, password.expose())).await
    }

    async fn create_disabled(&self, _permit: &Permit, name: &AccountName, description: &str) -> Answer<()> {
        effect!(self, "create account", |world, _fate| world.create_disabled(name, description))
    }

    async fn set_password(&self, _permit: &Permit, name: &AccountName, password: &Secret) -> Answer<()> {
        effect!(self, "set password", |world, _fate| world.set_password(name, password.expose()))
    }

    async fn enable_never_expiring(&self, _permit: &Permit, name: &AccountName) -> Answer<()> {
        effect!(self, "enable account", |world, _fate| world.enable_never_expiring(name))
    }

    async fn delete(&self, _permit: &Permit, name: &AccountName, description: &str) -> Answer<()> {
        effect!(self, "delete account", |world, _fate| world.delete_account(name, description))
    }

    async fn generate_password(&self, _permit: &Permit, secret: &SecretRef) -> Answer<()> {
        effect!(self, "generate password", |world, _fate| {
            world.generate_password(secret.as_str());
            Ok(())
        })
    }
}
