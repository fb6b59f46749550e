//! A lookup with what its map says about it, and the check that every row passes before it leaves.

use std::collections::HashSet;

use datamap::{Collection, Connection};
use domain::datum::Datum;
use workflow::ports::{PortError, SourceLookup};

use crate::failure::corrupt;

/// A lookup, resolved.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scope<'a> {
    pub(crate) lookup: &'a SourceLookup,
    pub(crate) collection: &'a Collection,
    pub(crate) connection: &'a Connection,
}

impl<'a> Scope<'a> {
    /// Resolves a lookup; `Corrupt` where its map has no such collection.
    pub(crate) fn of(lookup: &'a SourceLookup) -> Result<Self, PortError> {
        let missing = || corrupt("look up", "the data map has no such collection");
        let collection = lookup.map.collections.get(lookup.collection).ok_or_else(missing)?;
        let connection = lookup.map.connection(collection).ok_or_else(missing)?;
        Ok(Self { lookup, collection, connection })
    }

    /// The field that holds the tenant, where tenants share the source.
    pub(crate) fn tenant_field(&self) -> Option<&'a str> {
        self.connection.tenant_field.as_deref()
    }

    /// The values asked for that can lead anywhere, each once. An empty value would lead to everybody who lacks one.
    pub(crate) fn values(&self) -> Vec<Datum> {
        let mut values = Vec::new();
        let mut seen = HashSet::new();
        for value in self.lookup.values.iter().filter(|value| leads(value)) {
            let value = datamap::canonical(value).into_owned();
            if seen.insert(value.clone()) {
                values.push(value);
            }
        }
        values
    }

    /// Whether a row is this tenant's: the tenant's field is there and says nothing else.
    pub(crate) fn is_owned(&self, row: &Datum) -> bool {
        let Some(field) = self.tenant_field() else { return true };
        let owners = row.values_at(field);
        !owners.is_empty() && owners.iter().all(|owner| owner.as_text() == Some(self.lookup.tenant.as_str()))
    }
}

fn leads(value: &Datum) -> bool {
    match value {
        Datum::Null | Datum::List(_) | Datum::Map(_) => false,
        Datum::Text(text) => !text.trim().is_empty(),
        Datum::Bytes(bytes) => !bytes.is_empty(),
        Datum::Bool(_) | Datum::Number(_) => true,
    }
}
