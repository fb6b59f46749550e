//! Seals audit events into one signed log per tenant, under lock, so that nobody can rewrite what was done.
//!
//! Trigger: schedule, each minute.
//! Reads: the `unsealed` index, audit events, the edge of each log. Writes: log heads, the mark that an event is sealed, tiles, checkpoints.
//! If run twice: a batch is fixed in the head before anything is written, so two runs write the same bytes or one steps back.

mod handler;

pub use handler::handle;
