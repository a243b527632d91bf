//! People: who runs this, what they leave in the inbox, and what they answer at the keyboard.

mod actor;
mod canary;
mod desk;
mod inbox;
mod keyboard;

pub(crate) use actor::actor;
pub(crate) use canary::Watched;
pub(crate) use desk::{FrontDesk, Patience};
pub(crate) use inbox::Inbox;
pub(crate) use keyboard::confirm;
