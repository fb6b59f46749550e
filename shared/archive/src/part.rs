//! A part: a run of whole ZIP entries and, behind it, their index. One part is one stored object.

use libdeflater::{CompressionLvl, Compressor};
use sha2::{Digest, Sha256};

use crate::entry::{EntryKind, EntryRecord, Method, hex};
use crate::header::{DosTime, LOCAL_HEADER_BYTES, LocalHeader, local_header};

/// A part is handed out once it holds this much; S3 can copy a part on its own from 5 MiB on.
pub const PART_TARGET_BYTES: usize = 8 * 1024 * 1024;

/// libdeflate at 5 gives smaller files than zlib at its default level 6, in about 40 % of its time.
const LEVEL: i32 = 5;

/// A finished part: `bytes[..zip_bytes]` belongs into the ZIP as it is, the index follows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// The stored object: entries, then the index as JSON lines of [`EntryRecord`].
    pub bytes: Vec<u8>,
    /// How many of the bytes belong into the ZIP.
    pub zip_bytes: u64,
    /// What the index says.
    pub entries: Vec<EntryRecord>,
}

/// What is to become an entry.
pub(crate) struct NewEntry<'a> {
    pub(crate) name: String,
    pub(crate) source: &'a str,
    pub(crate) kind: EntryKind,
    pub(crate) rows: u64,
    pub(crate) content: &'a [u8],
}

/// Collects entries into parts; equal input gives equal bytes.
pub struct PartWriter {
    made_at: DosTime,
    compressor: Compressor,
    bytes: Vec<u8>,
    entries: Vec<EntryRecord>,
}

impl PartWriter {
    /// An empty part; every entry will carry this moment.
    ///
    /// # Panics
    /// Never: level 5 exists.
    #[must_use]
    pub fn new(made_at: DosTime) -> Self {
        let level = CompressionLvl::new(LEVEL).expect("levels 0 to 12 exist");
        Self { made_at, compressor: Compressor::new(level), bytes: Vec::new(), entries: Vec::new() }
    }

    /// Adds a small media file whole; larger ones go through [`crate::MediaStream`].
    pub fn add_media(&mut self, name: String, source: &crate::Source, content: &[u8]) {
        let source = source.as_str();
        let entry = NewEntry { name, source, kind: EntryKind::Media, rows: 0, content };
        self.add_stored(entry);
    }

    /// Whether the part has reached [`PART_TARGET_BYTES`].
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.bytes.len() >= PART_TARGET_BYTES
    }

    /// The part so far, if it has reached [`PART_TARGET_BYTES`].
    pub fn take_full(&mut self) -> Option<Part> {
        if self.bytes.len() < PART_TARGET_BYTES { None } else { self.take() }
    }

    /// The part so far, however small; `None` if there is no entry.
    pub fn take(&mut self) -> Option<Part> {
        if self.entries.is_empty() {
            return None;
        }
        let entries = std::mem::take(&mut self.entries);
        let mut bytes = std::mem::take(&mut self.bytes);
        let zip_bytes = bytes.len() as u64;
        for entry in &entries {
            entry.write_line(&mut bytes);
        }
        Some(Part { bytes, zip_bytes, entries })
    }

    pub(crate) fn entries(&self) -> &[EntryRecord] {
        &self.entries
    }

    pub(crate) fn into_entries(self) -> (Vec<u8>, Vec<EntryRecord>) {
        (self.bytes, self.entries)
    }

    pub(crate) fn add_deflated(&mut self, entry: NewEntry<'_>) {
        let header_at = self.bytes.len();
        let content_at = header_at + LOCAL_HEADER_BYTES + entry.name.len();
        let bound = self.compressor.deflate_compress_bound(entry.content.len());
        self.bytes.resize(content_at + bound, 0);
        let compressed = self
            .compressor
            .deflate_compress(entry.content, &mut self.bytes[content_at..])
            .expect("the buffer is as large as the bound asks");
        self.bytes.truncate(content_at + compressed);
        self.finish_entry(entry, Method::Deflate, header_at, compressed as u64);
    }

    fn add_stored(&mut self, entry: NewEntry<'_>) {
        let header_at = self.bytes.len();
        self.bytes.resize(header_at + LOCAL_HEADER_BYTES + entry.name.len(), 0);
        self.bytes.extend_from_slice(entry.content);
        let compressed = entry.content.len() as u64;
        self.finish_entry(entry, Method::Stored, header_at, compressed);
    }

    /// Writes the header into the room left for it and notes the entry.
    fn finish_entry(&mut self, entry: NewEntry<'_>, method: Method, header_at: usize, packed: u64) {
        let crc32 = crc32fast::hash(entry.content);
        let bytes = entry.content.len() as u64;
        let header = local_header(
            &LocalHeader { name: &entry.name, method, crc32, bytes, compressed_bytes: packed, has_descriptor: false },
            self.made_at,
        );
        self.bytes[header_at..header_at + header.len()].copy_from_slice(&header);
        self.entries.push(EntryRecord {
            name: entry.name,
            source: entry.source.to_owned(),
            kind: entry.kind,
            rows: entry.rows,
            bytes,
            compressed_bytes: packed,
            sha256: hex(&Sha256::digest(entry.content)),
            crc32,
            method,
            header_offset_in_part: header_at as u64,
            has_descriptor: false,
        });
    }
}

impl std::fmt::Debug for PartWriter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PartWriter")
            .field("bytes", &self.bytes.len())
            .field("entries", &self.entries.len())
            .finish_non_exhaustive()
    }
}
