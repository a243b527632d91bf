//! Windows command lines: a single text that every program takes apart by itself.

use mailsec_core::{
    Code, Failure,
    host::{InstallRequest, PackageKind, UninstallRequest},
    values::{Secret, ServerPath},
};
use zeroize::Zeroizing;

/// The program of a service's command line (`ImagePath`), without its arguments.
///
/// `C:\Program Files\A B\c.exe -x` without quotes is ambiguous; Windows tries `C:\Program`, then `C:\Program Files\A`
/// and so on (<https://learn.microsoft.com/windows/win32/api/processthreadsapi/nf-processthreadsapi-createprocessw>).
/// `is_file` answers that question; where it never says yes, the text up to the first `.exe` is taken.
#[must_use]
pub fn program_of(command: &str, is_file: impl Fn(&str) -> bool) -> Option<ServerPath> {
    let command = command.trim();
    let command = command.strip_prefix(r"\??\").unwrap_or(command);
    if let Some(rest) = command.strip_prefix('"') {
        let program = rest.split('"').next().unwrap_or(rest);
        return (!program.is_empty()).then(|| ServerPath::new(program));
    }
    let ends = command.char_indices().filter(|(_, c)| *c == ' ').map(|(at, _)| at).chain([command.len()]);
    for end in ends {
        let program = &command[..end];
        if is_file(program) {
            return Some(ServerPath::new(program));
        }
    }
    let lower = command.to_ascii_lowercase();
    let end = lower.find(".exe").map_or_else(|| command.find(' ').unwrap_or(command.len()), |at| at + 4);
    (end > 0).then(|| ServerPath::new(&command[..end]))
}

/// What follows `msiexec.exe` for an installation, as one raw text.
///
/// `REBOOT=ReallySuppress` keeps the installer from restarting the server behind the journal's back
/// (<https://learn.microsoft.com/windows/win32/msi/reboot>). Secrets stand in the command line of a running process,
/// where administrators of this server can see them while it runs; Windows Installer has no other way for them. Their
/// way into the log is closed by [`LogDetail`] and by the removal after the run.
///
/// # Errors
/// [`Code::BadArgument`] for what is not a property or could change how the installer runs.
pub fn install_line(request: &InstallRequest<'_>, detail: LogDetail) -> Result<Zeroizing<String>, Failure> {
    let mut line = Zeroizing::new(format!("/i {}", quoted(request.package.as_str())?));
    finish(&mut line, request.arguments, request.secret_properties, request.log, detail)?;
    Ok(line)
}

/// What follows `msiexec.exe` for a removal.
///
/// # Errors
/// As [`install_line`]; also when the product code is not one.
pub fn uninstall_line(
    request: &UninstallRequest<'_>,
    detail: LogDetail,
) -> Result<Zeroizing<String>, Failure> {
    let code = request.product_code;
    let digits = code.strip_prefix('{').and_then(|c| c.strip_suffix('}')).unwrap_or_default();
    let shape: Vec<usize> = digits.split('-').map(str::len).collect();
    if shape != [8, 4, 4, 4, 12] || !digits.chars().all(|c| c == '-' || c.is_ascii_hexdigit()) {
        return Err(Failure::new(Code::BadArgument, "this is not the product code of an MSI package")
            .expected("{XXXXXXXX-XXXX-XXXX-XXXX-XXXXXXXXXXXX}")
            .found(code));
    }
    let mut line = Zeroizing::new(format!("/x {code}"));
    finish(&mut line, &[], request.secret_properties, request.log, detail)?;
    Ok(line)
}

/// How much Windows Installer may log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogDetail {
    /// Everything (`/l*v`).
    Full,
    /// Everything but the property dump and the verbose lines that show property changes. For runs with secrets whose
    /// package does not hide them: `MsiHiddenProperties` is a private property, so it can be authored in the package
    /// but not given on the command line
    /// (<https://learn.microsoft.com/windows/win32/msi/msihiddenproperties>).
    WithoutProperties,
}

impl LogDetail {
    /// What fits the secrets of a run and the properties that the package itself hides.
    #[must_use]
    pub fn fitting(secrets: &[(String, Secret)], hidden: &[String]) -> Self {
        // Names of properties are case-sensitive.
        if secrets.iter().all(|(name, _)| hidden.contains(name)) {
            Self::Full
        } else {
            Self::WithoutProperties
        }
    }

    fn switch(self) -> &'static str {
        match self {
            Self::Full => "/l*v",
            Self::WithoutProperties => "/liwearmuco",
        }
    }
}

fn finish(
    line: &mut Zeroizing<String>,
    arguments: &[String],
    secrets: &[(String, Secret)],
    log: &ServerPath,
    detail: LogDetail,
) -> Result<(), Failure> {
    line.push_str(&format!(" /qn /norestart {} {}", detail.switch(), quoted(log.as_str())?));
    for argument in arguments {
        let Some((name, value)) = argument.split_once('=') else {
            return Err(Failure::new(Code::BadArgument, "an MSI argument is not a property")
                .expected("NAME=value")
                .found(argument.as_str()));
        };
        property(line, name, value)?;
    }
    for (name, secret) in secrets {
        property(line, name, secret.expose())?;
    }
    // Last, so that nothing before it can take it back.
    line.push_str(" REBOOT=ReallySuppress");
    Ok(())
}

