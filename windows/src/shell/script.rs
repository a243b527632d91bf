//! Scripts for Windows PowerShell 5.1, built from cmdlets and values; values are only ever single-quoted strings.

use base64::{Engine, engine::general_purpose::STANDARD};
use mailsec_core::{
    Code, Failure,
    host::{Agent, AgentId, TransportService},
    values::ServerPath,
};
use std::fmt::Write;

/// How the shell reaches Exchange's cmdlets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShellKind {
    /// A Mailbox server: `RemoteExchange.ps1`, then `Connect-ExchangeServer -Auto`, as Microsoft's own scripts do
    /// (CSS-Exchange, `Shared/Confirm-ExchangeShell.ps1`).
    Mailbox,
    /// An Edge server: the snap-ins named in `exShell.psc1`, then `Exchange.ps1` (same source); there is no remote
    /// shell on Edge.
    Edge,
    /// Agents of the Front End service: the snap-in itself, the one task for which Microsoft documents it
    /// (Exchange 2013, "Manage transport agents").
    FrontEnd,
}

impl ShellKind {
    /// The way that fits a server and the service whose agent is changed.
    #[must_use]
    pub fn fitting(edge: bool, service: TransportService) -> Self {
        match service {
            TransportService::FrontEnd => Self::FrontEnd,
            TransportService::Hub | TransportService::Edge if edge => Self::Edge,
            TransportService::Hub | TransportService::Edge => Self::Mailbox,
        }
    }
}

/// One cmdlet on transport agents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cmdlet {
    /// `Install-TransportAgent`.
    Install {
        /// Name and service.
        id: AgentId,
        /// .NET class of the factory.
        factory: String,
        /// The assembly; not on a share.
        assembly: ServerPath,
    },
    /// `Uninstall-TransportAgent`.
    Uninstall(AgentId),
    /// `Enable-TransportAgent`.
    Enable(AgentId),
    /// `Disable-TransportAgent`.
    Disable(AgentId),
    /// `Set-TransportAgent -Priority`.
    SetPriority(AgentId, u32),
}

impl Cmdlet {
    /// The cmdlet that registers an agent.
    ///
    /// # Errors
    /// [`Code::BadArgument`] for what Exchange refuses: a name over 64 characters, an assembly on a share
    /// (`Install-TransportAgent`, parameters `Name` and `AssemblyPath`).
    pub fn install(agent: &Agent) -> Result<Self, Failure> {
        let length = agent.id.name.chars().count();
        if length == 0 || length > 64 {
            return Err(Failure::new(Code::BadArgument, "the transport agent's name is too long or empty")
                .expected("1 to 64 characters")
                .found(format!("{length} characters")));
        }
        if !agent.assembly.is_absolute() || agent.assembly.is_unc() {
            return Err(Failure::new(
                Code::BadArgument,
                "the transport agent's assembly is not on a local drive",
            )
            .expected(r"a path such as C:\...\agent.dll")
            .found(agent.assembly.as_str()));
        }
        Ok(Self::Install {
            id: agent.id.clone(),
            factory: agent.factory.to_string(),
            assembly: agent.assembly.clone(),
        })
    }

    /// The agent it is about.
    #[must_use]
    pub fn id(&self) -> &AgentId {
        match self {
            Self::Install { id, .. } | Self::Uninstall(id) | Self::Enable(id) => id,
            Self::Disable(id) | Self::SetPriority(id, _) => id,
        }
    }

    /// The statement. `-Confirm:$false` because Disable and Uninstall pause for a confirmation by default, which a
    /// non-interactive shell turns into an error.
    fn statement(&self) -> String {
        let id = self.id();
        let (verb, parameters) = match self {
            Self::Install { factory, assembly, .. } => (
                "Install",
                format!(
                    "-Name {} -TransportAgentFactory {} -AssemblyPath {}",
                    quoted(&id.name),
                    quoted(factory),
                    quoted(assembly.as_str())
                ),
            ),
            Self::Uninstall(_) => ("Uninstall", format!("-Identity {}", quoted(&id.name))),
            Self::Enable(_) => ("Enable", format!("-Identity {}", quoted(&id.name))),
            Self::Disable(_) => ("Disable", format!("-Identity {}", quoted(&id.name))),
            Self::SetPriority(_, to) => ("Set", format!("-Identity {} -Priority {to}", quoted(&id.name))),
        };
        format!("{verb}-TransportAgent {parameters} -TransportService '{}' -Confirm:$false", id.service)
    }
}

