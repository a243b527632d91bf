//! Packages and installers.

use crate::{
    command_line::{LogDetail, check_request, install_line, uninstall_line},
    files,
    installer_log::without_secrets,
    os_error::system_failure,
    package_file, registry,
    secrets::SecretSources,
    services::controls,
    store::UncleanLog,
    uninstall_entry::{UNINSTALL, entry},
    win::{machine, process, security, signature, version},
};
use async_trait::async_trait;
use mailsec_core::{
    Code, Failure, Permit,
    host::{
        Answer, InstallRequest, InstalledPackage, InstallerOutcome, PackageFile, PackageKind, Packages,
        RegistryView, ServiceState, Signature, UninstallRequest, exit_code_in,
    },
    values::{Secret, ServerPath},
};
use mailsec_mail::blocking;
use std::{
    fs,
    io::{self, Read},
    os::windows::process::CommandExt,
    panic,
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

/// How often a running installer is looked at.
const POLL: Duration = Duration::from_millis(200);
/// The installer is not ended with this program: not by Ctrl+C, and not with the job of a remote session.
const NEW_PROCESS_GROUP: u32 = 0x0000_0200;
const BREAKAWAY_FROM_JOB: u32 = 0x0100_0000;
const ACCESS_DENIED: i32 = 5;
/// `SERVICE_ACCEPT_SHUTDOWN`, see [`WindowsPackages::busy`].
const ACCEPTS_SHUTDOWN_ONLY: u32 = 4;
/// Bytes at the end of a log in which its exit code stands; a few lines follow it.
const LOG_END: u64 = 64 * 1024;

/// Packages of this machine.
#[derive(Clone, Debug, Default)]
pub struct WindowsPackages {
    secrets: SecretSources,
}

impl WindowsPackages {
    /// With the sources of the secrets, which installers do not inherit.
    #[must_use]
    pub fn new(secrets: SecretSources) -> Self {
        Self { secrets }
    }
}

#[async_trait]
impl Packages for WindowsPackages {
    async fn installed(&self) -> Answer<Vec<InstalledPackage>> {
        blocking(installed).await
    }

    async fn inspect(&self, path: &ServerPath) -> Answer<PackageFile> {
        let path = path.clone();
        blocking(move || inspect(&path)).await
    }

    /// An installation is running exactly when the service `msiserver` accepts nothing but a shutdown
    /// (<https://learn.microsoft.com/windows/win32/msi/-msiexecute-mutex>).
    async fn busy(&self) -> Answer<bool> {
        blocking(|| {
            if machine::is_wine() {
                return Ok(wine_installs());
            }
            Ok(controls("msiserver")?.is_some_and(|(state, accepted)| {
                state != ServiceState::Stopped && accepted == ACCEPTS_SHUTDOWN_ONLY
            }))
        })
        .await
    }

    async fn logged_exit(&self, log: &ServerPath) -> Answer<Option<i32>> {
        let log = log.clone();
        blocking(move || exit_of(&log)).await
    }

    async fn install<'a>(&self, _: &Permit, request: InstallRequest<'a>) -> Answer<InstallerOutcome> {
        check_request(&request)?;
        let mut command = match request.kind {
            PackageKind::Msi => {
                let path = request.package.clone();
                let hidden = blocking(move || Ok(read_msi(&path)?.hidden)).await?;
                let detail = LogDetail::fitting(request.secret_properties, &hidden);
                let mut command = Command::new(msiexec()?);
                command.raw_arg(install_line(&request, detail)?.as_str());
                command
            }
            PackageKind::Exe => {
                let mut command = Command::new(request.package.as_str());
                command.args(request.arguments);
                command
            }
        };
        self.secrets.hide_from(&mut command);
        prepare(&mut command, request.kind, request.log)?;
        self.run(command, request.log, request.secret_properties, request.limit).await
    }

    async fn uninstall<'a>(&self, _: &Permit, request: UninstallRequest<'a>) -> Answer<InstallerOutcome> {
        let detail = LogDetail::fitting(request.secret_properties, &[]);
        let mut command = Command::new(msiexec()?);
        command.raw_arg(uninstall_line(&request, detail)?.as_str());
        self.secrets.hide_from(&mut command);
        prepare(&mut command, PackageKind::Msi, request.log)?;
        self.run(command, request.log, request.secret_properties, request.limit).await
    }
}

