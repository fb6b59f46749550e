//! What an export leaves behind, and what an export of the audit log is to hold.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::erasure::ReceiptRef;
use crate::request::ExportFormat;

/// The finished archive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Archive {
    /// The object's key.
    pub key: String,
    /// Its length.
    pub bytes: u64,
    /// SHA-256 of the object, hexadecimal.
    pub sha256: String,
    /// What it holds.
    pub format: ExportFormat,
    /// Files in it.
    pub files: u64,
    /// Rows in it.
    pub rows: u64,
    /// End of the entitlement to fetch it.
    pub expires_at: Timestamp,
    /// The signed receipt; archives of before there were receipts, and of the audit log, have none.
    #[serde(default)]
    pub receipt: Option<ReceiptRef>,
}

/// A span of time, its end not within it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Period {
    /// At this time and later.
    pub start: Timestamp,
    /// Before this time.
    pub end: Timestamp,
}
