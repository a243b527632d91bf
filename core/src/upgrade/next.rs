//! x
pub struct Next;
pub fn next() {}
