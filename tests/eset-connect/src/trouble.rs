//! What goes wrong, by script.

/// A call of the interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Route {
    /// A token is asked for.
    Token,
    /// Devices are listed.
    Devices,
    /// Tasks are listed.
    Tasks,
    /// A task is created.
    Create,
    /// Runs are listed.
    Runs,
}

/// What happens instead of the answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// This status, and nothing is done.
    Status(u16),
    /// This status after it was done.
    StatusAfter(u16),
    /// 429 with a wish to wait so many seconds.
    Busy(u64),
    /// Nothing is done and nothing answered; the connection stays.
    Hang,
    /// It is done and nothing answered; the connection stays.
    HangAfter,
    /// The connection ends before it is done.
    Drop,
    /// The connection ends after it was done.
    DropAfter,
    /// The answer is whole, its JSON is not.
    HalfJson,
    /// The connection ends in the middle of the answer.
    HalfAnswer,
    /// So many bytes.
    Huge(usize),
    /// To another address.
    Redirect(String),
    /// `202`, this many times, before the answer.
    Pending(u32),
    /// `202`, and then the answer is forgotten: `404`.
    Forgotten,
    /// The last page names itself as the next.
    Endless,
}

/// When the test hears of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// It has come and nothing is done.
    Come,
    /// It is done and not answered.
    Done,
}
