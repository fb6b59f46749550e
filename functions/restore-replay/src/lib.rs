//! Finds people who were erased and are back, and has them erased again: after each restore, before it goes live.
//!
//! Trigger: by hand, with an event that names a tenant.
//! Reads: data maps, suppressions, jobs, every row of the mapped sources. Writes: jobs + audit, job keys, counters.
//! Sends: nudges for the first steps.
//! If run twice: a second erasure of the same person, which finds nothing more or shares the work.

mod config;
mod handler;

pub use config::legal_clock;
pub use handler::handle;
