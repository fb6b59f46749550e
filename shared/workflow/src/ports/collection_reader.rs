//! Rows of a collection as a whole, to look at what it holds: nobody's rows in particular are asked for.

use std::sync::Arc;

use async_trait::async_trait;
use datamap::DataMap;
use domain::ids::TenantId;

use super::{Cursor, PortError, SourcePage};

/// A collection of a data map, all of it.
#[derive(Debug, Clone)]
pub struct WholeCollection {
    /// The tenant whose rows are wanted; every row is checked on read.
    pub tenant: TenantId,
    /// The data map.
    pub map: Arc<DataMap>,
    /// Position of the collection in the map.
    pub collection: usize,
}

/// Reads rows from one kind of system without looking for anybody.
#[async_trait]
pub trait CollectionReader: Send + Sync {
    /// A page of at most `limit` whole rows of the tenant; it may hold fewer, even none, and not be the last.
    ///
    /// Media have no rows: their pages are empty. Going on after a page gives rows that none before it gave.
    async fn rows(&self, of: &WholeCollection, limit: usize, after: Option<&Cursor>) -> Result<SourcePage, PortError>;
}
