//! Samples the mapped sources and reports the personal data in them that the data map doesn't name.
//!
//! Trigger: schedule, each week; or an event that names a tenant.
//! Reads: data maps, some rows of every mapped source. Writes: a report under `discovery/`, one audit event. Sends: nothing.
//! If run twice: another report under its own time; nothing else changes.

mod handler;

pub use handler::handle;
