//! Personal data in bytes and JSON: found, classified and made unreadable; no I/O, no clock, no randomness of its own.
//!
//! Figures and what is not covered: `docs/detection.md`; what anonymisation promises, with figures:
//! `docs/anonymisation.md`.

pub mod anonymity;
pub mod classify;
pub mod detect;
pub mod differential_privacy;
pub mod generalise;
pub mod mask;
pub mod pseudonym;
