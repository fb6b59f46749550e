//! Finds a person's data, collects it and leaves one encrypted archive for download.
//!
//! Trigger: SQS `export-worker-queue`, one step of one job per message.
//! Reads: job, steps, data map, the customer's systems. Writes: steps, job and audit events, parts, plans and archives,
//! and deletes them and the job key at the end of their life. Sends: nudges for the next steps.
//! If run twice: the second run sees the committed step and acknowledges.

mod handler;

pub use handler::handle;
