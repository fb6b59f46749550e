//! What the two steps of a quarantine remember between time slices; what flags held is in sealed objects.

use serde::{Deserialize, Serialize};

use super::ObjectRef;

/// Progress of `quarantine`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct QuarantineCheckpoint {
    /// Shards of the plan that are done.
    pub shards_done: u32,
    /// Chunks of the current shard that are done.
    pub chunks_done: u32,
    /// Targets of the current chunk that are done.
    pub targets_done: u32,
    /// Rows whose flags may be set.
    pub flagged: Vec<FlaggedRows>,
    /// Whether the last of them are those that come next.
    pub is_remembered: bool,
}

/// Rows of one shard with what their flags held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FlaggedRows {
    /// The shard.
    pub shard: ObjectRef,
    /// The rows, sealed.
    pub rows: ObjectRef,
}

/// Progress of `lift_quarantine`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct LiftCheckpoint {
    /// Lists of rows that are given back.
    pub done: u32,
}
