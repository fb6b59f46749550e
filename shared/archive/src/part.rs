//! A part: a run of whole ZIP entries and, behind it, their index. One part is one stored object.

use libdeflater::{CompressionLvl, Compressor};
use sha2::{Digest, Sha256};

use crate::entry::{EntryKind, EntryRecord, Method, hex};
use crate::header::{DosTime, LOCAL_HEADER_BYTES, LocalHeader, local_header};

/// A part is handed out once it holds this much; S3 can copy a part on its own from 5 MiB on.
pub const PART_TARGET_BYTES: usize = 8 * 1024 * 1024;

/// libdeflate at 5 gives smaller files than zlib at its default level 6, in about 40 % of its time.
const LEVEL: i32 = 5;

/// How rows and documents are kept in the archive; media are never packed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Packing {
    /// Made smaller.
    #[default]
    Deflated,
    /// As they are, for whoever has more room than time; a simulation plays a hundred thousand archives.
    Stored,
}

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
    packing: Packing,
    compressor: Option<Compressor>,
    bytes: Vec<u8>,
    entries: Vec<EntryRecord>,
}

impl PartWriter {
    /// An empty part; every entry will carry this moment.
    #[must_use]
    pub const fn new(made_at: DosTime) -> Self {
        Self::packing(made_at, Packing::Deflated)
    }

    /// The same with entries kept as `packing` says.
    #[must_use]
    pub const fn packing(made_at: DosTime, packing: Packing) -> Self {
        Self { made_at, packing, compressor: None, bytes: Vec::new(), entries: Vec::new() }
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

    pub(crate) fn add_packed(&mut self, entry: NewEntry<'_>) {
        match self.packing {
            Packing::Deflated => self.add_deflated(entry),
            Packing::Stored => self.add_stored(entry),
        }
    }

    fn add_deflated(&mut self, entry: NewEntry<'_>) {
        let header_at = self.bytes.len();
        let content_at = header_at + LOCAL_HEADER_BYTES + entry.name.len();
        // Its tables are large: made with the first entry, and never for a part of media.
        let compressor = self
            .compressor
            .get_or_insert_with(|| Compressor::new(CompressionLvl::new(LEVEL).expect("levels 0 to 12 exist")));
        let bound = compressor.deflate_compress_bound(entry.content.len());
        self.bytes.resize(content_at + bound, 0);
        let compressed = compressor
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
