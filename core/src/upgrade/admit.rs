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
        match (self, state.standing) {
            (_, Standing::Finished(_)) => refuse("it is over", "`mailsec report` shows how it ended"),
            (_, Standing::Empty) => refuse("it was never planned", "see `mailsec status`"),
            (Request::Cancel | Request::RollBack, _) if state.past_no_return() => refuse(
                "the new version is in place, and the way back ended there",
                "let it finish, or `mailsec abandon` and go on by hand",
            ),
            (Request::Pause, Standing::Paused) => refuse("it is paused already", "`mailsec resume` goes on"),
            _ => Ok(()),
        }
    }
}
