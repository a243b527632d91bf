//! Folders that only administrators may write to, and files that only they and their owner may read.
//!
//! `C:\ProgramData` lets every user of the server create folders, and what is created there inherits that. Who can write
//! to our folder can answer gates and say where the directory is; so it is created with rights of its own, and one that
//! somebody else created first is refused.

/// What the access list of a file or folder says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Access {
    /// The owner's SID.
    pub owner: String,
    /// What is granted to whom; `None` is no list at all, which grants everything to everybody.
    pub grants: Option<Vec<Grant>>,
}

/// One entry of an access list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// To whom.
    pub sid: String,
    /// Which rights.
    pub rights: u32,
}

const SYSTEM: &str = "S-1-5-18";
const ADMINISTRATORS: &str = "S-1-5-32-544";
// They stand for whoever owns a thing, and owners are judged on their own.
const CREATOR_OWNER: &str = "S-1-3-0";
const OWNER_RIGHTS: &str = "S-1-3-4";

// Write or append data (in folders: create files or folders), delete children, delete, change the list, take it over;
// and the generic rights that contain them.
const WRITE: u32 = 0x2 | 0x4 | 0x40 | 0x1_0000 | 0x4_0000 | 0x8_0000 | 0x1000_0000 | 0x4000_0000;

// Read data, and the generic rights that contain it.
const READ: u32 = 0x1 | 0x1000_0000 | 0x8000_0000;

impl Access {
    /// Who may write and should not, as a person reads it; `None` when nobody may but administrators, SYSTEM and `user`,
    /// the account that this process runs as.
    ///
    /// Entries that are only inherited count as well: what is created inside would get them.
    #[must_use]
    pub fn intruder(&self, user: &str) -> Option<String> {
        self.other(user, WRITE, "write")
    }

    /// As [`Access::intruder`], of reading.
    #[must_use]
    pub fn reader(&self, user: &str) -> Option<String> {
        self.other(user, READ, "read")
    }

    fn other(&self, user: &str, rights: u32, may: &str) -> Option<String> {
        let trusted = |sid: &str| [SYSTEM, ADMINISTRATORS, user].contains(&sid);
        if !trusted(&self.owner) {
            return Some(format!("it belongs to {}", named(&self.owner)));
        }
        let Some(grants) = &self.grants else {
            return Some(format!("everybody may {may}: it has no access list"));
        };
        grants
            .iter()
            .find(|grant| {
                grant.rights & rights != 0
                    && !trusted(&grant.sid)
                    && ![CREATOR_OWNER, OWNER_RIGHTS].contains(&grant.sid.as_str())
            })
            .map(|grant| format!("{} may {may}", named(&grant.sid)))
    }
}

fn named(sid: &str) -> String {
    let name = match sid {
        "S-1-1-0" => "Everyone",
        "S-1-5-11" => "Authenticated Users",
        "S-1-5-32-545" => "Users",
        _ => return sid.to_owned(),
    };
    format!("{name} ({sid})")
}

#[cfg(windows)]
pub use on_windows::{check_private, check_unread, new_file, private_folder};

#[cfg(windows)]
mod on_windows {
    use crate::{
        os_error::system_failure,
        win::{access, security},
    };
    use mailsec_core::{Code, Failure};
    use std::{fs, io, path::Path};

