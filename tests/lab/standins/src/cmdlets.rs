//! The cmdlets for transport agents, with the behaviour of Exchange's that an upgrade can trip over.

use crate::agents::{self, Agent, AgentsError};
use crate::call::{Call, describe, find};
use crate::script::Statement;
use serde_json::Value;
use std::path::{Path, PathBuf};

/// An error as the shell reports it.
#[derive(Debug, PartialEq, Eq)]
pub struct CmdletError {
    /// The type of the exception.
    pub kind: &'static str,
    /// The fully qualified error id.
    pub id: String,
    /// The message.
    pub message: String,
}

/// What the cmdlets act on.
pub struct Cmdlets<'a> {
    /// The folder with `agents.config` and `fetagents.config`.
    pub shared: PathBuf,
    /// Loads an assembly as the shell does, holding it until the shell ends; false if there is none.
    pub load: &'a mut dyn FnMut(&str) -> bool,
    /// The warnings given so far.
    pub warnings: Vec<String>,
}

impl Cmdlets<'_> {
    /// Executes one statement.
    pub fn execute(&mut self, statement: &Statement) -> Result<Value, CmdletError> {
        let call = Call { statement };
        let (file, service) = call.transport_service()?;
        let file = self.shared.join(file);
        let mut agents = agents::read(&file).map_err(|e| call.files(&e))?;
        let result = match statement.verb.to_ascii_lowercase().as_str() {
            "get" => return call.get(&agents).map(|value| call.unless_discarded(value)),
            "install" => self.install(&call, &mut agents)?,
            "uninstall" => {
                let at = call.existing(&agents, &[])?;
                call.confirmed()?;
                agents.remove(at);
                Value::Null
            }
            "enable" => {
                let at = call.existing(&agents, &[])?;
                agents[at].enabled = true;
                Value::Null
            }
            "disable" => {
                let at = call.existing(&agents, &[])?;
                call.confirmed()?;
                agents[at].enabled = false;
                Value::Null
            }
            "set" => {
                let at = call.existing(&agents, &["priority"])?;
                let to = call.priority(agents.len())?;
                let agent = agents.remove(at);
                agents.insert(to - 1, agent);
                Value::Null
            }
            verb => return Err(call.not_a_command(verb)),
        };
        agents::write(&file, &agents).map_err(|e| call.files(&e))?;
        self.warn(format!(
            "The following service restart is required for the change(s) to take effect : {service}"
        ));
        Ok(call.unless_discarded(result))
    }

    fn install(&mut self, call: &Call<'_>, agents: &mut Vec<Agent>) -> Result<Value, CmdletError> {
        call.only(&["identity", "name", "transportagentfactory", "assemblypath"])?;
        let name = call.parameter("name").or_else(|| call.parameter("identity"));
        let name = name.ok_or_else(|| call.missing("Name"))?;
        let factory =
            call.parameter("transportagentfactory").ok_or_else(|| call.missing("TransportAgentFactory"))?;
        let assembly = call.parameter("assemblypath").ok_or_else(|| call.missing("AssemblyPath"))?;
        if name.is_empty() || name.chars().count() > 64 {
            return Err(call
                .argument("The agent name must have between 1 and 64 characters.\r\nParameter name: Name"));
        }
        if find(agents, name).is_some() {
            return Err(call.argument(&format!("A transport agent with the name \"{name}\" already exists.")));
        }
        if assembly.starts_with(r"\\") || assembly.starts_with("//") {
            return Err(
                call.argument("The assembly path can't be a UNC path.\r\nParameter name: AssemblyPath")
            );
        }
        if !(self.load)(assembly) {
            return Err(call.argument(&format!(
                "The assembly file \"{assembly}\" doesn't exist.\r\nParameter name: AssemblyPath"
            )));
        }
        // Exchange finds the kind of agent by looking into the assembly; the lab's factories say it in their names.
        let kind =
            if factory.contains("SmtpReceive") { "Smtp.SmtpReceiveAgent" } else { "Routing.RoutingAgent" };
        agents.push(Agent {
            name: name.to_owned(),
            base_type: format!("Microsoft.Exchange.Data.Transport.{kind}"),
            class_factory: factory.to_owned(),
            assembly_path: assembly.to_owned(),
            enabled: false,
        });
        self.warn("Please exit Windows PowerShell to complete the installation.".to_owned());
        Ok(agents.last().map_or(Value::Null, |agent| describe(agent, agents.len())))
    }

    fn warn(&mut self, warning: String) {
        if !self.warnings.contains(&warning) {
            self.warnings.push(warning);
        }
    }
}

