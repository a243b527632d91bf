//! Processes and their windows.

use super::{check, narrow};
use mailsec_core::values::Timestamp;
use std::{
    io, mem,
    os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle},
    time::Duration,
};
use windows_sys::Win32::{
    Foundation::{FILETIME, HANDLE, HWND, INVALID_HANDLE_VALUE, LPARAM, WAIT_OBJECT_0, WAIT_TIMEOUT},
    System::{
        Diagnostics::ToolHelp::{
            CreateToolhelp32Snapshot, PROCESSENTRY32W, Process32FirstW, Process32NextW, TH32CS_SNAPPROCESS,
        },
        Threading::{
            GetProcessTimes, OpenProcess, PROCESS_QUERY_LIMITED_INFORMATION, PROCESS_SYNCHRONIZE,
            PROCESS_TERMINATE, QueryFullProcessImageNameW, TerminateProcess, WaitForSingleObject,
        },
    },
    UI::WindowsAndMessaging::{EnumWindows, GetWindowThreadProcessId, PostMessageW, WM_CLOSE},
};

/// An open process. While it is open, its id is not given to another one.
pub(crate) struct Process(OwnedHandle);

impl Process {
    /// Opens a process to look at it and to wait for it.
    pub(crate) fn open(pid: u32) -> io::Result<Self> {
        Self::with(pid, PROCESS_QUERY_LIMITED_INFORMATION | PROCESS_SYNCHRONIZE)
    }

    /// Opens a process to end it as well.
    pub(crate) fn open_to_end(pid: u32) -> io::Result<Self> {
        Self::with(pid, PROCESS_QUERY_LIMITED_INFORMATION | PROCESS_SYNCHRONIZE | PROCESS_TERMINATE)
    }

    fn with(pid: u32, access: u32) -> io::Result<Self> {
        // SAFETY: plain values; the handle, if there is one, is ours alone.
        let handle = unsafe { OpenProcess(access, 0, pid) };
        if handle.is_null() {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: just opened, owned by nobody else.
        Ok(Self(unsafe { OwnedHandle::from_raw_handle(handle) }))
    }

    fn raw(&self) -> HANDLE {
        self.0.as_raw_handle()
    }

    /// The full path of its program.
    pub(crate) fn image(&self) -> io::Result<String> {
        let mut path = vec![0u16; 32 * 1024];
        let mut length = u32::try_from(path.len()).unwrap_or(u32::MAX);
        // SAFETY: the buffer is as long as stated.
        check(unsafe { QueryFullProcessImageNameW(self.raw(), 0, path.as_mut_ptr(), &mut length) })?;
        Ok(narrow(path.get(..length as usize).unwrap_or(&path)))
    }

    /// When it was created.
    pub(crate) fn started(&self) -> io::Result<Timestamp> {
        let [mut created, mut exited, mut kernel, mut user] = [FILETIME::default(); 4];
        // SAFETY: four structures of ours.
        check(unsafe { GetProcessTimes(self.raw(), &mut created, &mut exited, &mut kernel, &mut user) })?;
        Ok(timestamp(created))
    }

    /// Waits for its end; false when the time is up first.
    pub(crate) fn wait(&self, limit: Duration) -> io::Result<bool> {
        let millis = u32::try_from(limit.as_millis()).unwrap_or(u32::MAX - 1);
        // SAFETY: an open handle.
        match unsafe { WaitForSingleObject(self.raw(), millis) } {
            WAIT_OBJECT_0 => Ok(true),
            WAIT_TIMEOUT => Ok(false),
            _ => Err(io::Error::last_os_error()),
        }
    }

    /// Ends it at once.
    pub(crate) fn terminate(&self) -> io::Result<()> {
        // SAFETY: an open handle.
        check(unsafe { TerminateProcess(self.raw(), 1) })
    }
}

/// Whether there is no process of this id, or only its remains that somebody still has open. A process that may not
/// be looked at is there.
pub(crate) fn is_gone(pid: u32) -> bool {
    const INVALID_PARAMETER: i32 = 87;
    match Process::open(pid) {
        Ok(process) => process.wait(Duration::ZERO).unwrap_or(false),
        Err(e) => e.raw_os_error() == Some(INVALID_PARAMETER),
    }
}

/// A FILETIME counts 100 ns since 1601.
fn timestamp(time: FILETIME) -> Timestamp {
    const TO_1970: i64 = 11_644_473_600_000;
    let ticks = (u64::from(time.dwHighDateTime) << 32) | u64::from(time.dwLowDateTime);
    Timestamp::from_millis(i64::try_from(ticks / 10_000).unwrap_or(i64::MAX).saturating_sub(TO_1970))
}

/// The ids of all processes.
pub(crate) fn all() -> io::Result<Vec<u32>> {
    // SAFETY: plain values.
    let handle = unsafe { CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0) };
    if handle == INVALID_HANDLE_VALUE {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: just opened, owned by nobody else.
    let snapshot = unsafe { OwnedHandle::from_raw_handle(handle) };
    let mut entry = PROCESSENTRY32W {
        dwSize: u32::try_from(mem::size_of::<PROCESSENTRY32W>()).unwrap_or(0),
        ..PROCESSENTRY32W::default()
    };
    let mut ids = Vec::new();
    // SAFETY: the structure states its size.
    let mut more = unsafe { Process32FirstW(snapshot.as_raw_handle(), &mut entry) };
    while more != 0 {
        ids.push(entry.th32ProcessID);
        // SAFETY: as above.
        more = unsafe { Process32NextW(snapshot.as_raw_handle(), &mut entry) };
    }
    Ok(ids)
}

struct Wanted {
    pid: u32,
    windows: Vec<HWND>,
}

unsafe extern "system" fn collect(window: HWND, wanted: LPARAM) -> i32 {
    // SAFETY: `close_windows` passes a `Wanted` that outlives the enumeration.
    let wanted = unsafe { &mut *(wanted as *mut Wanted) };
    let mut owner = 0;
    // SAFETY: a window handle from the system and an id of ours.
    unsafe { GetWindowThreadProcessId(window, &mut owner) };
    if owner == wanted.pid {
        wanted.windows.push(window);
    }
    1
}

/// Asks all top-level windows of a process on this desktop to close; how many there were.
pub(crate) fn close_windows(pid: u32) -> usize {
    let mut wanted = Wanted { pid, windows: Vec::new() };
    // SAFETY: the callback gets the pointer for this call only.
    unsafe { EnumWindows(Some(collect), &raw mut wanted as LPARAM) };
    for window in &wanted.windows {
        // SAFETY: a message without pointers; a window that is gone is an error that does not matter.
        unsafe { PostMessageW(*window, WM_CLOSE, 0, 0) };
    }
    wanted.windows.len()
}
