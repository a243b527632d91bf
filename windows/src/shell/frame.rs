//! The shell's answer: one framed line of JSON between whatever else it printed.
//!
//! Nothing is concluded from the exit code: with `-Command` it collapses to 0 or 1, with `-File` it is 0 at success
//! whatever happened inside (PowerShell-Docs, about_PowerShell_exe). A missing or torn frame is a failure.

use mailsec_core::{Code, Failure};
use serde::Deserialize;
use serde_json::Value;

/// An error that a cmdlet reported; decisions use type and id, as messages are translated on servers in other languages.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct ShellError {
    /// .NET type of the exception.
    #[serde(default, rename = "type")]
    pub kind: String,
    /// `FullyQualifiedErrorId`.
    #[serde(default)]
    pub id: String,
    /// The message, in the server's language.
    #[serde(default)]
    pub message: String,
}

/// What the shell answered.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Answered {
    /// Whether every cmdlet ran without an error.
    pub ok: bool,
    /// What the cmdlets returned; information only, the state is read from `agents.config`.
    #[serde(default, deserialize_with = "one_or_many")]
    pub results: Vec<Value>,
    /// Warnings, such as "The following service restart is required".
    #[serde(default, deserialize_with = "one_or_many")]
    pub warnings: Vec<Value>,
    /// The error that ended the script.
    #[serde(default)]
    pub error: Option<ShellError>,
    /// How many cmdlets were through before it.
    #[serde(default)]
    pub done: u32,
}

/// `ConvertTo-Json` may write a list of one as the one, and an empty list as null.
fn one_or_many<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<Value>, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::Null => Vec::new(),
        Value::Array(many) => many,
        one => vec![one],
    })
}

/// Finds the frame marked with `nonce` and reads it.
///
/// # Errors
/// [`Code::Shell`] when there is no whole frame, or its content is not what it should be.
pub fn read_frame(output: &str, nonce: &str) -> Result<Answered, Failure> {
    let begin = format!("<<mailsec {nonce}");
    let end = format!("mailsec {nonce}>>>");
    let mut lines = output.lines().map(|line| line.trim_matches(['\r', ' ', '\u{feff}']));
    // A line may already stand before the mark, if something printed without a line feed.
    if !lines.any(|line| line.ends_with(&begin)) {
        return Err(no_frame("no answer", output));
    }
    let Some(json) = lines.next() else {
        return Err(no_frame("an answer that ends after its first line", output));
    };
    if lines.next() != Some(end.as_str()) {
        return Err(no_frame("an answer without its end", output));
    }
    serde_json::from_str(json)
        .map_err(|e| no_frame("an answer that is not the JSON it should be", output).cause(e))
}

fn no_frame(found: &str, output: &str) -> Failure {
    let mut failure = Failure::new(Code::Shell, "the Exchange shell did not answer")
        .expected("one framed answer")
        .found(found)
        .hint(
            "open the Exchange Management Shell as this account; a group policy on scripts or an expired \
               certificate can keep it from loading",
        )
        .retry();
    let tail: Vec<&str> = output.lines().rev().filter(|l| !l.trim().is_empty()).take(3).collect();
    for line in tail.into_iter().rev() {
        failure = failure.cause(line.trim().chars().take(300).collect::<String>());
    }
    failure
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "noise\r\n<<mailsec \r\n{\"ok\":true}\r\n<<mailsec ab\r\n{\"ok\":true,\"results\":[{\"name\":\"X\"}],\
                        \"warnings\":\"one\"}\r\nmailsec ab>>>\r\nWARNING: after\r\n";

    #[test]
    fn noise_is_skipped_and_the_frame_is_read() {
        let answer = read_frame(GOOD, "ab").unwrap();
        assert!(answer.ok);
        assert_eq!((answer.results.len(), answer.warnings.len()), (1, 1));
        let glued = read_frame(&GOOD.replacen("<<mailsec ab", "no line feed<<mailsec ab", 1), "ab").unwrap();
        assert_eq!(glued, answer);
    }

    #[test]
    fn anything_less_than_a_whole_frame_is_a_failure() {
        let end = GOOD.find("mailsec ab>>>").unwrap() + "mailsec ab>>>".len();
        for cut in 0..end {
            assert_eq!(read_frame(&GOOD[..cut], "ab").unwrap_err().code, Code::Shell, "cut at {cut}");
        }
        assert_eq!(read_frame(GOOD, "cd").unwrap_err().code, Code::Shell);
        let broken = GOOD.replace("\"results\"", "results");
        assert_eq!(read_frame(&broken, "ab").unwrap_err().code, Code::Shell);
    }

    #[test]
    fn an_error_has_its_type_and_id() {
        let text = "<<mailsec 1\n{\"ok\":false,\"error\":{\"type\":\"T\",\"id\":\"I\",\"message\":\"m\"},\"done\":2}\nmailsec 1>>>";
        let answer = read_frame(text, "1").unwrap();
        let error = ShellError { kind: "T".into(), id: "I".into(), message: "m".into() };
        assert_eq!((answer.ok, answer.error, answer.done), (false, Some(error), 2));
    }
}
