//! A media file that does not fit into memory: its entry is written while the bytes pass by.
//!
//! Such a file is a part of its own: head, content, tail.

use crc32fast::Hasher;
use sha2::{Digest, Sha256};
use thiserror::Error;

use crate::entry::{EntryKind, EntryRecord, Method, hex};
use crate::header::{DosTime, LocalHeader, descriptor, local_header};
use crate::name::Source;

/// Why a media file can't end here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum MediaError {
    /// The source gave more or fewer bytes than it had said; the part must be thrown away.
    #[error("the media file has {found} bytes where {announced} were announced")]
    WrongLength {
        /// What the source had said.
        announced: u64,
        /// What came.
        found: u64,
    },
}

/// Checks a media file as it streams by; the caller moves the bytes.
#[derive(Debug)]
pub struct MediaStream {
    name: String,
    source: String,
    announced: u64,
    found: u64,
    head_bytes: u64,
    crc32: Hasher,
    sha256: Sha256,
}

/// What follows the content of a streamed media file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MediaTail {
    /// The descriptor, then the index of the part.
    pub bytes: Vec<u8>,
    /// How many bytes of the whole part (head, content, descriptor) belong into the ZIP.
    pub zip_bytes: u64,
    /// What the index says.
    pub entry: EntryRecord,
}

impl MediaStream {
    /// Begins an entry of known size; the returned head goes before the content.
    #[must_use]
    pub fn begin(name: String, source: &Source, size_bytes: u64, made_at: DosTime) -> (Self, Vec<u8>) {
        let header = LocalHeader {
            name: &name,
            method: Method::Stored,
            crc32: 0,
            bytes: size_bytes,
            compressed_bytes: size_bytes,
            has_descriptor: true,
        };
        let head = local_header(&header, made_at);
        let stream = Self {
            name,
            source: source.as_str().to_owned(),
            announced: size_bytes,
            found: 0,
            head_bytes: head.len() as u64,
            crc32: Hasher::new(),
            sha256: Sha256::new(),
        };
        (stream, head)
    }

    /// Takes note of the next bytes of the content.
    pub fn pass(&mut self, chunk: &[u8]) {
        self.found += chunk.len() as u64;
        self.crc32.update(chunk);
        self.sha256.update(chunk);
    }

    /// Ends the entry.
    ///
    /// # Errors
    /// [`MediaError::WrongLength`] if the content was not as long as announced.
    pub fn finish(self) -> Result<MediaTail, MediaError> {
        let Self { announced, found, .. } = self;
        if announced != found {
            return Err(MediaError::WrongLength { announced, found });
        }
        let crc32 = self.crc32.finalize();
        let mut bytes = descriptor(crc32, found);
        let zip_bytes = self.head_bytes + found + bytes.len() as u64;
        let entry = EntryRecord {
            name: self.name,
            source: self.source,
            kind: EntryKind::Media,
            rows: 0,
            bytes: found,
            compressed_bytes: found,
            sha256: hex(&self.sha256.finalize()),
            crc32,
            method: Method::Stored,
            header_offset_in_part: 0,
            has_descriptor: true,
        };
        entry.write_line(&mut bytes);
        Ok(MediaTail { bytes, zip_bytes, entry })
    }
}
