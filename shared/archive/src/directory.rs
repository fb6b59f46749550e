//! The central directory: what makes joined parts a ZIP. Its size grows with the number of entries only.

use thiserror::Error;

use crate::entry::EntryRecord;
use crate::header::{DosTime, put_central_header, put_end};

/// Why a part can't be listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum DirectoryError {
    /// The name of an entry does not fit into a ZIP header.
    #[error("an entry of the part has an empty or over-long name")]
    Name,
    /// An entry lies outside its part.
    #[error("an entry lies outside its part")]
    Outside,
    /// Two entries would have one name.
    #[error("two entries have the same name")]
    Duplicate,
}

/// Lists the entries of parts, in the order in which the parts are joined.
#[derive(Clone, Debug)]
pub struct CentralDirectory {
    made_at: DosTime,
    bytes: Vec<u8>,
    entries: u64,
    offset: u64,
}

impl CentralDirectory {
    /// An empty directory; the moment must be the one given to the parts.
    #[must_use]
    pub const fn new(made_at: DosTime) -> Self {
        Self { made_at, bytes: Vec::new(), entries: 0, offset: 0 }
    }

    /// Lists the entries of the next part, whose first `zip_bytes` bytes are joined next.
    ///
    /// # Errors
    /// [`DirectoryError`] if an entry can't be one of that part; the directory is unusable then.
    pub fn add_part(&mut self, entries: &[EntryRecord], zip_bytes: u64) -> Result<(), DirectoryError> {
        for entry in entries {
            if entry.name.is_empty() || entry.name.len() > usize::from(u16::MAX) {
                return Err(DirectoryError::Name);
            }
            let end = entry.header_offset_in_part.checked_add(entry.compressed_bytes);
            if end.is_none_or(|end| end >= zip_bytes) {
                return Err(DirectoryError::Outside);
            }
            let offset = self.offset + entry.header_offset_in_part;
            put_central_header(&mut self.bytes, entry, offset, self.made_at);
            self.entries += 1;
        }
        self.offset += zip_bytes;
        Ok(())
    }

    /// The bytes that follow the last part and end the ZIP.
    #[must_use]
    pub fn finish(mut self) -> Vec<u8> {
        let directory_bytes = self.bytes.len() as u64;
        put_end(&mut self.bytes, self.entries, self.offset, directory_bytes);
        self.bytes
    }
}