/// A script: what it does, and how its answer is marked.
#[derive(Clone, Debug)]
pub struct Script<'a> {
    /// How the cmdlets are reached.
    pub kind: ShellKind,
    /// `MsiInstallPath`.
    pub folder: &'a ServerPath,
    /// Hex digits that mark the answer to this very call.
    pub nonce: &'a str,
    /// What to run, in order; the first error ends it.
    pub cmdlets: &'a [Cmdlet],
}

impl Script<'_> {
    /// The script's text.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        let bin = self.folder.join("bin");
        let _ = writeln!(text, "$nonce = '{}'", self.nonce);
        text.push_str(PROLOGUE);
        match self.kind {
            ShellKind::Mailbox => {
                let _ = writeln!(text, "    . {}", quoted(bin.join("RemoteExchange.ps1").as_str()));
                text.push_str("    Connect-ExchangeServer -Auto -ClientApplication:ManagementShell\n");
            }
            ShellKind::Edge => {
                let _ = writeln!(
                    text,
                    "    [xml]$console = Get-Content -LiteralPath {}",
                    quoted(bin.join("exShell.psc1").as_str())
                );
                text.push_str(
                    "    foreach ($snapin in $console.PSConsoleFile.PSSnapIns.PSSnapIn) {\n        \
                     Add-PSSnapin -Name $snapin.Name\n    }\n",
                );
                let _ = writeln!(text, "    . {}", quoted(bin.join("Exchange.ps1").as_str()));
            }
            ShellKind::FrontEnd => {
                text.push_str("    Add-PSSnapin Microsoft.Exchange.Management.PowerShell.SnapIn\n");
            }
        }
        text.push_str(LOADED);
        for cmdlet in self.cmdlets {
            let _ = writeln!(text, "    $results += {}\n    $done += 1", cmdlet.statement());
        }
        text.push_str(EPILOGUE);
        text
    }
}

// Exchange's own start scripts report harmless errors, so they run with 'Continue'; the cmdlets run with 'Stop', which
// also ends the script at errors that are not terminating.
const PROLOGUE: &str = r"$ErrorActionPreference = 'Continue'
$ProgressPreference = 'SilentlyContinue'
$results = @()
$mailsecWarnings = @()
$done = 0
try { [Console]::OutputEncoding = New-Object System.Text.UTF8Encoding $false } catch { $null = $_ }
try {
";

// A default parameter instead of a parameter on each statement: warnings are wanted, but nothing depends on them.
const LOADED: &str = r"    $ErrorActionPreference = 'Stop'
    $null = Get-Command -Name 'Get-TransportAgent'
    $PSDefaultParameterValues['*-TransportAgent:WarningVariable'] = '+mailsecWarnings'
";

// Plain scalars only: ConvertTo-Json cuts deeper objects off in silence. What is not ASCII is escaped, so that no code
// page can damage it.
const EPILOGUE: &str = r"    $plain = @()
    foreach ($agent in $results) {
        if ($null -ne $agent) {
            $plain += @{ name = [string]$agent.Identity; enabled = [bool]$agent.Enabled; priority = [int]$agent.Priority }
        }
    }
    $warnings = @()
    foreach ($warning in $mailsecWarnings) { $warnings += [string]$warning }
    $answer = @{ ok = $true; results = $plain; warnings = $warnings }
} catch {
    $problem = @{ type = $_.Exception.GetType().FullName; id = [string]$_.FullyQualifiedErrorId; message = [string]$_.Exception.Message }
    $answer = @{ ok = $false; error = $problem; done = $done }
}
$json = ConvertTo-Json -InputObject $answer -Depth 4 -Compress
$json = [regex]::Replace($json, '[^\x20-\x7e]', { param($match) '\u{0:x4}' -f [int][char]$match.Value })
[Console]::Out.WriteLine('<<mailsec ' + $nonce)
[Console]::Out.WriteLine($json)
[Console]::Out.WriteLine('mailsec ' + $nonce + '>>>')
[Console]::Out.Flush()
";

/// A single-quoted PowerShell string. Besides `'` the shell takes the typographic quotes for quotes too
/// (about_Quoting_Rules), so they are doubled as well; line breaks cannot be in a name and become spaces.
fn quoted(value: &str) -> String {
    let mut text = String::with_capacity(value.len() + 2);
    text.push('\'');
    for c in value.chars() {
        match c {
            '\'' | '\u{2018}' | '\u{2019}' | '\u{201a}' | '\u{201b}' => text.extend([c, c]),
            c if c.is_control() => text.push(' '),
            c => text.push(c),
        }
    }
    text.push('\'');
    text
}

