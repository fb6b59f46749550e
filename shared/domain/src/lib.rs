//! Pure values and rules of Habeas: requests, jobs, steps, transitions, audit events, keys.
//!
//! No async, no AWS, no clock, no I/O: time and randomness arrive as arguments.

pub mod correction;
pub mod datum;
pub mod erasure;
pub mod event;
pub mod evidence;
pub mod hold;
pub mod ids;
pub mod job;
pub mod key;
pub mod notice;
pub mod processor;
pub mod record;
pub mod request;
pub mod restriction;
pub mod retention;
pub mod retention_run;
pub mod risk;
pub mod role;
pub mod sealed;
pub mod sensitive;
pub mod step;
pub mod transition;
