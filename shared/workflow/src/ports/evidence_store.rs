//! The bucket of evidence: what is written stays for its time, whoever asks. Nothing is deleted through here.

use async_trait::async_trait;
use audit_log::key::CheckpointKey;
use jiff::Timestamp;

use super::PortError;

/// An object and the mark of its version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Marked {
    /// What it holds.
    pub bytes: Vec<u8>,
    /// Changes with each write.
    pub mark: String,
}

/// Objects under lock.
#[async_trait]
pub trait EvidenceStore: Send + Sync {
    /// The newest version of an object.
    async fn read(&self, name: &str) -> Result<Option<Marked>, PortError>;

    /// Names that begin with the prefix and come after another name, in the order of their bytes; at most as many as asked for, and 1,000.
    async fn names(&self, prefix: &str, after: Option<&str>, limit: usize) -> Result<Vec<String>, PortError>;

    /// Writes an object that isn't there yet; `false`, and nothing is written, if it is.
    async fn put_new(&self, name: &str, bytes: Vec<u8>, keep_until: Timestamp) -> Result<bool, PortError>;

    /// Writes the next version over the one with this mark; `false`, and nothing is written, if that is not the newest.
    async fn replace(&self, name: &str, bytes: Vec<u8>, mark: &str, keep_until: Timestamp) -> Result<bool, PortError>;

    /// Deletes an object with all its versions once their locks have ended; `false` if one of them is still locked. No lock is shortened
    /// for it, and an object that isn't there is gone.
    async fn remove(&self, name: &str) -> Result<bool, PortError>;
}

/// Signs checkpoints with a key that never leaves its service.
#[async_trait]
pub trait CheckpointSigner: Send + Sync {
    /// The public key.
    async fn key(&self) -> Result<CheckpointKey, PortError>;

    /// The Ed25519 signature (RFC 8032) over at most 4,096 bytes.
    async fn sign(&self, text: &[u8]) -> Result<Vec<u8>, PortError>;
}
