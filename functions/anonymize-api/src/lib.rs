//! Finds personal data in what is sent or named, makes it unreadable, and answers questions with differential privacy.
//!
//! Trigger: HTTP API, `/api/v1/privacy/scan`, `/anonymize` and `/analytics` with what is below them; bodies up to 5 MiB.
//! Reads: keyring, data maps, mapped sources. Writes: audit events, tenant keys, the privacy budget, jobs of orders.
//! Sends: nudges to the export worker, which does what a source is too large for in a call.
//! If run twice: nothing that was sent is kept; a question to `/analytics` asked twice is paid twice, but for one idempotency key.

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
