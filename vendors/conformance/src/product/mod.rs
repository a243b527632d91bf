//! The product as a function of facts, and its plans. Nothing of it touches a server but the gathering of facts.

mod describe;
mod facts;
mod other_facts;
mod plan;
mod said;
mod words;

pub(crate) use describe::{describe, methods, not_installed};
pub(crate) use facts::{facts, gather, method_of};
pub(crate) use plan::plan;
pub(crate) use said::{Planned, Said, say};
