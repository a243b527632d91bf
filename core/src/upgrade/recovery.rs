//! x
pub struct Found;
pub struct Then;
pub fn recover() {}
