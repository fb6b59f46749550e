//! Finding what has lived long enough in a system, and taking it away. Apart from `Eraser`: only the sweep is given it.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use datamap::{Collection, DataMap, Masker, Retention, Treatment};
use domain::datum::Datum;
use domain::ids::TenantId;
use jiff::Timestamp;

use super::{Cursor, Erased, PortError, PortErrorKind};

/// Which rows of one collection have lived long enough.
#[derive(Debug, Clone)]
pub struct ExpiryOrder {
    /// The tenant whose rows are meant; every row is checked on read, and again where it is taken away.
    pub tenant: TenantId,
    /// The data map.
    pub map: Arc<DataMap>,
    /// Position of the collection in the map.
    pub collection: usize,
    /// Rows whose time is counted from before this instant.
    pub before: Timestamp,
}

impl ExpiryOrder {
    /// The collection, and when its rows expire.
    ///
    /// # Errors
    /// `Corrupt` where the map says nothing of it.
    pub fn target(&self) -> Result<(&Collection, &Retention), PortError> {
        let collection = self.map.collections.get(self.collection);
        let found = collection.and_then(|collection| Some((collection, collection.retention.as_ref()?)));
        found.ok_or(PortError::new(PortErrorKind::Corrupt, "look for expired rows"))
    }

    /// Whether a row has expired; one whose time can't be read never does.
    #[must_use]
    pub fn has_expired(&self, row: &Datum) -> bool {
        let counted = self.target().ok().and_then(|(_, retention)| retention.counted_from(row));
        counted.is_some_and(|at| at < self.before)
    }
}

/// What an adapter must know again of a row it gave out; lives no longer than the call that took it.
#[derive(Clone)]
pub struct Held(Arc<dyn Any + Send + Sync>);

impl Held {
    /// Keeps something.
    #[must_use]
    pub fn new(it: impl Any + Send + Sync) -> Self {
        Self(Arc::new(it))
    }

    /// What was kept, if it was this.
    #[must_use]
    pub fn get<T: Any>(&self) -> Option<&T> {
        self.0.downcast_ref()
    }
}

impl fmt::Debug for Held {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Held")
    }
}

/// A row that has expired, or an object that goes as a whole: then its key, what that tells, and its version are the row.
#[derive(Debug, Clone)]
pub struct ExpiredRow {
    /// The row as it was read.
    pub row: Datum,
    /// The same for the adapter.
    pub held: Held,
    /// The version of the object that the row is in, where that goes part by part: equal rows of another version are not
    /// the ones that were archived of this one.
    pub part_of: Option<Arc<str>>,
}

/// What an object that goes as a whole holds from one byte on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    /// The next bytes: some, [`CONTENT_BYTES`] at most, and none of an empty object only.
    pub bytes: Vec<u8>,
    /// How many bytes the object has in all.
    pub of: u64,
}

/// Bytes of one call of `content`, so that an object of any size is read in constant memory.
pub const CONTENT_BYTES: usize = 16 << 20;

/// Rows of one call, where they are not in objects.
const AT_ONCE: usize = 25;

/// A page of a look at a whole collection.
#[derive(Debug, Clone, Default)]
pub struct ExpiredPage {
    /// Rows looked at, of whomever they are.
    pub scanned: u64,
    /// The expired ones.
    pub rows: Vec<ExpiredRow>,
    /// Bytes that an archive of them holds beside the rows: those of whole objects.
    pub bytes: u64,
    /// Where to go on; `None` at the end.
    pub next: Option<Cursor>,
}

/// Finds and takes away in one kind of system.
#[async_trait]
pub trait RetentionSource: Send + Sync {
    /// A page of expired rows. Reads only.
    async fn expired(&self, order: &ExpiryOrder, after: Option<&Cursor>) -> Result<ExpiredPage, PortError>;

    /// Deletes or rewrites as many rows as `batch` says, each only if it still is what was read; one answer for each, in order.
    ///
    /// Repeating it is harmless. It never takes part in a transaction of the customer's table.
    async fn remove(
        &self,
        order: &ExpiryOrder,
        treatment: &Treatment,
        masker: &Arc<dyn Masker>,
        rows: &[ExpiredRow],
    ) -> Result<Vec<Erased>, PortError>;

    /// How many of the first rows one call of `remove` takes: some of a table, all that are in the first one's object.
    fn batch(&self, rows: &[ExpiredRow]) -> usize {
        rows.len().min(AT_ONCE)
    }

    /// What an object that goes as a whole holds from a byte of it on; none where it is not the one any more that was
    /// given out. An empty object has an empty answer; behind the end there is nothing to ask for (`Corrupt`).
    async fn content(&self, order: &ExpiryOrder, row: &ExpiredRow, from: u64) -> Result<Option<Content>, PortError>;

    /// How many rows there are in all, about; none where each look goes over all of them and tells.
    async fn size(&self, order: &ExpiryOrder) -> Result<Option<u64>, PortError>;

    /// Whether what holds the collection is labelled with its retention class (R-RET-4).
    async fn is_labelled(&self, order: &ExpiryOrder) -> Result<bool, PortError>;
}
