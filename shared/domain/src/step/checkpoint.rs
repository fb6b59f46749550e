//! What a step remembers between time slices. Cursors and values of the customer stay sealed or in sealed objects.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{LiftCheckpoint, QuarantineCheckpoint};
use crate::erasure::PlannedSource;
use crate::notice::Delivery;
use crate::processor::ProcessorCheckpoint;
use crate::request::Alias;
use crate::risk::{AssessedRisk, Sensitivity};
use crate::sealed::Sealed;

/// A sealed object of ours in the exports bucket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObjectRef {
    /// The object's key.
    pub key: String,
    /// How many entries it holds.
    pub count: u64,
    /// SHA-256 of its plain bytes, hexadecimal.
    pub sha256: String,
}

/// One run of finished archive entries, stored as one object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartRef {
    /// The object's key.
    pub key: String,
    /// Length of the entries.
    pub zip_bytes: u64,
    /// Length of the object: the entries and their index.
    pub bytes: u64,
    /// Rows in it.
    pub rows: u64,
    /// SHA-256 over the SHA-256 of the entries and that of their index, hexadecimal; parts of earlier versions have none.
    #[serde(default)]
    pub sha256: Option<String>,
}

/// A part of a multipart upload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UploadedPart {
    /// From 1.
    pub number: u32,
    /// As the store named it.
    pub etag: String,
}

/// Progress of a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Checkpoint {
    /// Progress of `locate`.
    Locate(LocateCheckpoint),
    /// Progress of `collect`.
    Collect(CollectCheckpoint),
    /// Progress of `anonymize`.
    Anonymize(AnonymizeCheckpoint),
    /// Progress of `package`.
    Package(PackageCheckpoint),
    /// Progress of `plan_erasure`.
    PlanErasure(PlanErasureCheckpoint),
    /// What `seal_plan` came to.
    SealPlan(SealPlanCheckpoint),
    /// Progress of `begin_erasure`.
    BeginErasure(BeginErasureCheckpoint),
    /// Progress of `erase`.
    Erase(EraseCheckpoint),
    /// Progress of `confirm`.
    Confirm(ConfirmCheckpoint),
    /// Deliveries of a notice.
    Notify(NotifyCheckpoint),
    /// What became of telling a processor.
    Processor(ProcessorCheckpoint),
    /// Progress of `revoke_tokens`.
    Revoke(RevokeCheckpoint),
    /// Progress of `quarantine`.
    Quarantine(QuarantineCheckpoint),
    /// Progress of `lift_quarantine`.
    Lift(LiftCheckpoint),
}

/// Progress of `locate`: first the walk, then the frozen shards, then their steps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct LocateCheckpoint {
    /// The walk so far.
    pub walk: Option<ObjectRef>,
    /// Waves of the walk that are done.
    pub waves: u32,
    /// Whether the walk is over and `shards` are frozen.
    pub frozen: bool,
    /// The frozen shards.
    pub shards: Vec<ObjectRef>,
    /// How many of them have their step.
    pub created: u32,
    /// Everything the subject is known by, as keyed hashes; erasure only.
    #[serde(default)]
    pub aliases: Vec<Alias>,
    /// Under what else holds stop it, as in [`crate::erasure::Erasure::also_held_under`]; erasure only.
    #[serde(default, rename = "organizations", alias = "also_held_under")]
    pub also_held_under: Vec<Alias>,
    /// The members of an organisation, sealed; its erasure only.
    #[serde(default)]
    pub members: Option<ObjectRef>,
    /// What processors know them by, sealed; the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub people: Option<ObjectRef>,
    /// What processors are told, by their number; objections to direct marketing only.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub processors: Vec<(u32, ObjectRef)>,
}

/// Progress of `collect`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct CollectCheckpoint {
    /// Finished parts, in order.
    pub parts: Vec<PartRef>,
    /// Lookups of the shard that are done.
    pub lookups_done: u32,
    /// Where the current lookup goes on.
    pub cursor: Option<Sealed>,
    /// Where each collection of the shard stands.
    pub written: Vec<Written>,
}

