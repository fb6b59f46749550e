//! The key management service: wraps data keys under a key that never leaves it.

use async_trait::async_trait;
use domain::ids::TenantId;
use zeroize::Zeroizing;

use super::PortError;

/// A data key in the clear and wrapped.
pub struct DataKey {
    /// 32 bytes, wiped when dropped.
    pub plain: Zeroizing<[u8; 32]>,
    /// What to store.
    pub wrapped: Vec<u8>,
}

/// What a wrapped key is bound to; unwrapping under another context fails.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyContext {
    /// The tenant.
    pub tenant: TenantId,
    /// Whose key: `tenant` or `job#<id>`.
    pub owner: String,
}

/// Makes and unwraps data keys.
#[async_trait]
pub trait KeyService: Send + Sync {
    /// Makes a data key bound to the context.
    async fn generate(&self, context: &KeyContext) -> Result<DataKey, PortError>;

    /// Unwraps a data key; `Denied` or `Corrupt` if the context or the bytes are not the ones it was made with.
    async fn unwrap(&self, context: &KeyContext, wrapped: &[u8]) -> Result<Zeroizing<[u8; 32]>, PortError>;
}
