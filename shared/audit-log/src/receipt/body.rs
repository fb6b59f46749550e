//! What a receipt says: which job, what was done where, what was kept and under which rule, until when copies remain. No personal data.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The content of a receipt; counts, ids, hashes and times only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// Version of this form.
    pub v: u8,
    /// The job.
    pub job: String,
    /// The tenant that answers for it.
    pub tenant: String,
    /// What was asked, such as `erasure` or `export`.
    pub request_type: String,
    /// SHA-256 of the frozen plan, hexadecimal; an export has none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub plan_hash: String,
    /// What was handed out; exports only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub archive: Option<ReceiptArchive>,
    /// What was done, source by source.
    pub sources: Vec<ReceiptSource>,
    /// What was kept, and the rule that says so.
    pub exemptions: Vec<Exemption>,
    /// Who else was told, and how that stood when the receipt was signed (GDPR Art. 19).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub processors: Vec<ReceiptProcessor>,
    /// Tokens of the person that were revoked at their issuer (RFC 7009); none where the data map names no issuer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokens: Option<ReceiptTokens>,
    /// The article the request was answered under, such as `GDPR Art. 17`.
    pub legal_basis: String,
    /// When the request came in.
    pub requested_at: Timestamp,
    /// When the last source was confirmed.
    pub completed_at: Timestamp,
    /// Until when a backup may still hold a copy or a key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub residual_until: Option<Timestamp>,
    /// Where the audit log records it; a receipt signed before its event was sealed has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log: Option<LogPosition>,
}

/// The archive of an export.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReceiptArchive {
    /// SHA-256 of the whole file, hexadecimal.
    pub sha256: String,
    /// Its length.
    pub bytes: u64,
    /// Files in it.
    pub files: u64,
    /// Rows in it.
    pub rows: u64,
    /// Until when it can be fetched.
    pub expires_at: Timestamp,
}

/// What was done in one source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReceiptSource {
    /// The source's name in the data map.
    pub source: String,
    /// Counts by kind, such as `erased` or `masked`, in the order of their names.
    pub counts: std::collections::BTreeMap<String, u64>,
    /// Versions of objects that were removed or written, where the source has versions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub object_versions: Vec<String>,
}

/// Something that was kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exemption {
    /// The source's name in the data map.
    pub source: String,
    /// The article or rule, such as `GDPR Art. 17(3)(b)`.
    pub rule: String,
    /// How many records it keeps.
    pub count: u64,
}

/// A processor that was told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReceiptProcessor {
    /// Its key in the data map.
    pub processor: String,
    /// `accepted`, `completed`, `refused` or `unreachable`.
    pub status: String,
    /// Why it refused or could not be told, as a code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// When it took the notice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub told_at: Option<Timestamp>,
}

/// What became of the person's tokens.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReceiptTokens {
    /// Revoked, as their issuers say.
    pub revoked: u64,
    /// Erased without an issuer having revoked them.
    pub left: u64,
}

/// The place of the event in the audit log, with its inclusion proof (RFC 6962, 2.1.1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogPosition {
    /// Name of the log.
    pub origin: String,
    /// Position of the event, from 0.
    pub leaf_index: u64,
    /// Hash of its leaf, base64.
    pub leaf_hash: String,
    /// Size of the tree the proof leads to.
    pub tree_size: u64,
    /// Root of that tree, base64.
    pub root: String,
    /// Hashes from the leaf's sibling to the root's child, base64.
    pub inclusion: Vec<String>,
}