/// Reads the agents as transport does at its start: those it would load, in order.
pub fn enabled(shared: &Path) -> Result<Vec<Agent>, AgentsError> {
    let mut agents = agents::read(&shared.join("agents.config"))?;
    agents.retain(|agent| agent.enabled);
    Ok(agents)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn shell(script: &str) -> (Vec<Value>, Option<CmdletError>, Vec<Agent>, Vec<String>) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("agents.config");
        let agent = |name: &str| Agent {
            name: name.to_owned(),
            base_type: "b".to_owned(),
            class_factory: "f".to_owned(),
            assembly_path: "a.dll".to_owned(),
            enabled: true,
        };
        agents::write(&file, &[agent("A"), agent("B"), agent("C")]).unwrap();
        let mut load = |path: &str| !path.contains("missing");
        let mut cmdlets = Cmdlets { shared: folder.path().to_owned(), load: &mut load, warnings: Vec::new() };
        let script = crate::script::parse(&format!("$nonce = '1'\n{script}")).unwrap();
        let mut results = Vec::new();
        let mut error = None;
        for statement in &script.statements {
            match cmdlets.execute(statement) {
                Ok(result) => results.push(result),
                Err(e) => {
                    error = Some(e);
                    break;
                }
            }
        }
        let warnings = cmdlets.warnings;
        (results, error, agents::read(&file).unwrap(), warnings)
    }

    #[test]
    fn an_unknown_identity_gets_all_agents_but_changes_none() {
        let (results, error, ..) =
            shell("Get-TransportAgent 'b'\nGet-TransportAgent 'Z'\nEnable-TransportAgent 'Z'");
        assert_eq!(results[0].as_array().unwrap().len(), 1);
        assert_eq!(results[0][0]["Priority"], 2);
        assert_eq!(results[1].as_array().unwrap().len(), 3);
        assert!(error.unwrap().message.starts_with("Transport agent \"Z\" isn't found."));
    }

    #[test]
    fn an_agent_is_installed_last_and_disabled_and_can_be_moved() {
        let (results, error, agents, warnings) = shell(
            "Install-TransportAgent -Name 'D' -TransportAgentFactory 'Lab.SmtpReceiveFactory' -AssemblyPath 'C:\\d.dll'\n\
             Set-TransportAgent -Identity 'd' -Priority 2 | Out-Null\nEnable-TransportAgent -Identity 'D'",
        );
        assert_eq!(error, None);
        assert_eq!((&results[0]["Priority"], &results[0]["Enabled"]), (&json!(4), &json!(false)));
        assert_eq!(agents.iter().map(|a| a.name.as_str()).collect::<Vec<_>>(), ["A", "D", "B", "C"]);
        assert!(agents[1].enabled);
        assert_eq!(warnings.len(), 2);
    }

    #[test]
    fn what_exchange_refuses_is_refused() {
        let install = "Install-TransportAgent -TransportAgentFactory F -Name";
        for (statement, says) in [
            ("Disable-TransportAgent 'A'".to_owned(), "NonInteractive"),
            ("Uninstall-TransportAgent 'A' -Confirm:$true".to_owned(), "NonInteractive"),
            ("Set-TransportAgent 'A' -Priority 4".to_owned(), "between 1 and 3"),
            ("Set-TransportAgent 'A' -Priority 0".to_owned(), "between 1 and 3"),
            (format!("{install} X -AssemblyPath 'C:\\missing.dll'"), "doesn't exist"),
            (format!("{install} X -AssemblyPath '\\\\server\\x.dll'"), "UNC"),
            (format!("{install} a -AssemblyPath 'C:\\x.dll'"), "already exists"),
            (format!("{install} {} -AssemblyPath 'C:\\x.dll'", "x".repeat(65)), "64"),
            ("Enable-TransportAgent 'A' -Frobnicate 1".to_owned(), "frobnicate"),
            ("Frob-TransportAgent 'A'".to_owned(), "not recognized"),
        ] {
            let (_, error, agents, warnings) = shell(&statement);
            let message = error.expect(&statement).message;
            assert!(message.contains(says), "{statement}: {message}");
            assert_eq!((agents.len(), agents.iter().all(|a| a.enabled), warnings.len()), (3, true, 0));
        }
    }
}
