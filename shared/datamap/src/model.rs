//! The compiled data map: what workers load by hash and obey. Plain values; how they are written in YAML is not known here.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

pub(crate) use collection::placeholders;
pub use collection::{Access, fields_of_key};
pub use consent::ConsentRecords;
pub use parts::{
    ConnectorKind, Controller, DataType, Direction, ErasureRule, FieldReference, Masking, Processing, RowFormat,
    Strategy,
};
pub use processor::{Processor, ProcessorProtocol};
pub use quarantine::Quarantine;
pub use retention::{LAST_MODIFIED, Retention, RetentionAct, TimeUnit};
pub use revocation::Revocation;
pub use time_index::{Partitions, TimeIndex};

mod collection;
mod consent;
mod parts;
mod processor;
mod quarantine;
mod retention;
mod revocation;
mod time_index;

/// The version of the stored form that this code writes.
pub const VERSION: u32 = 1;

/// A whole data map, compiled: the same input files give the same value and the same hash, in whatever order they are read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataMap {
    /// Version of this form.
    pub v: u32,
    /// Who answers for the data.
    pub controller: Option<Controller>,
    /// How datasets are reached, by key.
    pub connections: Vec<Connection>,
    /// What holds personal data: datasets by key, collections as written.
    pub collections: Vec<Collection>,
    /// Along which fields values may travel, and in which kind of walk.
    pub flows: Vec<Flow>,
    /// What erasure does by category, first match wins.
    pub erasure: Vec<ErasureRule>,
    /// Who else holds the data, by key.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub processors: Vec<Processor>,
}

/// How one or more datasets are reached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Connection {
    /// Its name.
    pub fides_key: String,
    /// Datasets reached through it.
    pub datasets: Vec<String>,
    /// The kind of system.
    pub connector: ConnectorKind,
    /// Its region; none is the stack's own.
    pub region: Option<String>,
    /// The role to take in another account.
    pub role_arn: Option<String>,
    /// The external id that role asks for.
    pub external_id: Option<String>,
    /// Read capacity that a worker may use.
    pub max_read_units_per_second: u32,
    /// Requests that a worker may make.
    pub max_requests_per_second: u32,
    /// The field that holds the tenant in shared tables; each row is checked on it.
    pub tenant_field: Option<String>,
    /// Whether nobody wrote it: a dataset without a connection is taken as tables named after it.
    pub assumed: bool,
}

/// One table, prefix or set of media objects that holds personal data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Collection {
    /// The dataset it belongs to.
    pub dataset: String,
    /// Its name within the dataset.
    pub name: String,
    /// What it is, in the author's words.
    pub description: Option<String>,
    /// Categories that hold for the whole of it (its own and its dataset's).
    pub data_categories: Vec<String>,
    /// Index into [`DataMap::connections`].
    pub connection: usize,
    /// Where its rows are.
    pub source: Source,
    /// Why and for how long they are held.
    pub processing: Processing,
    /// Its leaf fields as written; objects are flattened.
    pub fields: Vec<Field>,
    /// Whether requests pass it by (`skip_processing`).
    pub skip: bool,
    /// Collections whose erasure comes first, as `dataset.collection`.
    pub erase_after: Vec<String>,
    /// What erasure does with whole rows, over every rule.
    pub masking: Option<Masking>,
    /// When its rows expire; none where nothing sweeps them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retention: Option<Retention>,
    /// Where the tokens in its rows are revoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoke: Option<Revocation>,
    /// Which of its fields say what people agreed to; one collection of a map at the most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consent: Option<ConsentRecords>,
    /// How its rows are taken out of use while their erasure may be taken back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quarantine: Option<Quarantine>,
}

/// Where the rows or objects of a collection are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Source {
    /// A `DynamoDB` table.
    DynamoDb {
        /// Its name.
        table: String,
        /// Index to ask by field path.
        indexes: BTreeMap<String, String>,
        /// Whether it may be read whole.
        scan: bool,
        /// In how many parallel segments.
        segments: u32,
    },
    /// Objects of rows under a prefix.
    S3Objects {
        /// The bucket.
        bucket: String,
        /// The prefix.
        prefix: String,
        /// How rows are written in them.
        format: RowFormat,
        /// The object that names them, a key a line; without one the prefix is listed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        manifest: Option<String>,
    },
    /// One object per medium.
    S3Media {
        /// The bucket.
        bucket: String,
        /// The key with `{field}` placeholders; objects are found by the prefix that ends at the second placeholder.
        key_template: String,
    },
}

