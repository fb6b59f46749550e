//! A source of personal data in memory: tables of rows and media, read page by page, that may change in between.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

use async_trait::async_trait;
use datamap::{Collection, Source};
use domain::datum::{Datum, same_value};
use workflow::ports::{ByteRange, Connector, Cursor, Media, PortError, PortErrorKind, SourceLookup, SourcePage};

use crate::mutants::Mutant;
use crate::state::State;
use crate::world::MemoryWorld;

mod erase;
mod expire;
mod flag;
mod media;
mod sources;
mod whole;

pub use self::erase::{Effect, MemoryEraser};
pub use self::expire::MemoryRetentionSource;
pub use self::media::MediaObject;
pub use self::sources::Sources;

/// The rows of one collection, each under a number that stays its own.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Table {
    rows: BTreeMap<u64, Arc<Datum>>,
    /// The objects that rows are in, where they are in objects.
    objects: BTreeMap<u64, Arc<str>>,
    is_in_objects: bool,
    next: u64,
}

impl Table {
    /// Adds a row and gives its number.
    pub fn insert(&mut self, row: Datum) -> u64 {
        self.next += 1;
        self.rows.insert(self.next, Arc::new(row));
        self.next
    }

    /// Adds a row to an object and gives its number. In one table all rows are in objects, or none is.
    pub fn insert_in(&mut self, object: &str, row: Datum) -> u64 {
        let number = self.insert(row);
        self.objects.insert(number, object.into());
        self.is_in_objects = true;
        number
    }

    /// Takes a row away.
    pub fn take(&mut self, number: u64) {
        self.rows.remove(&number);
        self.objects.remove(&number);
    }

    /// Replaces a row.
    pub fn replace(&mut self, number: u64, row: Datum) {
        self.rows.insert(number, Arc::new(row));
    }

    /// Deletes the rows that fit; says how many.
    pub fn remove(&mut self, mut fits: impl FnMut(&Datum) -> bool) -> usize {
        let before = self.rows.len();
        self.rows.retain(|_, row| !fits(row));
        let rows = &self.rows;
        self.objects.retain(|number, _| rows.contains_key(number));
        before - self.rows.len()
    }

    /// The rows in order.
    pub fn rows(&self) -> impl Iterator<Item = &Datum> {
        self.rows.values().map(Arc::as_ref)
    }

    /// The rows of one object, in order.
    pub fn rows_in<'a>(&'a self, object: &'a str) -> impl Iterator<Item = &'a Datum> {
        let numbers = self.objects.iter().filter(move |(_, key)| key.as_ref() == object);
        numbers.filter_map(|(number, _)| self.row(*number))
    }

    /// One row.
    #[must_use]
    pub fn row(&self, number: u64) -> Option<&Datum> {
        self.rows.get(&number).map(Arc::as_ref)
    }

    /// The rows in order, each with its number.
    pub fn numbered(&self) -> impl Iterator<Item = (u64, &Datum)> {
        self.rows.iter().map(|(number, row)| (*number, row.as_ref()))
    }
}

/// Reads the sources of the world.
#[derive(Debug, Clone)]
pub struct MemorySource {
    world: MemoryWorld,
}

impl MemorySource {
    pub(crate) const fn new(world: MemoryWorld) -> Self {
        Self { world }
    }
}

#[async_trait]
impl Connector for MemorySource {
    async fn locate(
        &self,
        lookup: &SourceLookup,
        projection: &[String],
        after: Option<&Cursor>,
    ) -> Result<SourcePage, PortError> {
        self.world
            .call("locate", |state| {
                let mut page = page(state, "locate", lookup, after)?;
                for row in &mut page.rows {
                    project(row, projection);
                }
                Ok(page)
            })
            .await
    }

    async fn export(&self, lookup: &SourceLookup, after: Option<&Cursor>) -> Result<SourcePage, PortError> {
        self.world.call("export", |state| page(state, "export", lookup, after)).await
    }

    async fn read_media(&self, lookup: &SourceLookup, media: &Media, range: ByteRange) -> Result<Vec<u8>, PortError> {
        self.world
            .call("read_media", |state| {
                let collection = open(state, "read_media", lookup)?.id();
                media::read(&state.sources, &collection, media, range)
            })
            .await
    }
}

