//! The service manager.
//!
//! `windows-service` runs our own service; changes to *other* services go through here, because its change call
//! rewrites the whole configuration and ours may touch one field only.

use super::{check, narrow, narrow_at, wide};
use std::{io, mem, ptr};
use windows_sys::Win32::{
    Foundation::{ERROR_INSUFFICIENT_BUFFER, ERROR_INVALID_LEVEL, ERROR_MORE_DATA},
    System::Services::{
        ChangeServiceConfig2W, ChangeServiceConfigW, CloseServiceHandle, ControlService,
        ENUM_SERVICE_STATUS_PROCESSW, ENUM_SERVICE_STATUSW, EnumDependentServicesW, EnumServicesStatusExW,
        OpenSCManagerW, OpenServiceW, QUERY_SERVICE_CONFIGW, QueryServiceConfig2W, QueryServiceConfigW,
        QueryServiceStatusEx, SC_ENUM_PROCESS_INFO, SC_HANDLE, SC_MANAGER_CONNECT,
        SC_MANAGER_ENUMERATE_SERVICE, SC_STATUS_PROCESS_INFO, SERVICE_ACTIVE,
        SERVICE_CONFIG_DELAYED_AUTO_START_INFO, SERVICE_CONTROL_STOP, SERVICE_DELAYED_AUTO_START_INFO,
        SERVICE_NO_CHANGE, SERVICE_STATE_ALL, SERVICE_STATUS, SERVICE_STATUS_PROCESS, SERVICE_WIN32,
        StartServiceW,
    },
};

/// A connection to the service manager, or an open service.
struct Handle(SC_HANDLE);

// SAFETY: the service manager's handles may be used from any thread.
unsafe impl Send for Handle {}

impl Handle {
    fn take(handle: SC_HANDLE) -> io::Result<Self> {
        if handle.is_null() { Err(io::Error::last_os_error()) } else { Ok(Self(handle)) }
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        // SAFETY: opened by us, closed once.
        unsafe { CloseServiceHandle(self.0) };
    }
}

/// The service manager of this machine.
pub(crate) struct Manager(Handle);

/// An open service.
pub(crate) struct Opened(Handle);

/// A service's state, as `QueryServiceStatusEx` gives it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Status {
    pub(crate) state: u32,
    pub(crate) accepted: u32,
    pub(crate) exit_code: u32,
    pub(crate) own_exit_code: u32,
    pub(crate) pid: u32,
}

impl From<&SERVICE_STATUS_PROCESS> for Status {
    fn from(status: &SERVICE_STATUS_PROCESS) -> Self {
        Self {
            state: status.dwCurrentState,
            accepted: status.dwControlsAccepted,
            exit_code: status.dwWin32ExitCode,
            own_exit_code: status.dwServiceSpecificExitCode,
            pid: status.dwProcessId,
        }
    }
}

/// A service's configuration.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    pub(crate) display: String,
    pub(crate) start: u32,
    pub(crate) delayed: bool,
    pub(crate) command: String,
    pub(crate) account: String,
}

/// A buffer for structures that Windows fills, aligned for any of them.
fn buffer(bytes: u32) -> Vec<u64> {
    vec![0; (bytes as usize).div_ceil(8)]
}

impl Manager {
    pub(crate) fn connect() -> io::Result<Self> {
        let access = SC_MANAGER_CONNECT | SC_MANAGER_ENUMERATE_SERVICE;
        // SAFETY: null means this machine and its active database.
        Handle::take(unsafe { OpenSCManagerW(ptr::null(), ptr::null(), access) }).map(Self)
    }

    pub(crate) fn open(&self, name: &str, access: u32) -> io::Result<Opened> {
        let name = wide(name);
        // SAFETY: the name ends with a zero and outlives the call.
        Handle::take(unsafe { OpenServiceW(self.0.0, name.as_ptr(), access) }).map(Opened)
    }

    /// Short name and status of every service that is not a driver.
    pub(crate) fn list(&self) -> io::Result<Vec<(String, Status)>> {
        let mut found = Vec::new();
        let mut resume = 0;
        let mut size = 64 * 1024;
        loop {
            let mut space = buffer(size);
            let (mut needed, mut count) = (0, 0);
            // SAFETY: the buffer is as large as stated and aligned; the out-pointers are ours.
            let answer = unsafe {
                EnumServicesStatusExW(
                    self.0.0,
                    SC_ENUM_PROCESS_INFO,
                    SERVICE_WIN32,
                    SERVICE_STATE_ALL,
                    space.as_mut_ptr().cast(),
                    size,
                    &mut needed,
                    &mut count,
                    &mut resume,
                    ptr::null(),
                )
            };
            let more = match check(answer) {
                Ok(()) => false,
                Err(e) if e.raw_os_error() == Some(ERROR_MORE_DATA.cast_signed()) => true,
                Err(e) => return Err(e),
            };
            let entries: *const ENUM_SERVICE_STATUS_PROCESSW = space.as_ptr().cast();
            for index in 0..count as usize {
                // SAFETY: Windows filled `count` entries, whose names point into the same buffer.
                let (name, status) = unsafe {
                    let entry = &*entries.add(index);
                    (narrow_at(entry.lpServiceName), Status::from(&entry.ServiceStatusProcess))
                };
                found.push((name, status));
            }
            if !more {
                return Ok(found);
            }
            if count == 0 {
                size = size.saturating_add(needed);
            }
        }
    }
}