/// `NAME="value"`; a quote in the value is written twice
/// (<https://learn.microsoft.com/windows/win32/msi/command-line-options>).
fn property(line: &mut String, name: &str, value: &str) -> Result<(), Failure> {
    let public = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_' || c == '.';
    if name.is_empty()
        || !name.chars().all(public)
        || name.starts_with(|c: char| c.is_ascii_digit() || c == '.')
    {
        return Err(Failure::new(Code::BadArgument, "this is not the name of a public MSI property")
            .expected("upper-case letters, digits, underscores and periods")
            .found(name));
    }
    if name == "REBOOT" {
        return Err(Failure::new(Code::BadArgument, "the property REBOOT belongs to this program")
            .hint("the server is restarted by a step of the plan, where it is needed"));
    }
    // The value may be a secret and is not shown.
    if value.chars().any(char::is_control) {
        return Err(Failure::new(Code::BadArgument, format!("the value of {name} has a control character")));
    }
    line.push_str(&format!(" {name}=\"{}\"", Zeroizing::new(value.replace('"', "\"\"")).as_str()));
    Ok(())
}

fn quoted(path: &str) -> Result<String, Failure> {
    if path.chars().any(|c| c == '"' || c.is_control()) {
        return Err(
            Failure::new(Code::BadArgument, "a path has a character that no file name can have").found(path)
        );
    }
    Ok(format!("\"{path}\""))
}

/// Words as one text that a program takes apart into the same words
/// (<https://learn.microsoft.com/cpp/c-language/parsing-c-command-line-arguments>).
#[must_use]
pub fn joined<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    let quoted = |word: &str| {
        if !word.is_empty() && !word.contains([' ', '\t', '"']) {
            return word.to_owned();
        }
        let (mut text, mut slashes) = (String::from('"'), 0);
        for c in word.chars() {
            // Backslashes stand for themselves, but before a quote.
            if c == '"' {
                text.push_str(&"\\".repeat(slashes + 1));
            }
            slashes = if c == '\\' { slashes + 1 } else { 0 };
            text.push(c);
        }
        text + &"\\".repeat(slashes) + "\""
    };
    words.into_iter().map(quoted).collect::<Vec<_>>().join(" ")
}

/// Whether a request fits the kind of its package.
///
/// # Errors
/// [`Code::BadArgument`] when a program is given secret properties: there is no form for them that is known to be safe.
pub fn check_request(request: &InstallRequest<'_>) -> Result<(), Failure> {
    if request.kind == PackageKind::Exe && !request.secret_properties.is_empty() {
        return Err(Failure::new(Code::BadArgument, "a program cannot be given secret properties")
            .hint("run this installer attended, or use its MSI package"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn the_program_of_a_service_is_found_in_its_command_line() {
        let never = |_: &str| false;
        let of = |command, is: &dyn Fn(&str) -> bool| program_of(command, is).map(|p| p.as_str().to_owned());
        assert_eq!(of(r#""C:\P F\a b.exe" -k "x y""#, &never).as_deref(), Some(r"C:\P F\a b.exe"));
        assert_eq!(of(r"C:\P F\a b.exe -k x.exe", &never).as_deref(), Some(r"C:\P F\a b.exe"));
        assert_eq!(of(r"C:\P F\a b", &|p| p == r"C:\P F\a").as_deref(), Some(r"C:\P F\a"));
        assert_eq!(of(r"\??\C:\x\y.exe", &never).as_deref(), Some(r"C:\x\y.exe"));
        assert_eq!(of("", &never), None);
    }

    #[test]
    fn words_are_joined_so_that_they_come_apart_again() {
        let words = ["--state", r"C:\a b\", "", r#"a"b"#, r#"x\" y"#, r"plain\"];
        assert_eq!(joined(words), r#"--state "C:\a b\\" "" "a\"b" "x\\\" y" plain\"#);
    }

    fn line(arguments: &[&str], secrets: &[(&str, &str)]) -> Result<String, Failure> {
        let arguments: Vec<String> = arguments.iter().map(|a| (*a).to_owned()).collect();
        let secrets: Vec<(String, Secret)> =
            secrets.iter().map(|(n, s)| ((*n).to_owned(), Secret::new(*s))).collect();
        let request = InstallRequest {
            package: &ServerPath::new(r"C:\a b\p.msi"),
            kind: PackageKind::Msi,
            arguments: &arguments,
            secret_properties: &secrets,
            log: &ServerPath::new(r"C:\log\p.log"),
            limit: Duration::from_secs(1),
        };
        install_line(&request, LogDetail::fitting(&secrets, &["HIDDEN".to_owned()]))
            .map(|l| l.as_str().to_owned())
    }

    #[test]
    fn installers_are_silent_logged_and_never_restart() {
        assert_eq!(
            line(&["ACCOUNT=LAB\\svc", "TEXT=a \"b\""], &[("HIDDEN", "p w")]).unwrap(),
            r#"/i "C:\a b\p.msi" /qn /norestart /l*v "C:\log\p.log" ACCOUNT="LAB\svc" TEXT="a ""b""" HIDDEN="p w" REBOOT=ReallySuppress"#
        );
        assert!(line(&[], &[("PASSWORD", "x")]).unwrap().contains(" /liwearmuco "));
    }

    #[test]
    fn nothing_slips_into_the_command_line() {
        for bad in ["/forcerestart", "REBOOT=Force", "lower=1", "=x", "A B=1", "A=1\n/x", "1A=2"] {
            assert_eq!(line(&[bad], &[]).unwrap_err().code, Code::BadArgument, "{bad}");
        }
        let error = line(&[], &[("PASSWORD", "s3cret\n")]).unwrap_err();
        assert!(!format!("{error:?}").contains("s3cret"));
        let log = ServerPath::new("x");
        for bad in
            ["", "{x}", "{00000000-0000-0000-0000-000000000000} /y", "00000000-0000-0000-0000-000000000000"]
        {
            let request = UninstallRequest {
                product_code: bad,
                secret_properties: &[],
                log: &log,
                limit: Duration::from_secs(1),
            };
            assert!(uninstall_line(&request, LogDetail::Full).is_err(), "{bad}");
        }
    }
}
