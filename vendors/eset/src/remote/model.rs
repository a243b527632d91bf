//! What the management server knows, as far as the remote method needs it. Read leniently: fields that this version
//! does not know are passed over, words that it does not know are kept.

use super::Action;
use mailsec_core::values::{Timestamp, Version};
use serde::{Deserialize, Deserializer, Serialize};
use std::fmt;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// The server's own text for it.
            #[must_use]
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }
    };
}

id!(
    /// Names a device for the server; its display name may change, this does not.
    DeviceId
);
id!(
    /// Names a task for the server.
    TaskId
);

/// A managed device.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Device {
    /// Its identity.
    pub uuid: DeviceId,
    /// Its name, as the console shows it.
    #[serde(default, deserialize_with = "or_default")]
    pub display_name: String,
    /// When its agent last reported.
    #[serde(default, deserialize_with = "time")]
    pub last_sync_time: Option<Timestamp>,
    /// Whether it works as it should; the server's own word.
    #[serde(default, deserialize_with = "or_default")]
    pub functionality_status: String,
    /// What of ESET is installed on it.
    #[serde(default, deserialize_with = "or_default")]
    pub deployed_components: Vec<Component>,
}

impl Device {
    /// The word for a device without a problem.
    pub const FUNCTIONAL: &str = "DEVICE_FUNCTIONALITY_STATUS_OK";

    /// The components whose name contains this, without case.
    pub fn components<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a Component> + use<'a> {
        let wanted = name.to_lowercase();
        self.deployed_components.iter().filter(move |part| part.label().to_lowercase().contains(&wanted))
    }

    /// When it was last seen, in words.
    #[must_use]
    pub fn seen(&self) -> String {
        self.last_sync_time.map_or_else(|| "never seen".to_owned(), |at| format!("last seen {at}"))
    }
}

/// A component of ESET's on a device.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Component {
    /// Its name as the console shows it.
    #[serde(deserialize_with = "or_default")]
    display_name: String,
    /// Its other name.
    #[serde(deserialize_with = "or_default")]
    name: String,
    #[serde(deserialize_with = "or_default")]
    version: Numbers,
}

/// A version, as the server tells it: as text, as numbers, or both.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
struct Numbers {
    #[serde(deserialize_with = "or_default")]
    name: String,
    #[serde(deserialize_with = "or_default")]
    id: String,
    #[serde(deserialize_with = "number")]
    major: u32,
    #[serde(deserialize_with = "number")]
    minor: u32,
    #[serde(deserialize_with = "number")]
    patch: u32,
}

impl Component {
    /// A component with this name and version, as a server that gives the version as text tells it.
    #[must_use]
    pub fn new(name: impl Into<String>, version: &Version) -> Self {
        let version = Numbers { name: version.to_string(), ..Numbers::default() };
        Self { display_name: name.into(), name: String::new(), version }
    }

    /// Its name.
    #[must_use]
    pub fn label(&self) -> &str {
        if self.display_name.is_empty() { &self.name } else { &self.display_name }
    }

    /// Its version: the text where that is one, for it has all numbers; else the three numbers that there are.
    #[must_use]
    pub fn version(&self) -> Option<Version> {
        let Numbers { name, id, major, minor, patch } = &self.version;
        let numbers = (*major, *minor, *patch) != (0, 0, 0);
        Version::parse(name)
            .or_else(|_| Version::parse(id))
            .ok()
            .or_else(|| Version::parse(&format!("{major}.{minor}.{patch}")).ok().filter(|_| numbers))
    }
}

/// A task, as the server has it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Task {
    /// Its identity.
    pub uuid: TaskId,
    /// Its name.
    #[serde(default, deserialize_with = "or_default")]
    pub display_name: String,
    /// Its description.
    #[serde(default, deserialize_with = "or_default")]
    pub description: String,
}

impl Task {
    /// Whether it carries this mark, in its name or its description.
    #[must_use]
    pub fn carries(&self, marker: &str) -> bool {
        self.display_name.contains(marker) || self.description.contains(marker)
    }
}

/// A task that is to be created.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewTask {
    /// Its name.
    pub display_name: String,
    /// Its description.
    pub description: String,
    /// What is to be done.
    pub action: Action,
    /// On which devices.
    pub devices: Vec<DeviceId>,
    /// When the server gives up to begin it on a device that does not come.
    pub expires: Timestamp,
}

