//! Repairs what was lost: nudges every step that is due, so that no job waits for a message that never came.
//!
//! Trigger: schedule, each minute.
//! Reads: the `wake` index of the jobs table. Writes: `next_check_at` of due steps, no version. Sends: nudges.
//! If run twice: an entry moves by condition before its nudge, so two runs at once nudge a step once.

mod handler;

pub use handler::handle;
