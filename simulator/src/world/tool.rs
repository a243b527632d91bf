//! Tools: programs that are run and waited for. A tool's file says what it does.

use super::World;
use crate::fate::Fate;
use mailsec_core::{
    Code, Failure,
    host::{Answer, ToolExit, ToolRun},
};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// A tool's program file, as JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "tool", rename_all = "snake_case")]
pub enum Tool {
    /// Says something and ends so.
    Scripted {
        /// How long it takes.
        millis: u64,
        /// What it prints.
        says: String,
        /// Its exit code.
        code: i32,
    },
    /// Exports and imports the settings of ESET's product.
    Ecmd,
}

impl Tool {
    /// The file's content.
    #[must_use]
    pub fn text(&self) -> String {
        // Strings and numbers always have a JSON form.
        serde_json::to_string(self).unwrap_or_default()
    }
}

impl World {
    /// Runs a tool to its end, or until its time is up.
    ///
    /// # Errors
    /// [`Code::FileMissing`], [`Code::TimeLimit`].
    pub(crate) fn run_tool(&mut self, fate: &mut Fate, run: &ToolRun) -> Answer<ToolExit> {
        let name = run.program.file_name();
        let tool: Tool = serde_json::from_slice(self.disk.read(&run.program)?.bytes())
            .map_err(|why| Failure::new(Code::System, format!("{name} is no program")).cause(why))?;
        match tool {
            Tool::Ecmd => self.ecmd(fate, &run.arguments),
            Tool::Scripted { millis, says, code } => {
                let takes = Duration::from_millis(millis);
                self.advance(fate, takes.min(run.limit))?;
                if takes > run.limit {
                    return Err(Failure::new(
                        Code::TimeLimit,
                        format!("{name} takes too long; it was ended"),
                    )
                    .expected(format!("its end within {} s", run.limit.as_secs()))
                    .retry());
                }
                Ok(ToolExit::new(code, &says))
            }
        }
    }
}
