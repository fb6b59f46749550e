//! What the suites share: the world with every handler, the executor, the contracts of the ports, the checker of invariants.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "test support may stop the test")]

pub mod contracts;
pub mod executor;
pub mod fixtures;
pub mod handlers;
pub mod invariants;
pub mod large_retention;
pub mod names;
pub mod retention_archives;
pub mod retention_maps;
pub mod sample;
pub mod story;
pub mod weather;
pub mod world;
