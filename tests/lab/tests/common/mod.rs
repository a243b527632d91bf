//! Machines of the lab with a product and mailsec on them.
#![allow(dead_code, reason = "each test program uses its part")]

mod machine;
mod vipre;

pub(crate) use machine::{DONE, GATE, Machine, REFUSED, RESTART, ROLLED_BACK};
