//! Signs receipts with a key that is made once a process. Unlike everything else here a signature is not seeded.

use std::sync::LazyLock;

use async_trait::async_trait;
use aws_lc_rs::digest::{Digest, SHA256};
use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};
use workflow::ports::{PortError, PortErrorKind, ReceiptSigner};

use crate::world::MemoryWorld;

static KEY: LazyLock<EcdsaKeyPair> = LazyLock::new(|| {
    EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).expect("the operating system gives random bytes")
});

/// The key that signs receipts in this process.
#[derive(Debug, Clone)]
pub struct MemoryReceiptSigner {
    world: MemoryWorld,
}

impl MemoryReceiptSigner {
    pub(crate) const fn new(world: MemoryWorld) -> Self {
        Self { world }
    }

    /// The public half as SPKI DER (RFC 5480), as `GetPublicKey` of KMS answers.
    ///
    /// # Panics
    /// Never: a key pair that was generated has a public half.
    #[must_use]
    pub fn public_key_der() -> Vec<u8> {
        KEY.public_key().as_der().expect("a generated key pair has a public half").as_ref().to_vec()
    }
}

#[async_trait]
impl ReceiptSigner for MemoryReceiptSigner {
    fn key_id(&self) -> &'static str {
        "memory-receipt-key"
    }

    async fn sign(&self, digest: &[u8; 32]) -> Result<Vec<u8>, PortError> {
        let corrupt = || PortError::new(PortErrorKind::Corrupt, "sign receipt");
        self.world
            .call("sign_receipt", |_| {
                let digest = Digest::import_less_safe(digest, &SHA256).map_err(|_| corrupt())?;
                KEY.sign_digest(&digest).map(|signature| signature.as_ref().to_vec()).map_err(|_| corrupt())
            })
            .await
    }
}
