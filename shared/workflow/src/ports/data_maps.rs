//! Published data maps: immutable, by hash.

use std::sync::Arc;

use async_trait::async_trait;
use datamap::DataMap;
use domain::ids::TenantId;

use super::PortError;

/// Reads published data maps.
#[async_trait]
pub trait DataMaps: Send + Sync {
    /// The data map with this hash; may be kept for ever, as it never changes.
    async fn load(&self, tenant: &TenantId, hash: &str) -> Result<Arc<DataMap>, PortError>;
}
