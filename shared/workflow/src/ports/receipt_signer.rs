//! The key that signs receipts. It never leaves the key service.

use async_trait::async_trait;

use super::PortError;

/// Signs receipts with ES256 (ECDSA on P-256 with SHA-256).
#[async_trait]
pub trait ReceiptSigner: Send + Sync {
    /// How the key is named in receipts.
    fn key_id(&self) -> &str;

    /// Signs a SHA-256 digest; the answer is a DER signature.
    async fn sign(&self, digest: &[u8; 32]) -> Result<Vec<u8>, PortError>;
}
