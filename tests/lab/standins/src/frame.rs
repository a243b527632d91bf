//! The shell's answer: JSON between two lines that the script chose.

use serde_json::{Value, json};

/// The whole answer, its lines ended as the shell ends them.
pub fn frame((begin, end): &(String, String), answer: &Value) -> String {
    format!("{begin}\r\n{answer}\r\n{end}\r\n")
}

/// The answer when every statement succeeded.
pub fn success(results: &[Value], warnings: &[String]) -> Value {
    json!({ "ok": true, "results": results, "warnings": warnings })
}

/// The answer when a statement failed after `done` of them had succeeded.
pub fn failure(error: &crate::cmdlets::CmdletError, done: usize) -> Value {
    json!({
        "ok": false,
        "error": { "type": error.kind, "id": error.id, "message": error.message },
        "done": done,
    })
}
