//! Personal data in bytes and JSON: found, classified and made unreadable; no I/O, no clock, no randomness of its own.
//!
//! Figures and what is not covered: `docs/detection.md`.

pub mod classify;
pub mod detect;
pub mod mask;
