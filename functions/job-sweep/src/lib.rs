//! Repairs what was lost: nudges every step that is due and was not picked up.
//!
//! Trigger: schedule, each minute. Reads: the sweep's index. Writes: only when an entry is looked at again.
//! Sends: nudges. If run twice: an entry that was moved by one run is not nudged by the other.

mod handler;

pub use handler::handle;