impl Opened {
    pub(crate) fn status(&self) -> io::Result<Status> {
        let mut status = SERVICE_STATUS_PROCESS::default();
        let size = u32::try_from(mem::size_of::<SERVICE_STATUS_PROCESS>()).unwrap_or(u32::MAX);
        let mut needed = 0;
        let into = (&raw mut status).cast();
        // SAFETY: `into` points to a structure of the stated size.
        check(unsafe { QueryServiceStatusEx(self.0.0, SC_STATUS_PROCESS_INFO, into, size, &mut needed) })?;
        Ok(Status::from(&status))
    }

    pub(crate) fn config(&self) -> io::Result<Config> {
        let mut needed = 0;
        // SAFETY: no buffer; only the size is asked for.
        let answer = unsafe { QueryServiceConfigW(self.0.0, ptr::null_mut(), 0, &mut needed) };
        match check(answer) {
            Err(e) if e.raw_os_error() == Some(ERROR_INSUFFICIENT_BUFFER.cast_signed()) => {}
            Err(e) => return Err(e),
            Ok(()) => return Err(io::Error::other("the service manager answered without a configuration")),
        }
        let size = needed;
        let mut space = buffer(size);
        // SAFETY: the buffer is as large as stated and aligned.
        check(unsafe { QueryServiceConfigW(self.0.0, space.as_mut_ptr().cast(), size, &mut needed) })?;
        // SAFETY: filled just now; its texts point into the same buffer.
        let (display, start, command, account) = unsafe {
            let config = &*space.as_ptr().cast::<QUERY_SERVICE_CONFIGW>();
            (
                narrow_at(config.lpDisplayName),
                config.dwStartType,
                narrow_at(config.lpBinaryPathName),
                narrow_at(config.lpServiceStartName),
            )
        };
        Ok(Config { display, start, delayed: self.delayed(), command, account })
    }

    /// Whether an automatic start is a delayed one. Kinds of services that know no delay are not delayed.
    fn delayed(&self) -> bool {
        let mut info = SERVICE_DELAYED_AUTO_START_INFO::default();
        let size = u32::try_from(mem::size_of::<SERVICE_DELAYED_AUTO_START_INFO>()).unwrap_or(u32::MAX);
        let mut needed = 0;
        let kind = SERVICE_CONFIG_DELAYED_AUTO_START_INFO;
        // SAFETY: the structure has the stated size.
        let answer =
            unsafe { QueryServiceConfig2W(self.0.0, kind, (&raw mut info).cast(), size, &mut needed) };
        answer != 0 && info.fDelayedAutostart != 0
    }

    pub(crate) fn start(&self) -> io::Result<()> {
        // SAFETY: no arguments.
        check(unsafe { StartServiceW(self.0.0, 0, ptr::null()) })
    }

    pub(crate) fn stop(&self) -> io::Result<()> {
        let mut status = SERVICE_STATUS::default();
        // SAFETY: the structure is ours.
        check(unsafe { ControlService(self.0.0, SERVICE_CONTROL_STOP, &mut status) })
    }

    /// Short names of the services that depend on this one and run, in the order in which to stop them.
    pub(crate) fn active_dependents(&self) -> io::Result<Vec<String>> {
        let mut size = 0;
        loop {
            let mut space = buffer(size);
            let (mut needed, mut count) = (0, 0);
            let into = if size == 0 { ptr::null_mut() } else { space.as_mut_ptr().cast() };
            // SAFETY: the buffer is as large as stated and aligned, or absent with size 0.
            let answer = unsafe {
                EnumDependentServicesW(self.0.0, SERVICE_ACTIVE, into, size, &mut needed, &mut count)
            };
            match check(answer) {
                Ok(()) => {
                    let entries: *const ENUM_SERVICE_STATUSW = space.as_ptr().cast();
                    // SAFETY: Windows filled `count` entries, whose names point into the same buffer.
                    return Ok((0..count as usize)
                        .map(|index| unsafe { narrow_at((*entries.add(index)).lpServiceName) })
                        .collect());
                }
                Err(e) if e.raw_os_error() == Some(ERROR_MORE_DATA.cast_signed()) && needed > size => {
                    size = needed
                }
                Err(e) => return Err(e),
            }
        }
    }

    pub(crate) fn set_start(&self, start: u32, delayed: bool) -> io::Result<()> {
        self.change(start, None, None)?;
        let info = SERVICE_DELAYED_AUTO_START_INFO { fDelayedAutostart: i32::from(delayed) };
        let kind = SERVICE_CONFIG_DELAYED_AUTO_START_INFO;
        // SAFETY: the structure is the one that this kind of information has.
        match check(unsafe { ChangeServiceConfig2W(self.0.0, kind, (&raw const info).cast()) }) {
            // Wine knows no delayed start, so there is none to take away.
            Err(e) if !delayed && e.raw_os_error() == Some(ERROR_INVALID_LEVEL.cast_signed()) => Ok(()),
            changed => changed,
        }
    }

    /// `password` is UTF-16 ended by a zero.
    pub(crate) fn set_log_on(&self, account: &str, password: &[u16]) -> io::Result<()> {
        debug_assert_eq!(narrow(password).encode_utf16().count() + 1, password.len());
        self.change(SERVICE_NO_CHANGE, Some(&wide(account)), Some(password))
    }

    fn change(&self, start: u32, account: Option<&[u16]>, password: Option<&[u16]>) -> io::Result<()> {
        let pointer = |text: Option<&[u16]>| text.map_or(ptr::null(), <[u16]>::as_ptr);
        // SAFETY: texts end with a zero and outlive the call; everything else says "no change".
        check(unsafe {
            ChangeServiceConfigW(
                self.0.0,
                SERVICE_NO_CHANGE,
                start,
                SERVICE_NO_CHANGE,
                ptr::null(),
                ptr::null(),
                ptr::null_mut(),
                ptr::null(),
                pointer(account),
                pointer(password),
                ptr::null(),
            )
        })
    }
}
