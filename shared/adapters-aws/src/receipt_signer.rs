//! KMS signs receipts: the digest goes in, a DER signature comes out, the key stays.

use async_trait::async_trait;
use aws_sdk_kms::Client;
use aws_sdk_kms::primitives::Blob;
use aws_sdk_kms::types::{MessageType, SigningAlgorithmSpec};
use workflow::ports::{PortError, PortErrorKind, ReceiptSigner};

use crate::failure::failed;

/// Signs with one KMS key on P-256.
#[derive(Debug, Clone)]
pub struct KmsReceiptSigner {
    // Dependencies.
    client: Client,
    // Configuration.
    key_id: String,
}

impl KmsReceiptSigner {
    pub(crate) fn new(client: Client, key_id: &str) -> Self {
        Self { client, key_id: key_id.to_owned() }
    }

    /// The public half as SPKI DER (RFC 5480): all that anybody needs to check receipts.
    ///
    /// # Errors
    /// When the key service fails.
    pub async fn public_key(&self) -> Result<Vec<u8>, PortError> {
        let answer = self.client.get_public_key().key_id(&self.key_id).send().await;
        let answer = answer.map_err(|error| failed("read public key", error))?;
        answer.public_key.map(Blob::into_inner).ok_or(PortError::new(PortErrorKind::Corrupt, "read public key"))
    }
}

#[async_trait]
impl ReceiptSigner for KmsReceiptSigner {
    fn key_id(&self) -> &str {
        &self.key_id
    }

    async fn sign(&self, digest: &[u8; 32]) -> Result<Vec<u8>, PortError> {
        // A message in full may have 4,096 bytes; a receipt of many sources has more.
        let answer = self
            .client
            .sign()
            .key_id(&self.key_id)
            .message_type(MessageType::Digest)
            .signing_algorithm(SigningAlgorithmSpec::EcdsaSha256)
            .message(Blob::new(digest.as_slice()))
            .send()
            .await
            .map_err(|error| failed("sign receipt", error))?;
        answer.signature.map(Blob::into_inner).ok_or(PortError::new(PortErrorKind::Corrupt, "sign receipt"))
    }
}
