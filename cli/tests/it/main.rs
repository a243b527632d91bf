//! Black-box tests of the real `mailsec` command, on simulated servers that are kept in folders.
//!
//! One program with many modules, because linking costs more than running.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests, helpers included")]

mod account;
mod bundle;
mod capture;
mod certify;
mod checklist;
mod cluster;
mod damage;
mod eset;
mod flows;
mod harness;
mod kill;
mod logs;
mod mail;
mod manual;
mod otlp;
mod people;
mod plans;
mod readme;
mod refused;
mod rehearse;
mod remote;
mod remote_kill;
mod reports;
mod running;
mod scenarios;
mod secrets;
mod settings;
mod simulate;
mod support;
mod terminal;
mod trouble;
mod usage;
mod web;
