//! The domain that every test begins with: made once for each build folder, and copied.

use crate::{
    ADMINISTRATOR_PASSWORD, NETBIOS,
    error::{Result, at, failed},
};
use std::{
    env,
    fs::{self, File},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// The programs that a domain takes, and the Debian package each is in.
const NEEDED: [(&str, &str); 3] =
    [("samba", "samba-ad-dc"), ("samba-tool", "samba-common-bin"), ("openssl", "openssl")];

/// Says what to install, if anything is missing: a test that cannot run must not look like one that ran well.
pub(crate) fn require() {
    let folders: Vec<_> = env::split_paths(&env::var_os("PATH").unwrap_or_default()).collect();
    let missing: Vec<&str> = NEEDED
        .iter()
        .filter(|(program, _)| !folders.iter().any(|folder| folder.join(program).is_file()))
        .map(|(_, package)| *package)
        .collect();
    assert!(
        missing.is_empty(),
        "a domain takes Samba's controller: apt-get install {} samba-ad-provision",
        missing.join(" ")
    );
}

/// Where domains are made.
pub(crate) fn folder() -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    let workspace = own.parent().and_then(Path::parent).unwrap_or(own);
    env::var_os("CARGO_TARGET_DIR").map_or_else(|| workspace.join("target"), PathBuf::from).join("domain")
}

/// The template, made if this is the first test that needs it; others wait.
pub(crate) fn template() -> Result<PathBuf> {
    let folder = folder();
    at(&folder, fs::create_dir_all(&folder))?;
    let path = folder.join("template.lock");
    let lock = at(&path, File::create(&path))?;
    at(&path, lock.lock())?;
    let template = folder.join("template");
    if !template.join("ready").is_file() {
        if template.exists() {
            at(&template, fs::remove_dir_all(&template))?;
        }
        provision(&template)?;
        certify(&template)?;
        at(&template, File::create(template.join("ready")))?;
    }
    Ok(template)
}

fn provision(folder: &Path) -> Result<()> {
    let cache = folder.join("cache");
    at(&cache, fs::create_dir_all(&cache))?;
    // Without DNS, Kerberos and file shares: nothing here asks for them. LDAP's own names need no resolver.
    run(Command::new("samba-tool")
        .args(["domain", "provision", "--realm=LAB.TEST", "--server-role=dc", "--dns-backend=NONE"])
        .args(["--host-name=dc1", "--host-ip=127.0.0.1", "--option=interfaces=lo"])
        .args(["--option=bind interfaces only=yes", "--option=server services=ldap"])
        .arg(format!("--domain={NETBIOS}"))
        .arg(format!("--adminpass={ADMINISTRATOR_PASSWORD}"))
        .arg(format!("--targetdir={}", folder.display())))
}

/// A certificate for every address that a copy may have, and for the name of the controller.
fn certify(folder: &Path) -> Result<()> {
    let addresses: Vec<String> =
        (1..=crate::samba::ADDRESSES).map(|n| format!("IP:{}", crate::samba::address(n))).collect();
    run(Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"])
        .args(["-days", "3650", "-subj", "/CN=dc1.lab.test"])
        .args(["-addext", &format!("subjectAltName=DNS:dc1.lab.test,{}", addresses.join(","))])
        .args(["-addext", "basicConstraints=critical,CA:FALSE"])
        .args(["-keyout", "key.pem", "-out", "cert.pem"])
        .current_dir(folder))?;
    // Samba refuses a key that others can read.
    let key = folder.join("key.pem");
    at(&key, fs::set_permissions(&key, fs::Permissions::from_mode(0o600)))
}

fn run(command: &mut Command) -> Result<()> {
    let what = format!("{:?}", command.get_program());
    let ended = command.stdin(Stdio::null()).output().map_err(|error| failed(what.clone(), error))?;
    if ended.status.success() {
        return Ok(());
    }
    Err(failed(what, String::from_utf8_lossy(&[ended.stdout, ended.stderr].concat())))
}

/// Copies the template; the files of Samba name none of their folders but in `smb.conf`.
pub(crate) fn copy(from: &Path, to: &Path) -> Result<()> {
    at(to, fs::create_dir_all(to))?;
    at(to, fs::set_permissions(to, at(from, fs::metadata(from))?.permissions()))?;
    for entry in at(from, fs::read_dir(from))? {
        let (path, kind) = at(from, entry.and_then(|entry| Ok((entry.path(), entry.file_type()?))))?;
        let target = to.join(path.file_name().unwrap_or_default());
        if kind.is_dir() {
            copy(&path, &target)?;
        } else if kind.is_file() {
            at(&path, fs::copy(&path, &target))?;
        }
    }
    Ok(())
}
