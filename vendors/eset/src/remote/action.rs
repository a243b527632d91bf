//! What a task does: documented names, and the JSON that the operator supplies.

use mailsec_core::{Code, Failure};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// Every action that ESET documents for tasks of devices (<https://help.eset.com/eset_connect/en-US/automation.html>).
/// None of them installs software.
pub const DOCUMENTED: &[&str] = &[
    "StartNetworkIsolation",
    "EndNetworkIsolation",
    "OnDemandScan",
    "ShutdownComputer",
    "StopManaging",
    "ThirdPartyAVRemove",
    "SystemUpdate",
    "RunCommand",
    "KillProcessByPid",
    "LogOffComputerUser",
    "InitiateVulnerabilityScan",
    "ApplyApplicationPatch",
];

/// The documented action that restarts a device, or shuts it down.
const RESTART: &str = "ShutdownComputer";

/// The field of `params` that says what they are.
const TYPE: &str = "@type";

/// An action: its name, and parameters that belong to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Action {
    name: String,
    params: Map<String, Value>,
}

impl Action {
    /// Reads what the operator supplies, `{"name": ..., "params": {"@type": ..., ...}}`. Parameters are taken as they
    /// are: what they must be for an installation is not documented, and nothing is made up.
    ///
    /// # Errors
    /// `bad-argument`, with what is missing.
    pub fn read(json: &str) -> Result<Self, Failure> {
        let wrong = |found: String| {
            Failure::new(Code::BadArgument, "this is not an action for a task of the management server")
                .expected(r#"JSON with "name" and "params", and in "params" an "@type""#)
                .found(found)
                .hint("take it from the documentation of your management server's interface")
        };
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct File {
            name: String,
            params: Map<String, Value>,
        }
        let file: File = serde_json::from_str(json).map_err(|error| wrong(error.to_string()))?;
        if file.name.trim().is_empty() {
            return Err(wrong("an empty name".to_owned()));
        }
        match file.params.get(TYPE).and_then(Value::as_str) {
            // A slash must be in it, by the rules for such names.
            Some(kind) if kind.contains('/') => Ok(Self { name: file.name, params: file.params }),
            Some(kind) => Err(wrong(format!("\"@type\" {kind:?}, without a slash"))),
            None => Err(wrong("\"params\" without \"@type\"".to_owned())),
        }
    }

    /// Restarts a device, without a way for its user to put it off.
    #[must_use]
    pub fn restart() -> Self {
        let params = json!({
            TYPE: "type.googleapis.com/Era.Common.DataDefinition.Task.OS.ShutdownComputer",
            "restart": true,
            "actions": { "cancelAction": false, "postpone": "Cannot" },
        });
        let params = params.as_object().cloned().unwrap_or_default();
        Self { name: RESTART.to_owned(), params }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether ESET documents an action of this name.
    #[must_use]
    pub fn is_documented(&self) -> bool {
        DOCUMENTED.contains(&self.name.as_str())
    }

    /// As the server takes it.
    #[must_use]
    pub fn to_json(&self) -> Value {
        json!({ "name": self.name, "params": self.params })
    }

    /// Words in it that hint at a secret. Plans and journals hold the whole action, and so does the server.
    #[must_use]
    pub fn looks_secret(&self) -> Vec<&'static str> {
        crate::settings::telltale(&Value::Object(self.params.clone()).to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_action_without_name_or_type_is_refused_with_what_is_missing() {
        for (json, missing) in [
            ("", "EOF"),
            ("[]", "invalid"),
            (r#"{"params": {"@type": "a/b"}}"#, "name"),
            (r#"{"name": " ", "params": {"@type": "a/b"}}"#, "empty name"),
            (r#"{"name": "RunCommand"}"#, "params"),
            (r#"{"name": "RunCommand", "params": {}}"#, "without \"@type\""),
            (r#"{"name": "RunCommand", "params": {"@type": 1}}"#, "without \"@type\""),
            (r#"{"name": "RunCommand", "params": {"@type": "b"}}"#, "without a slash"),
            (r#"{"name": "RunCommand", "params": {"@type": "a/b"}, "targets": {}}"#, "targets"),
        ] {
            let failure = Action::read(json).unwrap_err();
            assert!(failure.found.as_deref().unwrap().contains(missing), "{json}: {failure}");
        }
    }

    #[test]
    fn what_the_operator_supplies_is_sent_as_it_is() {
        let json = r#"{"name":"RunCommand","params":{"@type":"a/B","anything":[1,{"x":null}]}}"#;
        let action = Action::read(json).unwrap();
        assert_eq!(action.to_json(), serde_json::from_str::<Value>(json).unwrap());
        assert!(action.looks_secret().is_empty());
        let action =
            Action::read(r#"{"name":"R","params":{"@type":"a/B","c":"msiexec PASSWORD=x"}}"#).unwrap();
        assert_eq!(action.looks_secret(), ["pass"]);
    }
}
