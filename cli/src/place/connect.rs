//! A place without a server: ESET's management server, reached from an administrator's machine.

use super::{Sources, State};
use crate::args::Common;
use async_trait::async_trait;
use mailsec_core::{
    Failure,
    failure::Code,
    host::Clock,
    values::{SecretRef, Timestamp},
};
use mailsec_eset::remote::{Elsewhere, Management, Remote};
use mailsec_eset_connect::{Client, ConnectConfig, Limits, PASSWORD, Region};
use serde::{Deserialize, de::IgnoredAny};
use std::{sync::Arc, time::Duration};

/// What `--host` begins with; the region follows.
pub(super) const PREFIX: &str = "eset-connect:";

/// The management server, and what an upgrade through it is given.
pub(crate) struct Connect {
    pub(super) place: Elsewhere,
    pub(super) operations: Remote,
    pub(super) management: Arc<dyn Management>,
    /// Whether these are the region's own addresses.
    pub(super) documented: bool,
}

/// The content of `config.json`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    eset_connect: ConnectConfig,
    /// Read for every host alike.
    #[serde(rename = "otlp", default)]
    _export: Option<IgnoredAny>,
}

pub(super) fn open(
    common: &Common,
    state: &State,
    region: Region,
    sources: &Sources,
) -> Result<Connect, Failure> {
    let config = read(common, state)?;
    let values = sources.values();
    let password = values.get(&SecretRef::new(PASSWORD)).cloned();
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let client = Client::new(region, &config.eset_connect, password, Limits::default(), clock.clone())?;
    let management: Arc<dyn Management> = Arc::new(client);
    // The user is part of the name: with another one it is another tenant.
    let name = format!("{PREFIX}{region} as {}", config.eset_connect.user);
    Ok(Connect {
        place: Elsewhere::new(name, clock, Arc::new(sources.given())),
        operations: Remote::new(management.clone()),
        management,
        documented: config.eset_connect.addresses.is_none(),
    })
}

fn read(common: &Common, state: &State) -> Result<Config, Failure> {
    let path = common.config.clone().unwrap_or_else(|| state.config());
    let bytes = std::fs::read(&path).map_err(|error| {
        Failure::new(Code::FileUnreadable, "the configuration cannot be read")
            .expected("JSON with eset_connect; see docs/remote.md")
            .found(path.display().to_string())
            .cause(error)
    })?;
    serde_json::from_slice(&bytes).map_err(|error| {
        // Not serde's own text: somebody may have put the password here.
        Failure::new(Code::BadArgument, "the configuration is not as it must be")
            .expected("JSON with eset_connect and in it user, addresses, trust, proxy; see docs/remote.md")
            .found(format!("{}, line {}, column {}", path.display(), error.line(), error.column()))
            .hint("passwords do not belong there")
    })
}

struct SystemClock;

#[async_trait]
impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_datetime(time::OffsetDateTime::now_utc())
    }

    async fn sleep(&self, how_long: Duration) {
        tokio::time::sleep(how_long).await;
    }

    async fn alarm(&self, after: Duration) {
        tokio::time::sleep(after).await;
    }
}
