//! Media files: small ones whole, large ones streamed range by range into a part of their own.

use archive::{DosTime, MediaStream, Source};
use domain::step::PartRef;
use sha2::{Digest, Sha256};

use crate::ports::{ByteRange, Connector, ExportStore, Media, PortError, SourceLookup};
use crate::step_error::StepError;
use crate::steps::package::part_checksum;

/// Files up to this size are read whole.
pub(super) const SMALL_BYTES: u64 = 4 * 1024 * 1024;
/// Size of the pieces of a large file; the store wants at least 5 MiB.
const PIECE_BYTES: u64 = 8 * 1024 * 1024;

/// Reads a small file.
pub(super) async fn read_small(
    connector: &dyn Connector,
    source: &SourceLookup,
    file: &Media,
) -> Result<Vec<u8>, PortError> {
    if file.bytes == 0 {
        return Ok(Vec::new());
    }
    connector.read_media(source, file, ByteRange { start: 0, end: file.bytes }).await
}

/// A large file on its way from the source to a part.
pub(super) struct Stream<'a> {
    pub(super) connector: &'a dyn Connector,
    pub(super) exports: &'a dyn ExportStore,
    pub(super) source: &'a SourceLookup,
    pub(super) file: &'a Media,
}

impl Stream<'_> {
    /// Copies the file into one part object, in constant memory.
    pub(super) async fn copy(
        &self,
        name: String,
        source: &Source,
        made_at: DosTime,
        key: &str,
    ) -> Result<PartRef, StepError> {
        // A part of an earlier try is replaced: the object must be absent for the upload to complete.
        self.exports.delete(key).await?;
        let upload = self.exports.start_upload(key).await?;
        let (mut stream, mut buffer) = MediaStream::begin(name, source, self.file.bytes, made_at);
        let mut hash = Sha256::new().chain_update(&buffer);
        let head_bytes = buffer.len() as u64;
        let mut uploaded = Vec::new();
        let mut start = 0;
        while start < self.file.bytes {
            let end = (start + PIECE_BYTES).min(self.file.bytes);
            let piece = self.connector.read_media(self.source, self.file, ByteRange { start, end }).await?;
            stream.pass(&piece);
            hash.update(&piece);
            buffer.extend_from_slice(&piece);
            start = end;
            if end < self.file.bytes {
                let number = next_number(uploaded.len());
                let full = std::mem::take(&mut buffer);
                uploaded.push(self.exports.upload_part(key, &upload, number, full).await?);
            }
        }
        let tail = stream.finish().map_err(|_| StepError::Retry { source: None })?;
        let descriptor_bytes = usize::try_from(tail.zip_bytes - head_bytes - self.file.bytes).unwrap_or(0);
        let (descriptor, index) = tail.bytes.split_at(descriptor_bytes.min(tail.bytes.len()));
        let sha256 = Some(part_checksum(hash.chain_update(descriptor), &Sha256::digest(index).into()));
        buffer.extend_from_slice(&tail.bytes);
        let number = next_number(uploaded.len());
        uploaded.push(self.exports.upload_part(key, &upload, number, buffer).await?);
        self.exports.complete_upload(key, &upload, &uploaded).await?;
        let head = self.exports.head(key).await?.ok_or(StepError::Retry { source: None })?;
        Ok(PartRef { key: key.to_owned(), zip_bytes: tail.zip_bytes, bytes: head.bytes, rows: 0, sha256 })
    }
}

fn next_number(done: usize) -> u32 {
    u32::try_from(done + 1).unwrap_or(u32::MAX)
}
