#![forbid(unsafe_code)]
//! ESET Connect: the documented interface of ESET's management server, as the port that the remote method needs.
//!
//! What it documents, and this client keeps to: an access token by user and password, good for an hour, renewed by a
//! refresh token; ten calls a second; lists in pages; an answer that is not ready in time is `202` with a
//! `response-id`, by which the same request is repeated until it is
//! (<https://help.eset.com/eset_connect/en-US/how_api_works.html>).

mod call;
mod client;
mod config;
mod failures;
mod login;
mod pages;
mod region;
mod trust;
mod wire;

pub use client::Client;
pub use config::{ConnectConfig, Limits, OwnAddresses};
pub use region::Region;

/// The name of the secret with the password of the interface's user.
pub const PASSWORD: &str = "eset-connect-password";