/// One leaf field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Field {
    /// The dotted path; lookups, projections and references use it.
    pub path: String,
    /// The same path with `[]` after each array, for people.
    pub shape: String,
    /// What it holds, in the author's words.
    pub description: Option<String>,
    /// The declared type of one value.
    pub data_type: Option<DataType>,
    /// Whether there may be several values: the field or an object on the way is an array.
    pub array: bool,
    /// Its categories, or those of the nearest object around it.
    pub data_categories: Vec<String>,
    /// The kind of identity it holds.
    pub identity: Option<String>,
    /// Whether it is part of the primary key; the first such field is the partition key.
    pub primary_key: bool,
    /// The fields it is tied to.
    pub references: Vec<FieldReference>,
    /// What erasure does with it, over every rule.
    pub masking: Option<Masking>,
    /// Whether it can't be rewritten.
    pub read_only: bool,
}

/// Values of one field that lead to rows of another collection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Flow {
    /// The collection whose rows hold the values.
    pub from: usize,
    /// Their field there.
    pub from_field: usize,
    /// The collection looked up with them.
    pub to: usize,
    /// The field compared there.
    pub to_field: usize,
    /// Whether it is open in a person's walk.
    pub person: bool,
    /// Whether it is open in an organisation's walk.
    pub organization: bool,
    /// Whether the rows it leads to may belong to several people: they are collected, nothing is followed from them.
    pub shared: bool,
}

impl DataMap {
    /// The RFC 8785 form, which is stored and hashed.
    ///
    /// # Errors
    /// None in practice: every part of a data map has a JSON form.
    pub fn canonical_json(&self) -> Result<Vec<u8>, serde_json::Error> {
        serde_json_canonicalizer::to_vec(self)
    }

    /// SHA-256 of the canonical form in hex: the name under which the map is published.
    ///
    /// # Errors
    /// As [`Self::canonical_json`].
    pub fn hash(&self) -> Result<String, serde_json::Error> {
        let digest = Sha256::digest(self.canonical_json()?);
        Ok(digest.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// The collection that holds records of consent, and the fields that do.
    #[must_use]
    pub fn consents(&self) -> Option<(usize, &ConsentRecords)> {
        let mut all = self.collections.iter().enumerate();
        all.find_map(|(index, collection)| collection.consent.as_ref().map(|records| (index, records)))
    }

    /// The index of a collection by its id, `dataset.collection`.
    #[must_use]
    pub fn collection(&self, id: &str) -> Option<usize> {
        self.collections.iter().position(|collection| collection.is(id))
    }

    /// The connection through which a collection is reached.
    #[must_use]
    pub fn connection(&self, collection: &Collection) -> Option<&Connection> {
        self.connections.get(collection.connection)
    }

    /// The fields of a collection that a walk may look up: its identities and the ends of flows, in map order.
    #[must_use]
    pub fn lookup_fields(&self, collection: usize) -> BTreeSet<usize> {
        let Some(it) = self.collections.get(collection).filter(|it| !it.skip) else {
            return BTreeSet::new();
        };
        let identities = it.fields.iter().enumerate().filter(|(_, field)| field.identity.is_some());
        let ends = self.flows.iter().filter(|flow| flow.to == collection).map(|flow| flow.to_field);
        identities.map(|(index, _)| index).chain(ends).collect()
    }

    /// Every field of a kind of identity that requests may seed, as collection and field index.
    pub fn identities<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = (usize, usize)> + 'a {
        let open = self.collections.iter().enumerate().filter(|(_, collection)| !collection.skip);
        open.flat_map(move |(index, collection)| {
            let of_kind = |field: &Field| field.identity.as_deref() == Some(kind);
            let fields = collection.fields.iter().enumerate().filter(move |(_, field)| of_kind(field));
            fields.map(move |(field, _)| (index, field))
        })
    }
}
