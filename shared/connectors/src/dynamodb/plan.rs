//! How a lookup reads its table: decided from what the table says about itself, not from what the map hopes.

use aws_sdk_dynamodb::types::ScalarAttributeType;
use domain::datum::Datum;
use workflow::ports::PortError;

use super::attribute;
use super::schema::TableSchema;
use crate::failure::corrupt;
use crate::scope::Scope;

/// Keys of one `BatchGetItem`.
pub(super) const BATCH_KEYS: usize = 100;
/// Segments of one scan; more are not faster for one worker.
const MAX_SEGMENTS: u32 = 64;

/// How the table is read. Lanes are independent of each other and go on by themselves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Plan {
    /// `BatchGetItem`: the field is the whole primary key. A lane is a batch.
    Items(Vec<Vec<Datum>>),
    /// Query by partition key, of the table or an index. A lane is a value.
    Query {
        /// The index; none is the table.
        index: Option<String>,
        /// Whether the index lacks what is wanted, so that items are then read by primary key.
        is_partial: bool,
        /// The partition keys.
        keys: Vec<Datum>,
    },
    /// Scan. A lane is a segment.
    Scan(u32),
}

impl Plan {
    pub(super) const fn lanes(&self) -> usize {
        match self {
            Self::Items(batches) => batches.len(),
            Self::Query { keys, .. } => keys.len(),
            Self::Scan(segments) => *segments as usize,
        }
    }

    /// Lanes read at once: few, because each may bring a megabyte (a batch up to 16).
    pub(super) const fn width(&self) -> usize {
        match self {
            Self::Items(_) => 1,
            Self::Query { .. } => 4,
            Self::Scan(_) => 8,
        }
    }

    /// Chooses the cheapest sound way; `Corrupt` where only a scan is left and the map does not allow it.
    pub(super) fn of(
        scope: &Scope<'_>,
        schema: &TableSchema,
        index: Option<&str>,
        segments: Option<u32>,
        wanted: Option<&[String]>,
    ) -> Result<Self, PortError> {
        let field = scope.lookup.field.as_str();
        if field == schema.key.hash {
            let keys = keys(scope, schema, field)?;
            return Ok(if schema.key.range.is_none() {
                Self::Items(keys.chunks(BATCH_KEYS).map(<[Datum]>::to_vec).collect())
            } else {
                Self::Query { index: None, is_partial: false, keys }
            });
        }
        if let Some(name) = index {
            let found = schema.indexes.get(name).filter(|index| index.key.hash == field);
            let found = found.ok_or_else(|| corrupt("look up", "the table has no such index by this field"))?;
            let has = |attribute: &str| found.holds.as_ref().is_none_or(|holds| holds.contains(attribute));
            let is_partial = wanted.map_or(found.holds.is_some(), |wanted| !wanted.iter().all(|name| has(name)));
            return Ok(Self::Query { index: Some(name.to_owned()), is_partial, keys: keys(scope, schema, field)? });
        }
        let segments =
            segments.ok_or_else(|| corrupt("look up", "only a scan is left, which the map does not allow"))?;
        let has_values = !scope.values().is_empty();
        Ok(Self::Scan(if has_values { segments.clamp(1, MAX_SEGMENTS) } else { 0 }))
    }
}

/// The values as partition keys, each once; those that can't be one of this type are left out.
fn keys(scope: &Scope<'_>, schema: &TableSchema, field: &str) -> Result<Vec<Datum>, PortError> {
    let kind = schema.types.get(field).unwrap_or(&ScalarAttributeType::S);
    if !matches!(kind, ScalarAttributeType::S | ScalarAttributeType::N | ScalarAttributeType::B) {
        return Err(corrupt("look up", "the key has a type that is not known"));
    }
    let mut keys: Vec<Datum> = Vec::new();
    let mut seen = std::collections::HashSet::new();
    for key in scope.values().iter().filter_map(|value| attribute::key(value, kind)) {
        if seen.insert(key.clone()) {
            keys.push(key);
        }
    }
    Ok(keys)
}

/// The attributes at the top of the row that a projection of paths needs; paths into arrays can't be projected deeper.
pub(super) fn attributes(projection: &[String], scope: &Scope<'_>) -> Vec<String> {
    let keys = scope.collection.primary_key().map(|field| field.path.as_str());
    let paths = projection.iter().map(String::as_str).chain([scope.lookup.field.as_str()]);
    let mut names: Vec<String> = Vec::new();
    for path in paths.chain(scope.tenant_field()).chain(keys) {
        let name = top(path);
        if !name.is_empty() && !names.iter().any(|known| known == name) {
            names.push(name.to_owned());
        }
    }
    names
}

/// The attribute that a path starts with.
pub(super) fn top(path: &str) -> &str {
    path.split('.').next().unwrap_or_default().trim_end_matches("[]")
}

#[cfg(test)]
mod tests;
