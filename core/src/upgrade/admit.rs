//! Which request makes sense in which state.

use super::{Request, Standing, State};
use crate::failure::{Code, Failure};

impl Request {
    /// Whether it makes sense for an upgrade in this state.
    ///
    /// # Errors
    /// [`Code::RequestRefused`] with the reason.
    pub fn admit(self, state: &State) -> Result<(), Failure> {
        let refuse = |why: &str, hint: &str| {
            Err(Failure::new(Code::RequestRefused, format!("this upgrade cannot {self}: {why}")).hint(hint))
        };
        let no_way_back = state.no_way_back().filter(|_| matches!(self, Request::Cancel | Request::RollBack));
        match (self, state.standing) {
            (_, Standing::Finished(_)) => refuse("it is over", "`mailsec report` shows how it ended"),
            (_, Standing::Empty) => refuse("it was never planned", "see `mailsec status`"),
            (Request::Pause, Standing::Paused) => refuse("it is paused already", "`mailsec resume` goes on"),
            _ => no_way_back.map_or(Ok(()), |why| {
                refuse(why, "let it finish, or `mailsec abandon --note REASON` and go on by hand")
            }),
        }
    }
}
