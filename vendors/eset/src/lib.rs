#![forbid(unsafe_code)]
//! ESET Mail Security for Microsoft Exchange Server.

pub mod settings;
