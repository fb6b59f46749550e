//! Shows the audit log over HTTP: queries, exports, checkpoints, proofs, and whether it holds.
//!
//! Trigger: HTTP API, `/api/v1/audit/*`.
//! Reads: audit events by their indexes, jobs and keyring for sealed words, tiles and checkpoints. Writes: one audit event for each look.
//! If run twice: the same answer, and another event that says somebody looked.

mod app;
pub mod body;
mod config;
mod export;
mod handler;
mod openapi;
mod query;
mod routes;

pub use app::{App, Ports};
pub use config::Config;
pub use handler::router;
pub use openapi::openapi;
