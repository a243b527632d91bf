//! The narrow part of the shell's language that the stand-in understands.
//!
//! One line says `$nonce = '...'`. Every line of the form `Verb-TransportAgent -Param value ...` is a statement, also
//! behind `$name = ` or `$name += ` and before ` | Out-Null`. The lines `[Console]::Out.WriteLine('...' + $nonce + '...')`
//! say how the answer is marked. Every other line is ignored. A line that begins like a
//! statement and is not one is an error, as it would be in the real shell.

use std::collections::BTreeMap;

/// A script, as far as the stand-in understands it.
#[derive(Debug, PartialEq, Eq)]
pub struct Script {
    /// The lines before and after the answer, which mark it as the one to this call.
    pub marks: (String, String),
    /// The statements in their order.
    pub statements: Vec<Statement>,
}

/// One call of a cmdlet.
#[derive(Debug, PartialEq, Eq)]
pub struct Statement {
    /// The verb, as written.
    pub verb: String,
    /// The parameters, their names in lower case. The positional one is called "identity".
    pub parameters: BTreeMap<String, String>,
    /// Whether the result is thrown away.
    pub discarded: bool,
}

/// Why a script was not understood.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScriptError {
    /// There is no line `$nonce = '...'`.
    #[error("the script states no nonce")]
    NoNonce,
    /// A statement is malformed.
    #[error("{problem} in: {line}")]
    Statement {
        /// What is wrong.
        problem: String,
        /// The line.
        line: String,
    },
}

/// Reads a script.
pub fn parse(script: &str) -> Result<Script, ScriptError> {
    let mut nonce = None;
    let mut marks = Vec::new();
    let mut statements = Vec::new();
    for line in script.lines().map(str::trim) {
        if let Some(value) = assigned(line, "$nonce") {
            nonce = quoted(value);
        } else if let Some(mark) = nonce.as_deref().and_then(|nonce| mark(line, nonce)) {
            marks.push(mark);
        } else if let Some(statement) =
            statement(line).map_err(|problem| ScriptError::Statement { problem, line: line.to_owned() })?
        {
            statements.push(statement);
        }
    }
    let nonce = nonce.ok_or(ScriptError::NoNonce)?;
    let marks = match <[String; 2]>::try_from(marks) {
        Ok([begin, end]) => (begin, end),
        Err(_) => (format!("<<mailsec {nonce}"), format!("mailsec {nonce}>>")),
    };
    Ok(Script { marks, statements })
}

/// A line that is written to the console and has the nonce in it.
fn mark(line: &str, nonce: &str) -> Option<String> {
    let expression =
        line.strip_prefix("[Console]::Out.WriteLine(")?.trim_end_matches(';').strip_suffix(')')?;
    let mut has_nonce = false;
    let mut mark = String::new();
    for term in expression.split('+').map(str::trim) {
        if term == "$nonce" {
            has_nonce = true;
            mark.push_str(nonce);
        } else {
            mark.push_str(term.strip_prefix('\'')?.strip_suffix('\'').filter(|text| !text.contains('\''))?);
        }
    }
    has_nonce.then_some(mark)
}

/// The shell takes the typographic quotes for quotes too.
fn is_quote(c: char) -> bool {
    matches!(c, '\'' | '\u{2018}' | '\u{2019}' | '\u{201a}' | '\u{201b}')
}

fn assigned<'a>(line: &'a str, variable: &str) -> Option<&'a str> {
    line.strip_prefix(variable)?.trim_start().strip_prefix('=').map(str::trim)
}

fn quoted(text: &str) -> Option<String> {
    let inner = text.trim_end_matches(';').trim().strip_prefix('\'')?.strip_suffix('\'')?;
    inner.chars().all(|c| c.is_ascii_alphanumeric()).then(|| inner.to_owned())
}

fn statement(line: &str) -> Result<Option<Statement>, String> {
    let mut rest = line.trim_end_matches(';').trim();
    if let Some((variable, value)) = rest.strip_prefix('$').and_then(|text| text.split_once('='))
        && variable.trim_end_matches('+').trim().chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    {
        rest = value.trim();
    }
    let name_end = rest.find(char::is_whitespace).unwrap_or(rest.len());
    let (name, tail) = rest.split_at(name_end);
    let Some(verb) = name
        .len()
        .checked_sub("-TransportAgent".len())
        .filter(|at| name.is_char_boundary(*at) && name[*at..].eq_ignore_ascii_case("-TransportAgent"))
        .map(|at| &name[..at])
        .filter(|verb| !verb.is_empty() && verb.chars().all(|c| c.is_ascii_alphabetic()))
    else {
        return Ok(None);
    };
    let mut statement = Statement { verb: verb.to_owned(), parameters: BTreeMap::new(), discarded: false };
    let mut words = Words(tail);
    while let Some(word) = words.next()? {
        match word {
            Word::Pipe => {
                let into = words.next()?;
                if !matches!(&into, Some(Word::Bare(w)) if w.eq_ignore_ascii_case("Out-Null")) {
                    return Err("only Out-Null may follow a pipe".to_owned());
                }
                statement.discarded = true;
            }
            Word::Parameter(name, Some(value)) => insert(&mut statement, name, value)?,
            Word::Parameter(name, None) => match words.next()? {
                Some(Word::Bare(value) | Word::Quoted(value)) => insert(&mut statement, name, value)?,
                _ => return Err(format!("missing an argument for parameter '{name}'")),
            },
            Word::Bare(value) | Word::Quoted(value) => insert(&mut statement, "Identity".to_owned(), value)?,
        }
    }
    Ok(Some(statement))
}

