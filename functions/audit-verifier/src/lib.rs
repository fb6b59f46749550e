//! Re-reads every audit log once a week, and at once when called by hand; says at once what does not hold; collects evidence with it,
//! and ends what has outlived its lock.
//!
//! Trigger: schedule, each hour; `{"tenant": "…"}` by hand verifies that log now.
//! Reads: log heads, tiles and checkpoints, audit events, jobs and their items, policies. Writes: the result of each log and evidence, under lock,
//! with its audit events. Deletes: evidence without a lock.
//! If run twice: a log that was verified is not due again for a week; by hand it is verified again; a week has each piece of evidence once.

mod handler;
mod wiring;

pub use handler::{Asked, VerifyError, handle};
pub use wiring::{Ports, verify_audits};
