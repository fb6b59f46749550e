//! Published data maps, by tenant and hash.

use std::sync::Arc;

use async_trait::async_trait;
use datamap::DataMap;
use domain::ids::TenantId;
use workflow::ports::{DataMaps, PortError, PortErrorKind};

use crate::world::MemoryWorld;

/// Reads published data maps.
#[derive(Debug, Clone)]
pub struct MemoryDataMaps {
    world: MemoryWorld,
}

impl MemoryDataMaps {
    pub(crate) const fn new(world: MemoryWorld) -> Self {
        Self { world }
    }
}

#[async_trait]
impl DataMaps for MemoryDataMaps {
    async fn load(&self, tenant: &TenantId, hash: &str) -> Result<Arc<DataMap>, PortError> {
        let key = (tenant.clone(), hash.to_owned());
        self.world
            .call("load_data_map", |state| {
                state.check_tenant("load_data_map", tenant);
                let found = state.data_maps.get(&key).cloned();
                found.ok_or_else(|| PortError::new(PortErrorKind::NotFound, "load_data_map"))
            })
            .await
    }
}