/// The exit code at the end of a log; `None` when there is no log, or it does not tell.
pub(crate) fn exit_of(log: &ServerPath) -> Result<Option<i32>, Failure> {
    match files::read_end(log, LOG_END) {
        Ok(end) => Ok(exit_code_in(&end)),
        Err(failure) if failure.code == Code::FileMissing => Ok(None),
        Err(failure) => Err(failure),
    }
}

/// Under Wine `msiexec.exe` installs by itself, without the service: it is busy while one runs.
fn wine_installs() -> bool {
    let image = |pid| process::Process::open(pid).and_then(|p| p.image()).map(ServerPath::new).ok();
    let is_installer = |path: ServerPath| path.file_name().eq_ignore_ascii_case("msiexec.exe");
    process::all().unwrap_or_default().into_iter().filter_map(image).any(is_installer)
}

fn installed() -> Result<Vec<InstalledPackage>, Failure> {
    let mut packages: Vec<InstalledPackage> = Vec::new();
    for view in [RegistryView::Wide, RegistryView::Narrow] {
        let Some(root) = registry::open(view, UNINSTALL)? else { continue };
        let keys = root.keys().map_err(io::Error::from);
        let keys =
            keys.map_err(|e| system_failure(Code::System, "installed packages cannot be listed", &e))?;
        for name in keys {
            // One that was removed since is no error.
            let Some(key) = registry::open(view, &format!(r"{UNINSTALL}\{name}"))? else { continue };
            let package = entry(&name, |value| registry::read(&key, value).ok().flatten());
            packages.extend(package.filter(|package| !packages.contains(package)));
        }
    }
    packages.sort_by(|a, b| a.name.cmp(&b.name).then_with(|| a.key.cmp(&b.key)));
    Ok(packages)
}

fn package_missing(failure: Failure) -> Failure {
    match failure.code {
        Code::FileMissing | Code::FileUnreadable => Failure { code: Code::PackageMissing, ..failure },
        _ => failure,
    }
}

fn read_msi(path: &ServerPath) -> Result<package_file::MsiProperties, Failure> {
    let file = files::open(path).map_err(package_missing)?;
    let damaged = || {
        Failure::new(Code::PackageMissing, format!("{path} is a damaged MSI package"))
            .hint("download it again and compare its size and checksum with the vendor's")
    };
    // The reader is made for whole files; what it makes of a torn one must not end an upgrade.
    match panic::catch_unwind(|| package_file::msi_properties(file)) {
        Ok(Ok(properties)) => Ok(properties),
        Ok(Err(e)) => Err(damaged().cause(e)),
        Err(_) => Err(damaged()),
    }
}

fn inspect(path: &ServerPath) -> Result<PackageFile, Failure> {
    let mut head = Vec::new();
    let unreadable =
        |e: &io::Error| system_failure(Code::PackageMissing, format!("{path} cannot be read"), e);
    let opened = files::open(path).map_err(package_missing)?;
    opened.take(8).read_to_end(&mut head).map_err(|e| unreadable(&e))?;
    let kind = package_file::kind_of(&head)?;
    let (size, digest) = files::measure(path).map_err(package_missing)?;
    let (product, version, product_code, signed) = match kind {
        PackageKind::Msi => {
            let found = read_msi(path)?;
            (found.product, found.version, found.product_code, found.signed)
        }
        PackageKind::Exe => {
            let (product, version) = version::product(&files::long(path)?).map_err(|e| unreadable(&e))?;
            let signed =
                package_file::exe_is_signed(files::open(path).map_err(package_missing)?).unwrap_or(false);
            (product, version, None, signed)
        }
    };
    let signature = signature_of(path, signed);
    Ok(PackageFile { path: path.clone(), kind, size, digest, product, version, product_code, signature })
}

fn signature_of(path: &ServerPath, signed: bool) -> Signature {
    if !signed {
        return Signature::Absent;
    }
    if machine::is_wine() {
        return Signature::Unchecked("Wine has no trust store to check it against".to_owned());
    }
    // Not in the long form, which some of the trust providers do not take.
    match signature::verify(std::path::Path::new(path.as_str())) {
        signature::Verdict::Valid(signer) => Signature::Valid(signer),
        signature::Verdict::Absent => Signature::Absent,
        signature::Verdict::Invalid(code) => {
            Signature::Invalid(format!("{} ({code:#010x})", io::Error::from_raw_os_error(code)))
        }
    }
}

fn msiexec() -> Result<String, Failure> {
    let system = machine::system_folder()
        .map_err(|e| system_failure(Code::System, "the system folder is not known", &e))?;
    Ok(format!(r"{system}\msiexec.exe"))
}

