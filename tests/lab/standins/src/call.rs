//! One call of a cmdlet: its parameters, and the errors it can end with.

use crate::agents::{Agent, AgentsError};
use crate::cmdlets::CmdletError;
use crate::script::Statement;
use serde_json::{Value, json};

/// Parameters that every cmdlet takes.
const COMMON: [&str; 3] = ["transportservice", "confirm", "erroraction"];

/// One call of a cmdlet: its parameters, and the errors it can end with.
pub(crate) struct Call<'a> {
    pub(crate) statement: &'a Statement,
}

impl Call<'_> {
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        self.statement.parameters.get(name).map(String::as_str)
    }

    pub(crate) fn unless_discarded(&self, value: Value) -> Value {
        if self.statement.discarded { Value::Null } else { value }
    }

    pub(crate) fn transport_service(&self) -> Result<(&'static str, &'static str), CmdletError> {
        let service = self.parameter("transportservice").unwrap_or("Hub");
        match service.to_ascii_lowercase().as_str() {
            "hub" | "edge" => Ok(("agents.config", "MSExchangeTransport")),
            "frontend" => Ok(("fetagents.config", "MSExchangeFrontEndTransport")),
            _ => Err(self.argument(&format!("The lab has no transport service \"{service}\"."))),
        }
    }

    /// Every agent, unless the identity is that of one: an unknown identity is no error and no empty answer.
    pub(crate) fn get(&self, agents: &[Agent]) -> Result<Value, CmdletError> {
        self.only(&["identity"])?;
        let wanted = self.parameter("identity").and_then(|name| find(agents, name));
        Ok(agents
            .iter()
            .enumerate()
            .filter(|(at, _)| wanted.is_none_or(|wanted| wanted == *at))
            .map(|(at, agent)| describe(agent, at + 1))
            .collect())
    }

    pub(crate) fn existing(&self, agents: &[Agent], others: &[&str]) -> Result<usize, CmdletError> {
        self.only(&[&["identity"], others].concat())?;
        let name = self.parameter("identity").ok_or_else(|| self.missing("Identity"))?;
        find(agents, name).ok_or_else(|| {
            self.argument(&format!("Transport agent \"{name}\" isn't found.\r\nParameter name: Identity"))
        })
    }

    pub(crate) fn confirmed(&self) -> Result<(), CmdletError> {
        if self.parameter("confirm") == Some("false") {
            return Ok(());
        }
        Err(self.error(
            "System.Management.Automation.PSInvalidOperationException",
            "Windows PowerShell is in NonInteractive mode. Read and Prompt functionality is not available.",
        ))
    }

    pub(crate) fn priority(&self, count: usize) -> Result<usize, CmdletError> {
        let text = self.parameter("priority").ok_or_else(|| self.missing("Priority"))?;
        text.parse().ok().filter(|priority| (1..=count).contains(priority)).ok_or_else(|| {
            self.error(
                "System.ArgumentOutOfRangeException",
                &format!("The agent priority must be between 1 and {count}.\r\nParameter name: Priority"),
            )
        })
    }

    pub(crate) fn only(&self, allowed: &[&str]) -> Result<(), CmdletError> {
        let known = |name: &&String| COMMON.contains(&name.as_str()) || allowed.contains(&name.as_str());
        match self.statement.parameters.keys().find(|name| !known(name)) {
            None => Ok(()),
            Some(name) => Err(self.error(
                "System.Management.Automation.ParameterBindingException",
                &format!("A parameter cannot be found that matches parameter name '{name}'."),
            )),
        }
    }

    pub(crate) fn missing(&self, name: &str) -> CmdletError {
        self.error(
            "System.Management.Automation.ParameterBindingException",
            &format!("Cannot process command because of one or more missing mandatory parameters: {name}."),
        )
    }

    pub(crate) fn argument(&self, message: &str) -> CmdletError {
        self.error("System.ArgumentException", message)
    }

    pub(crate) fn files(&self, error: &AgentsError) -> CmdletError {
        self.error("System.IO.IOException", &error.to_string())
    }

    pub(crate) fn not_a_command(&self, verb: &str) -> CmdletError {
        self.error(
            "System.Management.Automation.CommandNotFoundException",
            &format!("The term '{verb}-TransportAgent' is not recognized as the name of a cmdlet."),
        )
    }

    pub(crate) fn error(&self, kind: &'static str, message: &str) -> CmdletError {
        let class = kind.rsplit('.').next().unwrap_or(kind).trim_end_matches("Exception");
        let id =
            format!("{class},Microsoft.Exchange.Management.AgentTasks.{}TransportAgent", self.statement.verb);
        CmdletError { kind, id, message: message.to_owned() }
    }
}

/// The place of an agent by its name, in which upper and lower case are the same.
pub(crate) fn find(agents: &[Agent], name: &str) -> Option<usize> {
    agents.iter().position(|agent| agent.name.to_lowercase() == name.to_lowercase())
}

/// An agent as the shell prints it.
pub(crate) fn describe(agent: &Agent, priority: usize) -> Value {
    json!({
        "Identity": agent.name,
        "Enabled": agent.enabled,
        "Priority": priority,
        "TransportAgentFactory": agent.class_factory,
        "AssemblyPath": agent.assembly_path,
    })
}
