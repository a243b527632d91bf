//! Machines of the lab with a product and mailsec on them.
#![allow(dead_code, reason = "each test program uses its part")]

mod eset;
mod machine;
mod vipre;

#[allow(unused_imports, reason = "each test program uses its part")]
pub(crate) use machine::{DONE, GATE, Machine, REFUSED, RESTART, ROLLED_BACK};
