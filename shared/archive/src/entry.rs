//! What is known of one ZIP entry: enough to list it in the manifest and to find its bytes again.

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// What an entry holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EntryKind {
    /// Rows, one JSON value a line.
    Json,
    /// Rows, RFC 4180 with a header.
    Csv,
    /// A file as it was stored.
    Media,
    /// A page about the archive itself.
    Document,
}

/// How the bytes of an entry are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Method {
    /// As they are (APPNOTE 4.4.5, method 0).
    Stored,
    /// Raw deflate (APPNOTE 4.4.5, method 8).
    Deflate,
}

impl Method {
    pub(crate) const fn number(self) -> u16 {
        match self {
            Self::Stored => 0,
            Self::Deflate => 8,
        }
    }
}

/// One entry of a part, as one line of the part's index.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EntryRecord {
    /// Path inside the archive.
    pub name: String,
    /// `dataset.collection`, empty for documents.
    pub source: String,
    /// What the entry holds.
    pub kind: EntryKind,
    /// Rows, without a CSV header; 0 for media and documents.
    pub rows: u64,
    /// Size of the content.
    pub bytes: u64,
    /// Size inside the archive.
    pub compressed_bytes: u64,
    /// SHA-256 of the content, lower-case hex.
    pub sha256: String,
    /// CRC-32 of the content.
    pub crc32: u32,
    /// How the bytes are kept.
    pub method: Method,
    /// Where the local header begins, from the start of the part.
    pub header_offset_in_part: u64,
    /// Whether sizes and checksum follow the content (APPNOTE 4.3.9).
    pub has_descriptor: bool,
}

/// Why a part's index can't be read.
#[derive(Debug, Error)]
pub enum IndexError {
    /// A line is not a record.
    #[error("line {line} of the part's index is not an entry record")]
    Line {
        /// Counted from 1.
        line: usize,
        /// What the reader says.
        source: serde_json::Error,
    },
}

impl EntryRecord {
    /// Appends the record as one JSON line.
    ///
    /// # Panics
    /// Never: texts and numbers serialise.
    pub fn write_line(&self, out: &mut Vec<u8>) {
        serde_json::to_writer(&mut *out, self).expect("a record of texts and numbers serialises");
        out.push(b'\n');
    }

    /// Reads an index as [`EntryRecord::write_line`] wrote it.
    ///
    /// # Errors
    /// [`IndexError`] with the first line that is not a record.
    pub fn read_index(index: &[u8]) -> Result<Vec<Self>, IndexError> {
        let lines = index.split(|byte| *byte == b'\n').enumerate();
        lines
            .filter(|(_, line)| !line.is_empty())
            .map(|(n, line)| {
                let record = serde_json::from_slice(line);
                record.map_err(|source| IndexError::Line { line: n + 1, source })
            })
            .collect()
    }
}

/// Lower-case hex, as the manifest writes checksums.
pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: [u8; 16] = *b"0123456789abcdef";
    let digit = |value: u8| char::from(DIGITS[usize::from(value)]);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}
