//! What a table says about itself: its keys, their types, and what its indexes hold. Asked once per table.

use std::collections::{BTreeSet, HashMap};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, KeySchemaElement, KeyType, Projection, ProjectionType, ScalarAttributeType, TableDescription,
};
use workflow::ports::PortError;

use crate::failure::{corrupt, failed};

/// The key of a table or index: partition key first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct KeySchema {
    pub(super) hash: String,
    pub(super) range: Option<String>,
}

impl KeySchema {
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.hash.as_str()).chain(self.range.as_deref())
    }
}

/// An index; `holds` is `None` where it holds whole items.
#[derive(Debug, Clone)]
pub(super) struct Index {
    pub(super) key: KeySchema,
    pub(super) holds: Option<BTreeSet<String>>,
}

/// The part of a table's description that lookups need.
#[derive(Debug, Clone)]
pub(super) struct TableSchema {
    pub(super) key: KeySchema,
    pub(super) types: HashMap<String, ScalarAttributeType>,
    pub(super) indexes: HashMap<String, Index>,
}

impl TableSchema {
    /// Asks the table.
    pub(super) async fn read(client: &Client, table: &str) -> Result<Self, PortError> {
        let answer = client.describe_table().table_name(table).send().await;
        let answer = answer.map_err(|error| failed("describe table", error))?;
        answer.table().and_then(Self::of).ok_or_else(|| corrupt("describe table", "the description has no key"))
    }

    fn of(table: &TableDescription) -> Option<Self> {
        let key = key_schema(table.key_schema())?;
        let type_of = |it: &AttributeDefinition| (it.attribute_name().to_owned(), it.attribute_type().clone());
        let mut indexes = HashMap::new();
        for index in table.global_secondary_indexes() {
            indexes.insert(index.index_name()?.to_owned(), Self::index(&key, index.key_schema(), index.projection())?);
        }
        for index in table.local_secondary_indexes() {
            indexes.insert(index.index_name()?.to_owned(), Self::index(&key, index.key_schema(), index.projection())?);
        }
        Some(Self { types: table.attribute_definitions().iter().map(type_of).collect(), key, indexes })
    }

    fn index(table: &KeySchema, key: &[KeySchemaElement], projection: Option<&Projection>) -> Option<Index> {
        let key = key_schema(key)?;
        let projection = projection?;
        if projection.projection_type() == Some(&ProjectionType::All) {
            return Some(Index { key, holds: None });
        }
        let keys = table.names().chain(key.names()).map(str::to_owned);
        let holds = keys.chain(projection.non_key_attributes().iter().cloned()).collect();
        Some(Index { holds: Some(holds), key })
    }
}

fn key_schema(elements: &[KeySchemaElement]) -> Option<KeySchema> {
    let of = |kind: &KeyType| elements.iter().find(|it| it.key_type() == kind).map(|it| it.attribute_name().to_owned());
    Some(KeySchema { hash: of(&KeyType::Hash)?, range: of(&KeyType::Range) })
}
