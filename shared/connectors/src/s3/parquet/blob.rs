//! The parts of an object that are in memory: its end with the footer, and one stretch of column chunks.

use std::future::Future;
use std::io::Cursor;
use std::ops::Range;

use bytes::Bytes;
use parquet::errors::ParquetError;
use parquet::file::reader::{ChunkReader, Length};
use workflow::ports::PortError;

/// Where the bytes of one version of an object come from.
pub(in crate::s3) trait Ranges: Send {
    /// Exactly these bytes of that version.
    fn read(&mut self, range: Range<u64>) -> impl Future<Output = Result<Bytes, PortError>> + Send;
}

/// Parts of an object, cheap to clone. Asking for a byte that is not here is an error, never a panic.
#[derive(Debug, Clone, Default)]
pub(in crate::s3) struct Blob {
    length: u64,
    tail: Part,
    part: Part,
}

#[derive(Debug, Clone, Default)]
struct Part {
    start: u64,
    bytes: Bytes,
}

impl Part {
    fn get(&self, start: u64, length: usize) -> Option<Bytes> {
        let from = usize::try_from(start.checked_sub(self.start)?).ok()?;
        let to = from.checked_add(length)?;
        (to <= self.bytes.len()).then(|| self.bytes.slice(from..to))
    }

    fn rest(&self, start: u64) -> Option<Bytes> {
        let from = usize::try_from(start.checked_sub(self.start)?).ok()?;
        (from < self.bytes.len()).then(|| self.bytes.slice(from..))
    }
}

impl Blob {
    /// An object whose last bytes are here.
    pub(super) fn ending(length: u64, tail: Bytes) -> Self {
        let mut blob = Self { length, ..Self::default() };
        blob.put_tail(tail);
        blob
    }

    /// More of the end, in place of what was here of it.
    pub(super) fn put_tail(&mut self, bytes: Bytes) {
        self.tail = Part { start: self.length.saturating_sub(bytes.len() as u64), bytes };
    }

    /// A stretch, in place of the one before.
    pub(super) fn put(&mut self, start: u64, bytes: Bytes) {
        self.part = Part { start, bytes };
    }

    /// The end of the object, as far as it is here.
    pub(super) fn tail(&self) -> Bytes {
        self.tail.bytes.clone()
    }

    pub(super) const fn length(&self) -> u64 {
        self.length
    }

    pub(super) fn holds(&self, start: u64, length: usize) -> bool {
        self.part.get(start, length).or_else(|| self.tail.get(start, length)).is_some()
    }
}

fn absent() -> ParquetError {
    ParquetError::EOF("bytes that are not part of the object".to_owned())
}

impl Length for Blob {
    fn len(&self) -> u64 {
        self.length
    }
}

impl ChunkReader for Blob {
    type T = Cursor<Bytes>;

    fn get_read(&self, start: u64) -> Result<Self::T, ParquetError> {
        // A stretch ends with the chunk it was fetched for, or later; the tail ends with the object.
        self.part.rest(start).or_else(|| self.tail.rest(start)).map(Cursor::new).ok_or_else(absent)
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes, ParquetError> {
        self.part.get(start, length).or_else(|| self.tail.get(start, length)).ok_or_else(absent)
    }
}
