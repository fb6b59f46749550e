//! The package from outside: lint rules, walks, and the map of a real database.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "test support may stop the test")]

mod chinook;
mod correction;
mod erasure;
mod lint;
mod processors;
mod support;
mod walk;
