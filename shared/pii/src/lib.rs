//! Personal data in bytes and JSON: found, classified and made unreadable; no I/O, no clock, no randomness of its own.
//!
//! What anonymisation promises, with figures: `docs/anonymisation.md`.

pub mod anonymity;
pub mod differential_privacy;
pub mod generalise;
pub mod pseudonym;
