//! Everything the sources of the world hold, open to tests.

use std::collections::BTreeMap;
use std::sync::Arc;

use workflow::ports::CONTENT_BYTES;

use super::{MediaObject, Table};

/// Everything the sources hold, by the id of the collection (`dataset.collection`).
#[derive(Debug, Clone)]
pub struct Sources {
    /// Tables.
    pub tables: BTreeMap<String, Table>,
    /// Media by collection and key.
    pub media: BTreeMap<String, BTreeMap<String, MediaObject>>,
    /// Rows of one page.
    pub page_rows: usize,
    /// Bytes of one look into an object that is archived.
    pub content_bytes: usize,
    /// Collections that may not be read.
    pub denied: Vec<String>,
    /// The label each collection carries.
    pub labels: BTreeMap<String, String>,
    /// The version of the object that the rows of a collection are in, where that goes part by part.
    pub versions: BTreeMap<String, Arc<str>>,
}

impl Default for Sources {
    fn default() -> Self {
        let (tables, media, labels) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        let (denied, versions) = (Vec::new(), BTreeMap::new());
        Self { tables, media, page_rows: 100, content_bytes: CONTENT_BYTES, denied, labels, versions }
    }
}

impl Sources {
    /// The table of a collection, made if it isn't there.
    pub fn table(&mut self, collection: &str) -> &mut Table {
        self.tables.entry(collection.to_owned()).or_default()
    }

    /// Puts a medium under its key.
    pub fn put_media(&mut self, collection: &str, key: &str, object: MediaObject) {
        self.media.entry(collection.to_owned()).or_default().insert(key.to_owned(), object);
    }
}
