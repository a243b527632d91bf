//! What cannot be found out on the server: `config.json`.

use super::State;
use crate::{args::Common, nearest::did_you_mean};
use mailsec_core::{Failure, failure::Code};
use mailsec_mail::{PickupConfig, canary::CanaryConfig};
use mailsec_windows::DirectoryConfig;
use serde::{Deserialize, de::IgnoredAny};
use serde_json::Value;
use std::net::SocketAddr;

/// The content of `config.json`; every field may be left out.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Config {
    /// Where the transport service itself listens.
    pub(crate) smtp: Option<SocketAddr>,
    /// Whom the probe's message is for.
    pub(crate) smtp_recipient: Option<String>,
    /// The directory.
    pub(crate) directory: Option<DirectoryConfig>,
    /// The mailbox in which probes are looked for.
    pub(crate) pickup: Option<PickupConfig>,
    /// How the canary flies; none does where this is left out.
    pub(crate) canary: Option<CanaryConfig>,
    /// Where an upgrade's trace goes. Whatever stands there is judged with the address: it keeps no upgrade down.
    pub(crate) otlp: Option<Value>,
    /// For another `--host`, which reads it itself.
    #[serde(rename = "eset_connect")]
    _management: Option<IgnoredAny>,
}

/// Those that it has.
const FIELDS: [&str; 7] = ["smtp", "smtp_recipient", "directory", "pickup", "canary", "otlp", "eset_connect"];

impl Config {
    /// What counts beside a management server, whose own reader says what is wrong with the file.
    pub(crate) fn of_management(common: &Common, state: &State) -> Self {
        let otlp = Self::read(common, state).ok().and_then(|config| config.otlp);
        Self { otlp, ..Self::default() }
    }

    /// A file that was named must be there; the default one need not.
    pub(crate) fn read(common: &Common, state: &State) -> Result<Self, Failure> {
        let path = common.config.clone().unwrap_or_else(|| state.config());
        let bytes = match std::fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if common.config.is_none() && error.kind() == std::io::ErrorKind::NotFound => {
                return Ok(Self::default());
            }
            Err(error) => {
                return Err(Failure::new(Code::FileUnreadable, "the configuration cannot be read")
                    .expected("a file of JSON that this account may read")
                    .found(path.display().to_string())
                    .cause(error)
                    .hint("see the path after --config; docs/configuration.md has an example"));
            }
        };
        serde_json::from_slice(&bytes).map_err(|error| {
            // Not serde's own text: somebody may have put a password here. The name of a field is none.
            let text = error.to_string();
            let field = text.strip_prefix("unknown field `").and_then(|rest| rest.split('`').next());
            let place = format!("{}, line {}, column {}", path.display(), error.line(), error.column());
            let failure = Failure::new(Code::BadArgument, "the configuration is not as it must be")
                .expected(
                    "JSON with smtp, smtp_recipient, directory, pickup, canary, otlp; see docs/configuration.md",
                )
                .found(match field {
                    Some(field) => format!("the field {field:?}: {place}"),
                    None => place,
                })
                .hint("passwords do not belong there; `secret` names one that --secret gives");
            match field {
                Some(field) => did_you_mean(failure, field, FIELDS),
                None => failure,
            }
        })
    }
}