/// Progress of `anonymize`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct AnonymizeCheckpoint {
    /// Finished parts of the result, in order; each is a gzip member of its own.
    pub parts: Vec<PartRef>,
    /// Rows kept until all are there, sealed; only where the whole is needed at once.
    pub gathered: Vec<ObjectRef>,
    /// Rows read so far.
    pub rows: u64,
    /// Where to go on and what was added up so far, sealed; none before the first save.
    pub resume: Option<Sealed>,
    /// Whether the collection is read to its end.
    pub read: bool,
    /// What was found and done, in counts.
    pub counts: BTreeMap<String, u64>,
}

/// What of one collection is in finished parts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Written {
    /// Position of the collection in the data map.
    pub collection: usize,
    /// Segments.
    pub segments: u32,
    /// Rows.
    pub rows: u64,
    /// Media files.
    pub media: u32,
}

/// Progress of `package`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct PackageCheckpoint {
    /// The multipart upload, stored before its first part.
    pub upload_id: Option<String>,
    /// Uploaded parts, in order.
    pub uploaded: Vec<UploadedPart>,
    /// Bytes of the archive that are uploaded.
    pub bytes: u64,
    /// State of the running SHA-256 after those bytes, base64.
    pub sha256_state: Option<String>,
    /// State of the running SHA-256 of the part under way, base64.
    #[serde(default)]
    pub part_sha256_state: Option<String>,
    /// How much handing the archive out risks; none of archives about nobody, and of earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub risk: Option<AssessedRisk>,
}

/// Progress of `plan_erasure`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct PlanErasureCheckpoint {
    /// Sealed lists of targets, in order.
    pub chunks: Vec<ObjectRef>,
    /// Lookups of the shard that are done.
    pub lookups_done: u32,
    /// Where the current lookup goes on.
    pub cursor: Option<Sealed>,
    /// Counts so far, by source.
    pub sources: Vec<PlannedSource>,
    /// What the erase step reads; there once the shard is planned.
    pub order: Option<ObjectRef>,
    /// SHA-256 over the shard's targets in the order of their digests, hexadecimal; there once the shard is planned.
    pub hash: Option<String>,
    /// How sensitive the most sensitive data is that would change; plans of earlier versions don't say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sensitivity: Option<Sensitivity>,
}

/// What `seal_plan` came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealPlanCheckpoint {
    /// How much carrying the plan out risks.
    pub risk: AssessedRisk,
}

/// Progress of `begin_erasure`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct BeginErasureCheckpoint {
    /// Shards that have their step.
    pub created: u32,
    /// Shards of the plan.
    pub shards: u32,
}

/// Progress of `erase`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct EraseCheckpoint {
    /// Chunks that are done.
    pub chunks_done: u32,
    /// Targets of the current chunk that are done.
    pub targets_done: u32,
    /// What became of the targets, by source.
    pub sources: Vec<ErasedSource>,
}

/// What became of the targets of one source.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErasedSource {
    /// `dataset.collection`.
    pub source: String,
    /// Rows or media that went.
    pub deleted: u64,
    /// Rows that stay with fields rewritten.
    pub anonymised: u64,
    /// Rows that stay with fields corrected; rectifications only.
    #[serde(default, skip_serializing_if = "crate::erasure::is_none")]
    pub corrected: u64,
    /// What was gone already.
    pub gone: u64,
    /// What was not as planned, and was left alone.
    pub drifted: u64,
}

/// Progress of `confirm`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct ConfirmCheckpoint {
    /// Shards searched again.
    pub shards_done: u32,
    /// Things found that should be gone.
    pub residual: u64,
    /// Whether a person has looked at what was found.
    pub reported: bool,
}

/// Deliveries of a notice so far; whoever is in it is not told again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct NotifyCheckpoint {
    /// In the order they ended.
    pub deliveries: Vec<Delivery>,
    /// Rounds after which somebody was still to be told.
    #[serde(default)]
    pub rounds: u32,
}

/// Progress of `revoke_tokens`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct RevokeCheckpoint {
    /// Lookups of this round that are done.
    pub lookups_done: u32,
    /// Tokens revoked in this round.
    pub revoked: u64,
    /// Tokens that were not revoked in this round.
    pub failed: u64,
    /// Tokens that were left after the last round.
    pub left: u64,
    /// Rounds that are over.
    pub rounds: u32,
}
