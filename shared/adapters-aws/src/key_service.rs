//! KMS: makes data keys and unwraps them. The context is bound to the wrapped key and shows up in `CloudTrail`: ids only.

use std::collections::HashMap;

use async_trait::async_trait;
use aws_sdk_kms::Client;
use aws_sdk_kms::primitives::Blob;
use aws_sdk_kms::types::DataKeySpec;
use workflow::ports::{DataKey, KeyContext, KeyService, PortError, PortErrorKind};
use zeroize::{Zeroize, Zeroizing};

use crate::failure::failed;

/// Data keys wrapped by one KMS key.
#[derive(Debug, Clone)]
pub struct KmsKeyService {
    // Dependencies.
    client: Client,
    // Configuration.
    key_id: String,
}

impl KmsKeyService {
    pub(crate) fn new(client: Client, key_id: &str) -> Self {
        Self { client, key_id: key_id.to_owned() }
    }
}

#[async_trait]
impl KeyService for KmsKeyService {
    async fn generate(&self, context: &KeyContext) -> Result<DataKey, PortError> {
        let answer = self
            .client
            .generate_data_key()
            .key_id(&self.key_id)
            .key_spec(DataKeySpec::Aes256)
            .set_encryption_context(Some(bound_to(context)))
            .send()
            .await
            .map_err(|error| failed("generate data key", error))?;
        let wrapped = answer.ciphertext_blob.map(Blob::into_inner).unwrap_or_default();
        Ok(DataKey { plain: exactly_32_bytes(answer.plaintext, "generate data key")?, wrapped })
    }

    async fn unwrap(&self, context: &KeyContext, wrapped: &[u8]) -> Result<Zeroizing<[u8; 32]>, PortError> {
        let answer = self
            .client
            .decrypt()
            .key_id(&self.key_id)
            .ciphertext_blob(Blob::new(wrapped))
            .set_encryption_context(Some(bound_to(context)))
            .send()
            .await
            .map_err(|error| failed("unwrap data key", error))?;
        exactly_32_bytes(answer.plaintext, "unwrap data key")
    }
}

fn bound_to(context: &KeyContext) -> HashMap<String, String> {
    HashMap::from([("tenant".to_owned(), context.tenant.to_string()), ("owner".to_owned(), context.owner.clone())])
}

/// Moves the key out of the answer and wipes what is left there.
fn exactly_32_bytes(answer: Option<Blob>, operation: &'static str) -> Result<Zeroizing<[u8; 32]>, PortError> {
    let mut bytes = answer.map(Blob::into_inner).unwrap_or_default();
    let key = <[u8; 32]>::try_from(bytes.as_slice()).map(Zeroizing::new);
    bytes.zeroize();
    key.map_err(|_| PortError::new(PortErrorKind::Corrupt, operation))
}