/// Makes the log's folder for administrators only, and gives a program its log as output.
fn prepare(command: &mut Command, kind: PackageKind, log: &ServerPath) -> Result<(), Failure> {
    if let Some(folder) = log.parent() {
        files::make_folders(&folder)?;
    }
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    if kind == PackageKind::Exe {
        let unwritable =
            |e: &io::Error| system_failure(Code::FileUnwritable, format!("{log} cannot be written"), e);
        let path = files::long(log)?;
        match fs::remove_file(&path) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(unwritable(&e)),
            _ => {}
        }
        let file = security::create_file(&path).map_err(|e| unwritable(&e))?;
        let second = file.try_clone().map_err(|e| unwritable(&e))?;
        command.stdout(file).stderr(second);
    }
    Ok(())
}

impl WindowsPackages {
    async fn run(
        &self,
        command: Command,
        log: &ServerPath,
        secrets: &[(String, Secret)],
        limit: Duration,
    ) -> Answer<InstallerOutcome> {
        let (log, secrets) = (log.clone(), secrets.to_vec());
        let store = if secrets.is_empty() { None } else { self.secrets.store().map(Path::to_owned) };
        blocking(move || {
            // Before the installer begins, as this program may be ended at any time after.
            let note = store.map(|folder| UncleanLog::note(&folder, &log)).transpose()?;
            let clean = move |log: &ServerPath| clean(log, &secrets, note.as_ref());
            let mut child = match start(command) {
                Ok(child) => child,
                Err(failure) => {
                    clean(&log);
                    return Err(failure);
                }
            };
            let outcome = wait(&mut child, &log, limit);
            if outcome.as_ref().is_err_and(|failure| failure.code == Code::TimeLimit) {
                // It goes on writing; who is still here at its end cleans.
                let span = tracing::Span::current();
                thread::spawn(move || {
                    let _of = span.entered();
                    let _ = child.wait();
                    clean(&log);
                });
            } else {
                clean(&log);
            }
            outcome
        })
        .await
    }
}

fn unstarted(error: &io::Error) -> Failure {
    system_failure(Code::InstallerFailed, "the installer cannot be run", error)
}

fn start(mut command: Command) -> Result<Child, Failure> {
    command.creation_flags(NEW_PROCESS_GROUP | BREAKAWAY_FROM_JOB);
    match command.spawn() {
        // A job that does not let go of its processes.
        Err(e) if e.raw_os_error() == Some(ACCESS_DENIED) => {
            command.creation_flags(NEW_PROCESS_GROUP);
            command.spawn().map_err(|e| unstarted(&e))
        }
        started => started.map_err(|e| unstarted(&e)),
    }
}

fn wait(child: &mut Child, log: &ServerPath, limit: Duration) -> Result<InstallerOutcome, Failure> {
    let begun = Instant::now();
    loop {
        if let Some(status) = child.try_wait().map_err(|e| unstarted(&e))? {
            let code = status.code().unwrap_or(-1);
            let hint = package_file::exit_code_hint(code).unwrap_or_default();
            tracing::info!(code, hint, %log, "the installer ended");
            return Ok(InstallerOutcome::from_exit_code(code));
        }
        if begun.elapsed() >= limit {
            // Left running: one that is ended in the middle leaves half a product.
            return Err(Failure::new(Code::TimeLimit, "the installer takes too long and is still running")
                .expected(format!("its end within {} s", limit.as_secs()))
                .hint(format!("look at {log}; go on when process {} has ended", child.id()))
                .ask());
        }
        thread::sleep(POLL);
    }
}

/// Takes secrets out of the log. A log that cannot be cleaned is removed rather than kept with a password in it.
fn clean(log: &ServerPath, secrets: &[(String, Secret)], note: Option<&UncleanLog>) {
    if secrets.is_empty() {
        return;
    }
    let Ok(path) = files::long(log) else { return };
    let cleaned = fs::read(&path).and_then(|content| match without_secrets(&content, secrets) {
        Some(clean) => fs::write(&path, clean),
        None => Ok(()),
    });
    let cleaned = cleaned.or_else(|error| {
        if error.kind() == io::ErrorKind::NotFound {
            return Ok(());
        }
        tracing::warn!(%log, %error, "the installer's log cannot be cleaned of secrets");
        fs::remove_file(&path)
    });
    // With the note in place, the next run removes what could not be removed now.
    if let (Ok(()), Some(note)) = (cleaned, note)
        && let Err(failure) = note.done()
    {
        tracing::warn!(%log, %failure, "the next run will remove a log that is clean");
    }
}
