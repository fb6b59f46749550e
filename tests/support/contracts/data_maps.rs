//! The contract of published data maps: by tenant and hash, or not at all.

use std::sync::Arc;

use datamap::DataMap;
use domain::ids::TenantId;
use workflow::ports::{DataMaps, PortErrorKind};

use crate::names::Names;

/// Runs the whole contract on a map that is published for the tenant.
pub async fn run(maps: &dyn DataMaps, tenant: &TenantId, published: &Arc<DataMap>, names: &mut Names) {
    let hash = published.hash().unwrap();
    for _ in 0..2 {
        assert_eq!(maps.load(tenant, &hash).await.unwrap(), *published);
    }
    let foreign = maps.load(&names.tenant(), &hash).await;
    assert_eq!(foreign.unwrap_err().kind, PortErrorKind::NotFound, "another tenant's map");
    let unknown = maps.load(tenant, &"0".repeat(64)).await;
    assert_eq!(unknown.unwrap_err().kind, PortErrorKind::NotFound, "an unknown hash");
}
