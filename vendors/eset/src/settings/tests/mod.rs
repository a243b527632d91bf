//! Trees that are written and read back, compared and edited; and files that mean harm.

mod examples;
mod hostile;
mod mutated;
mod property;
mod tree;
