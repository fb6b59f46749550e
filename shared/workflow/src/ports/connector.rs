//! A system that holds personal data.
//!
//! Reading only; `Eraser` plans and erases with the same lookups, so that what is erased is found by what found it.

use std::sync::Arc;

use async_trait::async_trait;
use datamap::DataMap;
use domain::datum::Datum;
use domain::ids::TenantId;

use super::PortError;

/// What to look up: rows of one collection whose field has one of the values.
#[derive(Debug, Clone)]
pub struct SourceLookup {
    /// The tenant whose rows are wanted; every row is checked on read.
    pub tenant: TenantId,
    /// The data map the job is pinned to.
    pub map: Arc<DataMap>,
    /// Position of the collection in the map.
    pub collection: usize,
    /// Dotted path of the field.
    pub field: String,
    /// The values.
    pub values: Vec<Datum>,
}

/// Where a lookup goes on. It may name keys of the customer: personal data, sealed where it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor(pub String);

/// Rows found by a lookup.
#[derive(Debug, Clone, Default)]
pub struct SourcePage {
    /// The rows.
    pub rows: Vec<Datum>,
    /// Media objects found (collections of media only).
    pub media: Vec<Media>,
    /// Where to go on; `None` at the end.
    pub next: Option<Cursor>,
}

/// A media object of the source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Media {
    /// Its key in the source: personal data.
    pub key: String,
    /// Its version there, so that all ranges are of one object.
    pub etag: String,
    /// Its length.
    pub bytes: u64,
    /// What it says it is.
    pub content_type: Option<String>,
}

/// Reads from one kind of system. Reading twice gives the same answer while the source is unchanged.
#[async_trait]
pub trait Connector: Send + Sync {
    /// A page of rows that hold at least the `projection` (dotted paths), for the walk of the reference graph.
    async fn locate(
        &self,
        lookup: &SourceLookup,
        projection: &[String],
        after: Option<&Cursor>,
    ) -> Result<SourcePage, PortError>;

    /// A page of whole rows, or of media.
    async fn export(&self, lookup: &SourceLookup, after: Option<&Cursor>) -> Result<SourcePage, PortError>;

    /// A range of a media object, end exclusive; `Conflict` if it changed.
    async fn read_media(
        &self,
        lookup: &SourceLookup,
        media: &Media,
        range: super::ByteRange,
    ) -> Result<Vec<u8>, PortError>;
}