/// How far a run is.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(from = "String")]
pub enum RunStatus {
    /// Taken up, not begun.
    Queued,
    /// Under way.
    Running,
    /// Ended well.
    Finished,
    /// Ended badly.
    Failed,
    /// A word that this version does not know.
    Other(String),
}

impl From<String> for RunStatus {
    fn from(word: String) -> Self {
        match word.as_str() {
            "TASK_RUN_STATUS_QUEUED" => Self::Queued,
            "TASK_RUN_STATUS_RUNNING" => Self::Running,
            "TASK_RUN_STATUS_FINISHED" => Self::Finished,
            "TASK_RUN_STATUS_FAILED" => Self::Failed,
            _ => Self::Other(word),
        }
    }
}

impl fmt::Display for RunStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Finished => "finished",
            Self::Failed => "failed",
            Self::Other(word) => word,
        })
    }
}

/// One run of a task on one device.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Run {
    /// The device.
    pub device_uuid: DeviceId,
    /// How far it is.
    #[serde(default = "unspecified", deserialize_with = "status")]
    pub status: RunStatus,
    /// When it began.
    #[serde(default, deserialize_with = "time")]
    pub start_time: Option<Timestamp>,
    /// When it ended.
    #[serde(default, deserialize_with = "time")]
    pub end_time: Option<Timestamp>,
    /// What it left, in the server's own words.
    #[serde(default)]
    pub result: serde_json::Value,
}

fn unspecified() -> RunStatus {
    RunStatus::Other("TASK_RUN_STATUS_UNSPECIFIED".to_owned())
}

fn status<'de, D: Deserializer<'de>>(from: D) -> Result<RunStatus, D::Error> {
    Ok(Option::deserialize(from)?.unwrap_or_else(unspecified))
}

/// What is missing and what is `null` is the same to the server.
fn or_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(from: D) -> Result<T, D::Error> {
    Ok(Option::deserialize(from)?.unwrap_or_default())
}

/// A time that cannot be read is not known; a report that lacks it is better than none.
fn time<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Timestamp>, D::Error> {
    let text: Option<String> = Option::deserialize(from)?;
    Ok(text.and_then(|text| Timestamp::try_from(text).ok()))
}

/// Numbers of 64 bits travel as text.
fn number<'de, D: Deserializer<'de>>(from: D) -> Result<u32, D::Error> {
    let value: serde_json::Value = Deserialize::deserialize(from)?;
    let number = value.as_u64().or_else(|| value.as_str().and_then(|text| text.parse().ok()));
    Ok(number.and_then(|number| u32::try_from(number).ok()).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_fields_and_words_and_nulls_do_not_stop_a_device_from_being_read() {
        let device: Device = serde_json::from_str(
            r#"{"uuid": "u", "displayName": "EX1", "lastSyncTime": "yesterday", "functionalityStatus": "NEW_WORD",
                "isMuted": true, "deployedComponents": [
                {"displayName": "ESET Management Agent", "version": {"name": null, "id": "x", "major": 11, "minor": "2"}},
                {"name": "ESET Mail Security", "version": {"name": "11.0.10008.0", "major": 11}}, {"version": null}]}"#,
        )
        .unwrap();
        assert_eq!(device.last_sync_time, None);
        assert_eq!(device.functionality_status, "NEW_WORD");
        let versions: Vec<_> = device.deployed_components.iter().map(Component::version).collect();
        let parsed = |text| Some(Version::parse(text).unwrap());
        assert_eq!(versions, [parsed("11.2.0"), parsed("11.0.10008.0"), None]);
        assert_eq!(device.components("eset mail").count(), 1);
    }

    #[test]
    fn an_unknown_status_of_a_run_is_kept_as_it_is() {
        let run: Run =
            serde_json::from_str(r#"{"deviceUuid": "d", "status": "TASK_RUN_STATUS_ODD"}"#).unwrap();
        assert_eq!(run.status, RunStatus::Other("TASK_RUN_STATUS_ODD".to_owned()));
        let run: Run = serde_json::from_str(r#"{"deviceUuid": "d", "status": null}"#).unwrap();
        assert_eq!(run.status, unspecified());
    }
}
