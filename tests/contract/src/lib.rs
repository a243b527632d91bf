#![forbid(unsafe_code)]
//! c