/// Where a page begins.
fn start_of(operation: &'static str, after: Option<&Cursor>) -> Result<Bound<u64>, PortError> {
    let Some(Cursor(text)) = after else { return Ok(Bound::Unbounded) };
    let number = text.parse::<u64>();
    Ok(Bound::Excluded(number.map_err(|cause| PortError::caused(PortErrorKind::Corrupt, operation, cause))?))
}

/// The collection of a lookup, if it may be read.
fn open<'a>(state: &mut State, operation: &'static str, lookup: &'a SourceLookup) -> Result<&'a Collection, PortError> {
    state.check_tenant(operation, &lookup.tenant);
    let collection = lookup.map.collections.get(lookup.collection);
    let collection = collection.ok_or_else(|| PortError::new(PortErrorKind::Corrupt, operation))?;
    if state.sources.denied.contains(&collection.id()) {
        return Err(PortError::new(PortErrorKind::Denied, operation));
    }
    Ok(collection)
}

fn page(
    state: &mut State,
    operation: &'static str,
    lookup: &SourceLookup,
    after: Option<&Cursor>,
) -> Result<SourcePage, PortError> {
    let collection = open(state, operation, lookup)?;
    match &collection.source {
        Source::S3Media { bucket: _, key_template } => {
            Ok(media::page(&state.sources, &collection.id(), key_template, lookup, after))
        }
        Source::DynamoDb { .. } | Source::S3Objects { .. } => rows(state, operation, collection, lookup, after),
    }
}

fn rows(
    state: &State,
    operation: &'static str,
    collection: &Collection,
    lookup: &SourceLookup,
    after: Option<&Cursor>,
) -> Result<SourcePage, PortError> {
    let (taken, next) = numbered(state, operation, collection, lookup, after)?;
    let rows = taken.into_iter().map(|(_, row)| Datum::clone(row)).collect();
    Ok(SourcePage { rows, media: Vec::new(), next })
}

/// Rows with their numbers, and where to go on.
type NumberedPage<'a> = (Vec<(u64, &'a Datum)>, Option<Cursor>);

/// A page of the rows that a lookup finds, each with its number.
fn numbered<'a>(
    state: &'a State,
    operation: &'static str,
    collection: &Collection,
    lookup: &SourceLookup,
    after: Option<&Cursor>,
) -> Result<NumberedPage<'a>, PortError> {
    let start = start_of(operation, after)?;
    let Some(table) = state.sources.tables.get(&collection.id()) else { return Ok((Vec::new(), None)) };
    let fits = |row: &Datum| is_of_lookup(state, collection, lookup, row);
    let mut found = table.rows.range((start, Bound::Unbounded)).filter(|(_, row)| fits(row));
    let taken = found.by_ref().take(state.sources.page_rows.max(1));
    let taken: Vec<(u64, &Datum)> = taken.map(|(number, row)| (*number, row.as_ref())).collect();
    let last = taken.last().map(|(number, _)| *number);
    let next = found.next().and(last).map(|number| Cursor(number.to_string()));
    Ok((taken, next))
}

/// Whether a lookup finds a row, and the row is its tenant's.
fn is_of_lookup(state: &State, collection: &Collection, lookup: &SourceLookup, row: &Datum) -> bool {
    let owner = lookup.map.connection(collection).and_then(|connection| connection.tenant_field.as_deref());
    let owner = owner.filter(|_| !state.mutants.has(Mutant::NoTenantFieldCheck));
    is_found(row, lookup) && owner.is_none_or(|field| is_owned(row, field, lookup))
}

fn is_found(row: &Datum, lookup: &SourceLookup) -> bool {
    let values = row.values_at(&lookup.field);
    values.iter().any(|value| lookup.values.iter().any(|wanted| same_value(value, wanted)))
}

fn is_owned(row: &Datum, field: &str, lookup: &SourceLookup) -> bool {
    let values = row.values_at(field);
    !values.is_empty() && values.iter().all(|value| value.as_text() == Some(lookup.tenant.as_str()))
}

/// Keeps only the top-level fields that a projected path starts with, as a real projection would; none means all.
fn project(row: &mut Datum, projection: &[String]) {
    if projection.is_empty() {
        return;
    }
    if let Datum::Map(fields) = row {
        let first = |path: &str| path.split(['.', '[']).next().unwrap_or_default().to_owned();
        let wanted: Vec<String> = projection.iter().map(|path| first(path)).collect();
        fields.retain(|(name, _)| wanted.contains(name));
    }
}
