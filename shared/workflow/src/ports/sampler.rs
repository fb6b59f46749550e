//! Looks at some rows of a source, whoever's they are within the tenant, to learn what it holds.

use std::sync::Arc;

use async_trait::async_trait;
use datamap::DataMap;
use domain::datum::Datum;
use domain::ids::TenantId;

use super::PortError;

/// What to look at.
#[derive(Debug, Clone)]
pub struct SampleOrder {
    /// The tenant whose rows are wanted; every row is checked on read.
    pub tenant: TenantId,
    /// The data map.
    pub map: Arc<DataMap>,
    /// Position of the collection in the map.
    pub collection: usize,
    /// How many rows at most.
    pub rows: usize,
}

/// Samples one kind of system. Reads only; media have no rows.
#[async_trait]
pub trait Sampler: Send + Sync {
    /// Some rows of the collection, whole.
    async fn sample(&self, order: &SampleOrder) -> Result<Vec<Datum>, PortError>;
}