    /// Creates a folder for administrators and SYSTEM only; one that is there is [checked](check_private).
    ///
    /// # Errors
    /// [`Code::AccessDenied`] when others may write to it, [`Code::FileUnwritable`].
    pub fn private_folder(path: &Path) -> Result<(), Failure> {
        let failed = |error: &io::Error| {
            system_failure(Code::FileUnwritable, "the folder cannot be created", error)
                .found(path.display().to_string())
        };
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(|e| failed(&e))?;
        }
        match security::create_folder(path) {
            Ok(()) => Ok(()),
            // Somebody else may have been first, now or long ago.
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => check_private(path),
            Err(e) => Err(failed(&e)),
        }
    }

    /// Refuses a file or folder that others than administrators and SYSTEM may write to; fine when there is none.
    ///
    /// # Errors
    /// [`Code::AccessDenied`], also when its rights cannot be read.
    pub fn check_private(path: &Path) -> Result<(), Failure> {
        let refuse = |found: String| {
            Failure::new(Code::AccessDenied, "others may change what mailsec works by")
                .expected("owner and write access: Administrators and SYSTEM only")
                .found(format!("{}: {found}", path.display()))
                .hint(
                    "see whether what lies there is yours; then, for the folder of the state: icacls FOLDER /setowner \
                     *S-1-5-32-544 /T; icacls FOLDER /reset /T; icacls FOLDER /inheritance:r /grant:r \
                     *S-1-5-32-544:(OI)(CI)F *S-1-5-18:(OI)(CI)F",
                )
        };
        match fs::symlink_metadata(path) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(e) => return Err(refuse("it cannot be looked at".to_owned()).cause(e)),
            // Its target may be changed by somebody else, after its rights were read.
            Ok(metadata) if metadata.is_symlink() => return Err(refuse("it is a link".to_owned())),
            Ok(_) => {}
        }
        let unread = |e: io::Error| refuse("its rights cannot be read".to_owned()).cause(e);
        let user = access::current_user().map_err(unread)?;
        access::read(path).map_err(unread)?.intruder(&user).map_or(Ok(()), |found| Err(refuse(found)))
    }

    /// Creates a file that passes [`check_unread`], wherever it lies: nothing is inherited from its folder.
    ///
    /// # Errors
    /// As the system says; [`io::ErrorKind::AlreadyExists`] where something of that name is there, be it a link.
    pub fn new_file(path: &Path) -> io::Result<fs::File> {
        security::create_file_for(path, &access::current_user()?)
    }

    /// Refuses a file with a secret that others than administrators, SYSTEM and this account may read.
    ///
    /// # Errors
    /// [`Code::AccessDenied`]; when its rights cannot be read, as the system says.
    pub fn check_unread(path: &Path) -> io::Result<Result<(), Failure>> {
        let user = access::current_user()?;
        Ok(access::read(path)?.reader(&user).map_or(Ok(()), |found| {
            Err(Failure::new(Code::AccessDenied, "the file with the secret can be read by others")
                .expected("read access: this account, Administrators and SYSTEM only")
                .found(format!("{}: {found}", path.display()))
                .hint(
                    "icacls FILE /inheritance:r /grant:r %USERNAME%:R, and change the secret if others use this server",
                ))
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ME: &str = "S-1-5-21-1-2-3-500";
    const ALL: u32 = 0x1f_01ff;
    const LOOK: u32 = 0x12_00a9;

    fn access(owner: &str, grants: &[(&str, u32)]) -> Access {
        let grants = grants.iter().map(|(sid, rights)| Grant { sid: (*sid).to_owned(), rights: *rights });
        Access { owner: owner.to_owned(), grants: Some(grants.collect()) }
    }

    #[test]
    fn administrators_system_and_the_owner_may_write() {
        let own = access(ADMINISTRATORS, &[(SYSTEM, ALL), (ADMINISTRATORS, ALL), ("S-1-5-32-545", LOOK)]);
        assert_eq!(own.intruder(ME), None);
        let wine = access(ME, &[(ME, ALL), (SYSTEM, ALL), ("S-1-1-0", LOOK)]);
        assert_eq!(wine.intruder(ME), None);
    }

    #[test]
    fn a_secret_that_others_may_read_is_refused() {
        let own = access(ME, &[(ME, ALL), (SYSTEM, ALL), (ADMINISTRATORS, ALL)]);
        assert_eq!(own.reader(ME), None);
        let inherited = access(ME, &[(ME, ALL), ("S-1-5-32-545", LOOK)]);
        assert_eq!(inherited.reader(ME).unwrap(), "Users (S-1-5-32-545) may read");
        let everyone = access(ME, &[("S-1-1-0", 0x8000_0000)]);
        assert_eq!(everyone.reader(ME).unwrap(), "Everyone (S-1-1-0) may read");
    }

    #[test]
    fn what_a_user_may_write_or_owns_is_refused() {
        let found = |access: Access| access.intruder(ME).unwrap_or_default();
        // As ProgramData gives it to what is created there: files may be added, by every user.
        let inherited =
            access(ADMINISTRATORS, &[(SYSTEM, ALL), (ADMINISTRATORS, ALL), ("S-1-5-32-545", 0x116)]);
        assert_eq!(found(inherited), "Users (S-1-5-32-545) may write");
        let first = access("S-1-5-21-1-2-3-1001", &[(SYSTEM, ALL), (ADMINISTRATORS, ALL)]);
        assert_eq!(found(first), "it belongs to S-1-5-21-1-2-3-1001");
        let everyone = access(SYSTEM, &[("S-1-1-0", 0x4000_0000)]);
        assert_eq!(found(everyone), "Everyone (S-1-1-0) may write");
        let none = Access { owner: SYSTEM.to_owned(), grants: None };
        assert_eq!(found(none), "everybody may write: it has no access list");
    }
}
