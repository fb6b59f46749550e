//! Takes away what has lived long enough, by the retention policy of its organisation: counted, archived, then deleted or anonymised; of customers' data and of our own records.
//!
//! Trigger: schedule, each night, every quarter of an hour until it is done; by hand with `{"dry_run": true}`.
//! Reads: data maps, retention policies, legal holds, the mapped tables, ended jobs by their index.
//! Writes: retention runs with their audit events, archives under lock, subject keys; deletes and rewrites expired rows of mapped tables; deletes ended jobs and their steps.
//! If run twice: each chunk is archived once and each row goes only as it was read; of two runs at once one loses by the run's version.

mod handler;

pub use handler::{SweepError, asked, handle};
