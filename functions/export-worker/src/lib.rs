//! Collects a person's or an organisation's data and leaves one encrypted archive for download.
//!
//! Trigger: SQS `export-worker-queue`, one step of one job per message.
//! Runs: screen, verify (its end), locate, collect, anonymize (a whole collection), `export_events`, package, expire.
//! Reads: jobs, keyring, data maps, the mapped sources, audit events. Writes: jobs + audit, sealed plans and parts, the archive, its receipt.
//! Sends: nudges for the next steps. If run twice: the second run sees the committed step and acknowledges.

mod config;
mod handler;

pub use config::Config;
pub use handler::handle;
