//! Seals audit events into one signed log per tenant, under lock, so that nobody can rewrite what was done;
//! looks at each once by the rules for anomalies, and gives it to a SIEM where one is named.
//!
//! Trigger: schedule, each minute.
//! Reads: the `unsealed` index, audit events, the edge of each log. Writes: log heads, the mark that an event is sealed, tiles, checkpoints, events of anomalies, lines for the SIEM.
//! If run twice: a batch is fixed in the head before anything is written, so two runs write the same bytes or one steps back.

mod config;
mod handler;

pub use config::Config;
pub use handler::handle;
