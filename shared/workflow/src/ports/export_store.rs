//! The bucket of exports: sealed plans, encrypted parts, finished archives, links.

use async_trait::async_trait;
use domain::sensitive::Sensitive;
use domain::step::UploadedPart;
use jiff::Timestamp;

use super::PortError;

/// What is known of an object without reading it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectHead {
    /// Its length.
    pub bytes: u64,
}

/// A range of bytes, end exclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ByteRange {
    /// First byte.
    pub start: u64,
    /// One past the last byte.
    pub end: u64,
}

/// A signed link. Whoever has it has the archive: it is never stored or logged.
#[derive(Debug, Clone)]
pub struct Link {
    /// The URL.
    pub url: Sensitive<String>,
    /// When it ends: the earlier of what was asked and the end of the signer's credentials.
    pub expires_at: Timestamp,
}

/// Objects of ours. Keys hold ids only, never personal data.
#[async_trait]
pub trait ExportStore: Send + Sync {
    /// Writes an object, replacing what is there.
    async fn put(&self, key: &str, bytes: Vec<u8>) -> Result<(), PortError>;

    /// Writes an object unless one is there already; `false` if one is.
    async fn put_if_absent(&self, key: &str, bytes: Vec<u8>) -> Result<bool, PortError>;

    /// Reads an object or a range of it.
    async fn read(&self, key: &str, range: Option<ByteRange>) -> Result<Vec<u8>, PortError>;

    /// Looks at an object; `None` if it isn't there.
    async fn head(&self, key: &str) -> Result<Option<ObjectHead>, PortError>;

    /// Deletes an object; deleting what isn't there is a success.
    async fn delete(&self, key: &str) -> Result<(), PortError>;

    /// Deletes every object whose key starts with the prefix.
    async fn delete_all(&self, prefix: &str) -> Result<(), PortError>;

    /// Starts a multipart upload and names it.
    async fn start_upload(&self, key: &str) -> Result<String, PortError>;

    /// Writes one part (from 1; at least 5 MiB but for the last). Writing a number again replaces it.
    async fn upload_part(
        &self,
        key: &str,
        upload_id: &str,
        number: u32,
        bytes: Vec<u8>,
    ) -> Result<UploadedPart, PortError>;

    /// Completes an upload unless the object is there already (`Conflict`); `NotFound` if the upload is over.
    async fn complete_upload(&self, key: &str, upload_id: &str, parts: &[UploadedPart]) -> Result<(), PortError>;

    /// Drops an upload; dropping what is over is a success.
    async fn abort_upload(&self, key: &str, upload_id: &str) -> Result<(), PortError>;

    /// Signs a link to an object, to be saved under `file_name`, good until `until` at the latest.
    async fn sign_link(&self, key: &str, file_name: &str, now: Timestamp, until: Timestamp) -> Result<Link, PortError>;
}
