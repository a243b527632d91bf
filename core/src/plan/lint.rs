//! x
pub fn lint() {}
