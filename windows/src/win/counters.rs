//! Performance counters of Exchange's transport.
//!
//! `Get-Queue` would start a shell of several seconds at every look; the counters answer at once
//! (<https://learn.microsoft.com/previous-versions/office/exchange-server-2010/ff367923(v=exchg.141)>). Shadow queues
//! are not in them.

use super::wide;
use mailsec_core::host::QueueDepth;
use std::ptr;
use windows_sys::Win32::System::Performance::{
    PDH_FMT_COUNTERVALUE, PDH_FMT_LARGE, PDH_HCOUNTER, PDH_HQUERY, PdhAddEnglishCounterW, PdhCloseQuery,
    PdhCollectQueryData, PdhGetFormattedCounterValue, PdhOpenQueryW,
};

const DELIVERY: &str = r"\MSExchangeTransport Queues(_total)\Aggregate Delivery Queue Length (All Queues)";
const SUBMISSION: &str = r"\MSExchangeTransport Queues(_total)\Submission Queue Length";
const UNREACHABLE: &str = r"\MSExchangeTransport Queues(_total)\Unreachable Queue Length";
const POISON: &str = r"\MSExchangeTransport Queues(_total)\Poison Queue Length";

struct Query(PDH_HQUERY);

impl Drop for Query {
    fn drop(&mut self) {
        // SAFETY: opened by us, closed once.
        unsafe { PdhCloseQuery(self.0) };
    }
}

impl Query {
    fn open() -> Option<Self> {
        let mut query: PDH_HQUERY = Default::default();
        // SAFETY: live counters, no user data.
        (unsafe { PdhOpenQueryW(ptr::null(), 0, &mut query) } == 0).then_some(Self(query))
    }

    fn add(&self, path: &str) -> Option<PDH_HCOUNTER> {
        let path = wide(path);
        let mut counter: PDH_HCOUNTER = Default::default();
        // SAFETY: an open query and a path that ends with a zero.
        (unsafe { PdhAddEnglishCounterW(self.0, path.as_ptr(), 0, &mut counter) } == 0).then_some(counter)
    }

    fn collect(&self) -> Option<()> {
        // SAFETY: an open query.
        (unsafe { PdhCollectQueryData(self.0) } == 0).then_some(())
    }

    fn number(&self, counter: PDH_HCOUNTER) -> Option<u64> {
        let mut value = PDH_FMT_COUNTERVALUE::default();
        // SAFETY: a counter of this open query.
        let answer =
            unsafe { PdhGetFormattedCounterValue(counter, PDH_FMT_LARGE, ptr::null_mut(), &mut value) };
        if answer != 0 || value.CStatus > 1 {
            return None;
        }
        // SAFETY: the format that was asked for fills this member.
        u64::try_from(unsafe { value.Anonymous.largeValue }).ok()
    }
}

/// The depth of the queues; `None` when transport publishes no counters, as when it does not run.
pub(crate) fn queues() -> Option<QueueDepth> {
    let query = Query::open()?;
    let delivery = query.add(DELIVERY)?;
    let submission = query.add(SUBMISSION)?;
    let poison = query.add(POISON)?;
    // Not counted by every version.
    let unreachable = query.add(UNREACHABLE);
    query.collect()?;
    let waiting = query.number(delivery)?.saturating_add(query.number(submission)?);
    let unreachable = unreachable.and_then(|counter| query.number(counter)).unwrap_or(0);
    Some(QueueDepth { waiting: waiting.saturating_add(unreachable), poison: query.number(poison)? })
}
