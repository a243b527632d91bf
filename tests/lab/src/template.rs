//! The prefix of a machine with Exchange and nothing else, made once and copied for every lab.

use crate::artifacts::Artifacts;
use crate::error::{LabError, Result, at};
use crate::exchange;
use crate::machine::{Machine, TOOL};
use crate::packages::Package;
use crate::tools;
use mailsec_lab_standins::layout::{EXCHANGE_FOLDER, TRANSPORT_DISPLAY, TRANSPORT_SERVICE};
use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

/// Files from this size on are not copied but linked, inside `windows`, where nothing ever writes into a file in place.
const LINKED_FROM: u64 = 32 << 10;

/// The template's folder, made now if it has to be.
pub(crate) fn ready() -> Result<PathBuf> {
    static READY: OnceLock<std::result::Result<PathBuf, String>> = OnceLock::new();
    READY
        .get_or_init(|| make_once().map_err(|e| e.to_string()))
        .clone()
        .map_err(|problem| LabError::failed("making the template of the lab", problem))
}

fn make_once() -> Result<PathBuf> {
    tools::require();
    let lab = tools::target();
    at(&lab, fs::create_dir_all(&lab))?;
    // Test programs run side by side: one of them builds, the others wait for it.
    let lock_file = lab.join("lock");
    let lock = at(&lock_file, File::create(&lock_file))?;
    at(&lock_file, lock.lock())?;
    let artifacts = Artifacts::programs_built(&lab)?;
    let template = lab.join(format!("template-{}", artifacts.digest));
    if !template.is_dir() {
        remove_older(&lab)?;
        artifacts.finish()?;
        let unfinished = lab.join("template-unfinished");
        remove(&unfinished)?;
        make(&unfinished, &artifacts)?;
        at(&template, fs::rename(&unfinished, &template))?;
    }
    Ok(template)
}

fn make(prefix: &Path, artifacts: &Artifacts) -> Result<()> {
    let machine = Machine::in_prefix(prefix.to_owned())?;
    machine.create()?;
    keep_the_users_home_out(&machine)?;
    let programs = [
        ("lab-tool", TOOL.to_owned()),
        ("exchange-transport", format!(r"{EXCHANGE_FOLDER}Bin\MSExchangeTransport.exe")),
        ("powershell", r"C:\windows\system32\WindowsPowerShell\v1.0\powershell.exe".to_owned()),
        ("powershell", r"C:\windows\system32\powershell.exe".to_owned()),
        ("shutdown", r"C:\windows\system32\shutdown.exe".to_owned()),
    ];
    for (program, windows) in programs {
        put(&artifacts.programs().join(format!("{program}.exe")), &machine.linux(&windows))?;
    }
    put(&artifacts.missing_dll(), &machine.linux(r"C:\windows\system32\bcryptprimitives.dll"))?;
    put(&tools::workspace().join("tests/lab/wine/lab.reg"), &machine.linux(r"C:\lab\lab.reg"))?;
    for package in Package::ALL {
        put(&artifacts.folder().join(package.file()), &machine.linux(&package.path()))?;
    }
    let calls = machine.linux(r"C:\lab\calls");
    at(&calls, fs::create_dir_all(&calls))?;
    exchange::place(&machine)?;
    machine.switch_on(&[])?;
    let limit = Duration::from_secs(60);
    let service = format!("\"{EXCHANGE_FOLDER}Bin\\MSExchangeTransport.exe\"");
    let create = ["sc", "create", TRANSPORT_SERVICE, "binPath=", &service, "start=", "auto", "type=", "own"];
    machine.run(&["reg", "import", r"C:\lab\lab.reg"], limit)?.success()?;
    machine.run(&[create.as_slice(), &["DisplayName=", TRANSPORT_DISPLAY]].concat(), limit)?.success()?;
    machine.shut_down()?;
    let logs = machine.prefix().join("lab-calls");
    at(&logs, fs::remove_dir_all(&logs))
}

/// Wine links the user's folders to the home of whoever runs it; what a test does must stay in the lab.
fn keep_the_users_home_out(machine: &Machine) -> Result<()> {
    let mut folders = vec![machine.linux(r"C:\users")];
    while let Some(folder) = folders.pop() {
        for entry in at(&folder, fs::read_dir(&folder))? {
            let entry = at(&folder, entry)?;
            let kind = at(&folder, entry.file_type())?;
            if kind.is_symlink() {
                at(entry.path(), fs::remove_file(entry.path()).and_then(|()| fs::create_dir(entry.path())))?;
            } else if kind.is_dir() {
                folders.push(entry.path());
            }
        }
    }
    Ok(())
}

/// Puts a file at a place, in the place of whatever was there.
pub(crate) fn put(from: &Path, to: &Path) -> Result<()> {
    let folder = to.parent().unwrap_or(to);
    at(folder, fs::create_dir_all(folder))?;
    // What is there may be shared with the template: it is replaced, never written into.
    let next = to.with_extension("lab-next");
    at(from, fs::copy(from, &next))?;
    at(to, fs::rename(&next, to))
}

/// Copies the template.
pub(crate) fn copy(template: &Path, prefix: &Path) -> Result<()> {
    copy_folder(template, prefix, false)
}

fn copy_folder(from: &Path, to: &Path, windows: bool) -> Result<()> {
    at(to, fs::create_dir_all(to))?;
    for entry in at(from, fs::read_dir(from))? {
        let entry = at(from, entry)?;
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        let metadata = at(&source, fs::symlink_metadata(&source))?;
        if metadata.is_dir() {
            copy_folder(&source, &target, windows || entry.file_name() == "windows")?;
        } else if metadata.is_symlink() {
            at(&target, fs::read_link(&source).and_then(|link| symlink(link, &target)))?;
        } else if windows && metadata.len() >= LINKED_FROM {
            at(&target, fs::hard_link(&source, &target))?;
        } else {
            at(&target, fs::copy(&source, &target).map(|_| ()))?;
        }
    }
    Ok(())
}

fn remove(folder: &Path) -> Result<()> {
    if folder.exists() { at(folder, fs::remove_dir_all(folder)) } else { Ok(()) }
}

/// A template takes most of a gigabyte; those of earlier builds go.
fn remove_older(lab: &Path) -> Result<()> {
    for entry in at(lab, fs::read_dir(lab))? {
        let entry = at(lab, entry)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with("template-") || name.starts_with("artifacts-") {
            remove(&entry.path())?;
        }
    }
    Ok(())
}
