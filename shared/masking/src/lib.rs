//! Change events masked as they are read: rows, Debezium envelopes and their keys; spans that hold nobody stay as they were.
//!
//! No tree is built, and nothing here knows a stream, a queue or the data map's form: rules come as field paths.

mod event;
mod json;
mod learned;
mod replacing;
mod rules;
mod walk;

pub use event::{EventError, EventMasker, Masked, Operation, Seen};
pub use replacing::{Keys, Method};
pub use rules::{CollectionRules, FieldRule, Treatment};
