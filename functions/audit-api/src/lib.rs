//! Shows the audit log over HTTP: queries, exports, checkpoints, proofs, and whether it holds; keeps evidence beside it.
//!
//! Trigger: HTTP API, `/api/v1/audit/*` and `/api/v1/compliance/evidence*`.
//! Reads: audit events by their indexes, jobs and keyring for sealed words, tiles and checkpoints. Writes: one audit event for each look, evidence with its custody and checks, jobs of large exports. Sends: their nudges.
//! If run twice: the same answer, and another event that says somebody looked; evidence that is brought twice is kept twice, a large export is made twice.

mod app;
pub mod body;
mod config;
pub mod evidence_body;
mod export;
mod handler;
mod openapi;
mod query;
mod routes;

pub use app::{App, Ports};
pub use config::Config;
pub use handler::router;
pub use openapi::openapi;
