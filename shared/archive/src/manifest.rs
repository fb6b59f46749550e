//! `manifest.json`: every file of the archive with rows, size and checksum, and why the data is held.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::collection::Format;
use crate::entry::{EntryKind, EntryRecord};
use crate::info::ArchiveInfo;

/// The manifest's name inside the archive; the one file it does not list.
pub(crate) const MANIFEST_NAME: &str = "manifest.json";

/// What `manifest.json` says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Version of this form.
    pub v: u32,
    /// The job that made the archive.
    pub job_id: String,
    /// The kind of request.
    #[serde(rename = "type")]
    pub request_type: String,
    /// The instant the job was accepted.
    pub made_at: Timestamp,
    /// The form of the rows.
    pub format: Format,
    /// The region in which the data stays.
    pub region: String,
    /// Every other file of the archive, in its order.
    pub files: Vec<ManifestFile>,
}

/// One file of the archive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManifestFile {
    /// Path inside the archive.
    pub name: String,
    /// `dataset.collection`, empty for documents.
    pub source: String,
    /// What the file holds.
    pub kind: EntryKind,
    /// Rows, without a CSV header.
    pub rows: u64,
    /// Size.
    pub bytes: u64,
    /// SHA-256, lower-case hex.
    pub sha256: String,
    /// Categories of personal data.
    pub categories: Vec<String>,
    /// Purposes.
    pub purposes: Vec<String>,
    /// How long the data is kept.
    pub retention: Option<String>,
}

/// The manifest over these entries, in their order.
#[must_use]
pub fn manifest(info: &ArchiveInfo, entries: &[&EntryRecord]) -> Manifest {
    Manifest {
        v: 1,
        job_id: info.job_id.clone(),
        request_type: info.request_type.clone(),
        made_at: info.made_at,
        format: info.format,
        region: info.region.clone(),
        files: entries.iter().map(|entry| file(info, entry)).collect(),
    }
}

fn file(info: &ArchiveInfo, entry: &EntryRecord) -> ManifestFile {
    let source = info.sources.iter().find(|source| source.source.as_str() == entry.source);
    ManifestFile {
        name: entry.name.clone(),
        source: entry.source.clone(),
        kind: entry.kind,
        rows: entry.rows,
        bytes: entry.bytes,
        sha256: entry.sha256.clone(),
        categories: source.map(|source| source.categories.clone()).unwrap_or_default(),
        purposes: source.map(|source| source.purposes.clone()).unwrap_or_default(),
        retention: source.and_then(|source| source.retention.clone()),
    }
}

impl Manifest {
    /// The bytes of `manifest.json`, indented for reading.
    ///
    /// # Panics
    /// Never: texts and numbers serialise.
    #[must_use]
    pub fn to_json(&self) -> Vec<u8> {
        let mut out = serde_json::to_vec_pretty(self).expect("texts and numbers serialise");
        out.push(b'\n');
        out
    }
}