/// The argument of `-EncodedCommand`: base64 of UTF-16LE (about_PowerShell_exe).
#[must_use]
pub fn encode_command(script: &str) -> String {
    let bytes: Vec<u8> = script.encode_utf16().flat_map(u16::to_le_bytes).collect();
    STANDARD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(name: &str, service: TransportService) -> AgentId {
        AgentId { name: name.into(), service }
    }

    fn samples() -> Vec<String> {
        let folder = ServerPath::new(r"C:\Program Files\Microsoft\Exchange Server\V15\");
        let mut texts = Vec::new();
        for kind in [ShellKind::Mailbox, ShellKind::Edge, ShellKind::FrontEnd] {
            for name in ["VIPRE Agent", "O'Neil", "a\u{2019}; Remove-Item x #", "$(calc) `n \"q\"", "Ü\n@{"]
            {
                let id = id(name, TransportService::Hub);
                let cmdlets = [
                    Cmdlet::Install {
                        id: id.clone(),
                        factory: "A.B'C".into(),
                        assembly: ServerPath::new(r"C:\x (y)\z.dll"),
                    },
                    Cmdlet::Enable(id.clone()),
                    Cmdlet::SetPriority(id.clone(), 3),
                    Cmdlet::Disable(id.clone()),
                    Cmdlet::Uninstall(id),
                ];
                texts.push(Script { kind, folder: &folder, nonce: "00ff", cmdlets: &cmdlets }.text());
            }
        }
        texts
    }

    #[test]
    fn powershells_grammar_takes_every_script() {
        let mut parser = tree_sitter::Parser::new();
        parser.set_language(&tree_sitter_powershell::LANGUAGE.into()).unwrap();
        for broken in ["try { $x = 'a", "$a += )"] {
            assert!(
                parser.parse(broken, None).unwrap().root_node().has_error(),
                "the grammar sees what is wrong"
            );
        }
        for text in samples() {
            let tree = parser.parse(&text, None).unwrap();
            assert!(!tree.root_node().has_error(), "{}\n{text}", tree.root_node().to_sexp());
        }
    }

    #[test]
    fn the_grammar_sees_names_as_strings_and_nothing_of_them_as_code() {
        let mut parser = tree_sitter::Parser::new();
        parser.set_language(&tree_sitter_powershell::LANGUAGE.into()).unwrap();
        let shape = |name: &str| {
            let cmdlets = [Cmdlet::Uninstall(id(name, TransportService::Edge))];
            let folder = ServerPath::new(r"C:\E");
            let text =
                Script { kind: ShellKind::Edge, folder: &folder, nonce: "1", cmdlets: &cmdlets }.text();
            parser.parse(text, None).unwrap().root_node().to_sexp()
        };
        let mut shape = shape;
        let plain = shape("Agent");
        for odd in ["O'Neil", "$(calc)", "';calc;'", "`$x", "@{a=1}", "a\"b"] {
            assert_eq!(shape(odd), plain, "{odd}");
        }
    }

    #[test]
    fn each_statement_is_a_line_of_its_own() {
        let folder = ServerPath::new(r"C:\E");
        let cmdlets = [Cmdlet::Disable(id("O'Neil", TransportService::FrontEnd))];
        let text =
            Script { kind: ShellKind::FrontEnd, folder: &folder, nonce: "ab12", cmdlets: &cmdlets }.text();
        assert!(text.lines().any(|l| l == "$nonce = 'ab12'"));
        assert!(text.lines().any(|l| l.trim()
            == "$results += Disable-TransportAgent -Identity 'O''Neil' -TransportService 'FrontEnd' -Confirm:$false"));
    }

    #[test]
    fn the_encoded_form_is_utf16() {
        assert_eq!(encode_command("ab"), "YQBiAA==");
    }

    #[test]
    fn what_exchange_refuses_is_not_asked() {
        let mut agent = Agent {
            id: id(&"x".repeat(65), TransportService::Hub),
            enabled: false,
            priority: 1,
            factory: "F".into(),
            assembly: ServerPath::new(r"C:\a.dll"),
        };
        assert_eq!(Cmdlet::install(&agent).unwrap_err().code, Code::BadArgument);
        agent.id.name = "x".repeat(64).into();
        assert!(Cmdlet::install(&agent).is_ok());
        agent.assembly = ServerPath::new(r"\\srv\share\a.dll");
        assert_eq!(Cmdlet::install(&agent).unwrap_err().code, Code::BadArgument);
    }

    #[test]
    fn a_statement_needs_no_other_line() {
        for text in samples() {
            let begun = text.lines().filter(|l| l.contains("-TransportAgent -")).count();
            assert_eq!(begun, 5, "{text}");
        }
    }
}
