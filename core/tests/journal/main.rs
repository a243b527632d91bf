//! The journal's store, from outside: crashes, damage, full disks, second processes.
#![allow(clippy::disallowed_methods, clippy::disallowed_types)] // Tests break files; that is their work.

mod common;
mod contract;
mod damage;
mod flushes;
mod full_disk;
mod guards;
mod kill;
mod power_cut;
mod property;
mod reader;
mod recorder;
mod second_process;
mod speed;
