//! The example's own tests, and the page that is made of its files.
#![allow(clippy::unwrap_used, reason = "tests, helpers included")]

mod certified;
mod first;
mod page;
mod specimens;
