//! Boots and restarts.

use crate::{
    os_error::system_failure,
    pending, random,
    registry::{self, WindowsRegistry},
    win::{machine, shutdown},
};
use async_trait::async_trait;
use mailsec_core::{
    Code, Failure, Permit,
    host::{Answer, BootIdentity, Clock, PendingRestart, Power, RegistryView},
    values::Timestamp,
};
use mailsec_mail::blocking;
use std::{
    io,
    os::windows::process::CommandExt,
    process::{Command, Stdio},
    thread,
    time::Duration,
};
use windows_registry::LOCAL_MACHINE;

/// Our key; it holds nothing else, and only its subkey is forgotten at shutdown.
const OWN_KEY: &str = r"SOFTWARE\mailsec";
const BOOT_KEY: &str = r"SOFTWARE\mailsec\Boot";
const BOOT_VALUE: &str = "Identity";

/// Time for this program to write its journal down and to answer its caller.
const NOTICE_SECONDS: u32 = 5;
const NO_WINDOW: u32 = 0x0800_0000;
const SHUTDOWN_IN_PROGRESS: i32 = 1115;
const SHUTDOWN_SCHEDULED: i32 = 1190;

/// Boots of this machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct WindowsPower;

#[async_trait]
impl Power for WindowsPower {
    async fn boot(&self) -> Answer<BootIdentity> {
        blocking(boot).await
    }

    async fn pending(&self) -> Answer<Vec<PendingRestart>> {
        blocking(|| pending::signs(&WindowsRegistry)).await
    }

    async fn restart(&self, _: &Permit, comment: &str) -> Answer<()> {
        // The comment's limit is 512 characters.
        let comment: String = comment.chars().filter(|c| !c.is_control()).take(500).collect();
        blocking(move || restart(&comment)).await
    }
}

/// The identity is drawn once per boot and kept in a *volatile* registry key, which Windows holds in memory only
/// (<https://learn.microsoft.com/windows/win32/api/winreg/nf-winreg-regcreatekeyexw>, `REG_OPTION_VOLATILE`): it cannot
/// outlive a shutdown, a power cut or a crash. The time in front of it is when the machine had started as seen at that
/// moment; it is for people, and is not read again, because Windows corrects its boot time along with its clock.
fn boot() -> Result<BootIdentity, Failure> {
    let refused = |error: &io::Error| {
        system_failure(Code::System, format!(r"the boot identity in HKLM\{BOOT_KEY} cannot be kept"), error)
    };
    if let Some(found) = registry::value(RegistryView::Wide, BOOT_KEY, BOOT_VALUE)? {
        return Ok(BootIdentity(found.into()));
    }
    LOCAL_MACHINE
        .options()
        .read()
        .write()
        .create()
        .wow64_64()
        .open(OWN_KEY)
        .map_err(|e| refused(&e.into()))?;
    if !machine::volatile_key(BOOT_KEY).map_err(|e| refused(&e))? {
        // Another process has just created the key and is about to write the value. Only if it died in between, the
        // value stays away, and is ours to write.
        for _ in 0..20 {
            if let Some(found) = registry::value(RegistryView::Wide, BOOT_KEY, BOOT_VALUE)? {
                return Ok(BootIdentity(found.into()));
            }
            thread::sleep(Duration::from_millis(50));
        }
    }
    let up = i64::try_from(machine::uptime_millis()).unwrap_or(0);
    let started = Timestamp::from_millis(crate::clock::SystemClock.now().millis().saturating_sub(up));
    let token = random::hex()?;
    let identity = format!("{started}/{token}");
    LOCAL_MACHINE
        .options()
        .read()
        .write()
        .wow64_64()
        .open(BOOT_KEY)
        .and_then(|key| key.set_string(BOOT_VALUE, &identity))
        .map_err(|e| refused(&e.into()))?;
    Ok(BootIdentity(identity.into()))
}

fn restart(comment: &str) -> Result<(), Failure> {
    let asked = if machine::is_wine() {
        // Wine's shutdown calls do nothing; its shutdown.exe can be replaced by one that does.
        with_program(comment)
    } else {
        shutdown::restart(comment, NOTICE_SECONDS)
    };
    match asked {
        Ok(()) => Ok(()),
        // One is on its way already; whether it was a restart, the boot identity will show.
        Err(e) if matches!(e.raw_os_error(), Some(SHUTDOWN_IN_PROGRESS | SHUTDOWN_SCHEDULED)) => Ok(()),
        Err(e) => Err(system_failure(Code::RestartDidNotHappen, "Windows refuses to restart", &e)
            .hint("restart the server by hand; the upgrade goes on afterwards")
            .ask()),
    }
}

fn with_program(comment: &str) -> io::Result<()> {
    let program = format!(r"{}\shutdown.exe", machine::system_folder()?);
    let mut command = Command::new(program);
    // p:4:2 is "Application: Installation (Planned)".
    command.args(["/r", "/t", &NOTICE_SECONDS.to_string(), "/d", "p:4:2", "/c", comment]);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).creation_flags(NO_WINDOW);
    let status = command.status()?;
    if status.success() { Ok(()) } else { Err(io::Error::other(format!("shutdown.exe ended with {status}"))) }
}
