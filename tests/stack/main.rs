//! The deployed template on the local stack: real binaries, real SDK calls, real HTTP. Handlers in memory are tested in `flows`.
//!
//! `HABEAS_SKIP_STACK=1` leaves these tests out (refused where `CI=true`), `HABEAS_STACK_UP` adds arguments to each `up`
//! (such as `--no-build`), `HABEAS_STACK_HOME` names another checkout directory, `HABEAS_BIN` a built program.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "tests stop at the first surprise, tell what they measured, and wait for a real stack in real time"
)]

mod anonymising;
mod api;
mod audit_export;
mod audit_log;
mod aws;
mod canaries;
mod chinook;
mod company;
mod consents;
mod contracts;
mod demo;
mod discovering;
mod erasure;
mod event_sinks;
mod exports;
mod harness;
mod hold_races;
mod http;
mod intake;
mod kills;
mod links;
mod logs;
mod mail_events;
mod mails;
mod notices;
mod passes;
mod people_map;
mod processors;
mod proof_rate;
mod quarantine;
mod receipts;
mod renaming;
mod retention;
mod shop;
mod streams;
mod tenants;
mod tokens;
mod zip_file;
