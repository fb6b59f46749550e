//! Accepts requests over HTTP, shows their jobs, takes proof of identity, hands out links.
//!
//! Trigger: HTTP API, `/api/v1/privacy/*`.
//! Reads: jobs, keyring, data maps, plans of erasures, receipts, tiles of audit logs. Writes: jobs + audit, job and tenant keys, idempotency records, counters.
//! Sends: nudges for first and next steps; signs links to archives.
//! If run twice: an `Idempotency-Key` gives the same answer; an act on a job is refused once its state has moved.

mod access;
mod app;
pub mod body;
mod config;
mod handler;
mod openapi;
mod routes;

pub use app::{App, Ports};
pub use config::Config;
pub use handler::router;
pub use openapi::openapi;
