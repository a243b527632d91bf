//! Windows' event log.

use super::wide;
use std::{io, ptr};
use windows_sys::Win32::System::EventLog::{DeregisterEventSource, RegisterEventSourceW, ReportEventW};

/// Writes one event with one text to the Application log.
pub(crate) fn report(source: &str, kind: u16, id: u32, text: &str) -> io::Result<()> {
    let (source, text) = (wide(source), wide(text));
    // SAFETY: no server is this machine; the name is ended by a zero and outlives the call.
    let log = unsafe { RegisterEventSourceW(ptr::null(), source.as_ptr()) };
    if log.is_null() {
        return Err(io::Error::last_os_error());
    }
    let texts = [text.as_ptr()];
    // SAFETY: `log` is open; there is no SID and no data; of the one text the pointer is valid for the call, and a zero
    // ends it.
    let answer =
        unsafe { ReportEventW(log, kind, 0, id, ptr::null_mut(), 1, 0, texts.as_ptr(), ptr::null()) };
    let result = super::check(answer);
    // SAFETY: `log` was opened above and is not used again.
    unsafe { DeregisterEventSource(log) };
    result
}