fn insert(statement: &mut Statement, name: String, value: String) -> Result<(), String> {
    match statement.parameters.insert(name.to_ascii_lowercase(), value) {
        None => Ok(()),
        Some(_) => Err(format!("the parameter '{name}' is specified more than once")),
    }
}

enum Word {
    Pipe,
    Parameter(String, Option<String>),
    Quoted(String),
    Bare(String),
}

struct Words<'a>(&'a str);

impl<'a> Words<'a> {
    fn next(&mut self) -> Result<Option<Word>, String> {
        let text = self.0.trim_start();
        let Some(first) = text.chars().next() else {
            self.0 = "";
            return Ok(None);
        };
        if first == '|' {
            self.0 = &text[1..];
            return Ok(Some(Word::Pipe));
        }
        if is_quote(first) {
            return self.quoted(&text[first.len_utf8()..]).map(Some);
        }
        let end = text.find(char::is_whitespace).unwrap_or(text.len());
        let (word, rest) = text.split_at(end);
        self.0 = rest;
        // What would be expanded, run or split by the real shell is not a plain value.
        let plain = |value: &str| !value.contains(['"', '`', '(', ')', '{', '}', ';', '|', '&', '\'']);
        let value = |value: &str| match value {
            v if v.eq_ignore_ascii_case("$true") => Ok("true".to_owned()),
            v if v.eq_ignore_ascii_case("$false") => Ok("false".to_owned()),
            v if plain(v) && !v.starts_with('$') && !v.is_empty() => Ok(v.to_owned()),
            v => Err(format!("the stand-in does not understand the value {v}")),
        };
        let Some(parameter) =
            word.strip_prefix('-').filter(|p| p.starts_with(|c: char| c.is_ascii_alphabetic()))
        else {
            return value(word).map(|v| Some(Word::Bare(v)));
        };
        match parameter.split_once(':') {
            Some((name, set)) => Ok(Some(Word::Parameter(name.to_owned(), Some(value(set)?)))),
            None => Ok(Some(Word::Parameter(parameter.to_owned(), None))),
        }
    }

    fn quoted(&mut self, text: &'a str) -> Result<Word, String> {
        let mut value = String::new();
        let mut chars = text.char_indices().peekable();
        while let Some((at, c)) = chars.next() {
            if !is_quote(c) || chars.next_if(|(_, next)| is_quote(*next)).is_some() {
                value.push(c);
            } else {
                self.0 = &text[at + c.len_utf8()..];
                return Ok(Word::Quoted(value));
            }
        }
        Err("the string is missing the terminator: '".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_subset_is_read_and_the_rest_ignored() {
        let script = parse(
            "$ErrorActionPreference = 'Stop'\r\n$nonce = '00ff'\r\n$results = @()\r\ntry {\r\n  \
             $results += Get-TransportAgent -Identity 'O''Neil & Co' -TransportService Hub\r\n  \
             Disable-TransportAgent -Identity 'a b' -Confirm:$false | Out-Null\r\n  \
             Set-TransportAgent 'a' -Priority 3;\r\n} catch { Write-Error 'x' }\r\n# Get-TransportAgent",
        )
        .unwrap();
        assert_eq!(script.marks, ("<<mailsec 00ff".to_owned(), "mailsec 00ff>>".to_owned()));
        let text: Vec<_> = script
            .statements
            .iter()
            .map(|s| format!("{} {:?} {}", s.verb, s.parameters, s.discarded))
            .collect();
        assert_eq!(
            text,
            [
                r#"Get {"identity": "O'Neil & Co", "transportservice": "Hub"} false"#,
                r#"Disable {"confirm": "false", "identity": "a b"} true"#,
                r#"Set {"identity": "a", "priority": "3"} false"#,
            ]
        );
    }

    #[test]
    fn the_script_says_how_its_answer_is_marked() {
        let script = parse(
            "$nonce = '1a'\n$PSDefaultParameterValues['*-TransportAgent:WarningVariable'] = '+w'\n\
             $null = Get-Command -Name 'Get-TransportAgent'\n$results += Get-TransportAgent -Identity 'a\u{2019}\u{2019}b'\n\
             [Console]::Out.WriteLine('<<<' + $nonce)\n[Console]::Out.WriteLine($json)\n\
             [Console]::Out.WriteLine('end ' + $nonce + '>>>')",
        )
        .unwrap();
        assert_eq!(script.marks, ("<<<1a".to_owned(), "end 1a>>>".to_owned()));
        assert_eq!(script.statements.len(), 1);
        assert_eq!(script.statements[0].parameters["identity"], "a\u{2019}b");
    }

    #[test]
    fn what_the_real_shell_would_expand_is_refused() {
        for line in [
            "Get-TransportAgent -Identity \"a\"",
            "Get-TransportAgent -Identity $name",
            "Get-TransportAgent -Identity 'a",
            "Get-TransportAgent -Identity",
            "Get-TransportAgent -Identity a -Identity b",
            "Get-TransportAgent | Format-List",
            "Get-TransportAgent -Identity (a)",
        ] {
            assert!(parse(&format!("$nonce = '1'\n{line}")).is_err(), "{line}");
        }
        assert_eq!(parse("Get-TransportAgent").unwrap_err(), ScriptError::NoNonce);
    }
}
