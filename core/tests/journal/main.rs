//! The journal's store, from outside: crashes, damage, full disks, second processes.
// Tests break files, and fail by panicking; that is their work.
#![allow(clippy::disallowed_methods, clippy::disallowed_types, clippy::unwrap_used, clippy::expect_used)]
// The store's guarantees are shown with signals, strace and namespaces.
#![cfg(target_os = "linux")]

mod common;
mod contract;
mod damage;
mod damage_again;
mod flushes;
mod forgetting;
mod full_disk;
mod guards;
mod kill;
mod power_cut;
mod property;
mod reader;
mod recorder;
mod second_process;
mod speed;
