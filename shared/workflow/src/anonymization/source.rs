//! Rows of a mapped collection: sampled to see which columns hold personal data, or read whole within the limits of a call.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use datamap::{Collection, DataMap, Source};
use domain::datum::Datum;
use domain::event::Action;
use domain::record::{DataMapPointer, Record};
use jiff::{SignedDuration, Timestamp};
use pii::classify::{Class, column_risk};
use pii::detect::{Match, PiiType, Scanner};

use super::order::{CollectionOrder, NewOrder, Work};
use super::{Anonymization, Trace, check, whole};
use crate::caller::Caller;
use crate::ports::{Cursor, PortErrorKind, WholeCollection};
use crate::refusal::Refusal;

/// Rows that one call reads, at the most.
pub(super) const MOST_ROWS: usize = 100_000;
/// Pages that one call reads: a shared table may hold few rows of a tenant on each.
const MOST_PAGES: usize = 1_000;
/// How long one call reads.
const READS_FOR: SignedDuration = SignedDuration::from_secs(14);

/// A collection by its place in the data map.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceName {
    /// The dataset.
    pub dataset: String,
    /// The collection in it.
    pub collection: CollectionName,
}

/// A collection within its dataset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CollectionName {
    /// By its name.
    Name(String),
    /// By the prefix under which its rows are.
    Prefix(String),
}

/// What a sample of a collection shows.
#[derive(Debug, Clone, PartialEq)]
pub struct SourceScan {
    /// `dataset.collection`.
    pub source: String,
    /// Rows that were looked at.
    pub rows: usize,
    /// Columns with personal data, by name and type.
    pub columns: Vec<ColumnScan>,
}

/// One type found in one column.
#[derive(Debug, Clone, PartialEq)]
pub struct ColumnScan {
    /// The column, with `[]` behind each list.
    pub column: String,
    /// What it holds.
    pub kind: PiiType,
    /// Share of the rows that hold it.
    pub share: f64,
    /// The surest find.
    pub confidence: f64,
    /// How it is to be treated.
    pub class: Class,
    /// What a leak of the column would cost, 0 to 100.
    pub risk: f64,
    /// What the data map says the column holds; nothing where it does not know the column.
    pub data_categories: Option<Vec<String>>,
}

/// How much of a collection is wanted.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Extent {
    /// The first rows that come.
    Sample(usize),
    /// Every row, or a refusal.
    Whole,
}

/// A collection that was found in the map.
pub(super) struct Found {
    map: Arc<DataMap>,
    position: usize,
}

impl Found {
    pub(super) fn place(&self) -> (&DataMap, usize) {
        (&self.map, self.position)
    }

    pub(super) fn collection(&self) -> &Collection {
        &self.map.collections[self.position]
    }

    /// The order of some work on it.
    pub(super) fn order(&self, work: Work) -> NewOrder {
        let Collection { dataset, name, .. } = self.collection();
        let order = CollectionOrder { dataset: dataset.clone(), collection: name.clone(), work };
        NewOrder { order, charge: None }
    }

    /// Refuses what has no rows or may not be read whole; `at` is where the call names it.
    pub(super) fn check_whole(&self, at: &str) -> Result<(), Refusal> {
        let refused = |detail: &str| Err(Refusal::field(format!("{at}/collection"), detail));
        match &self.collection().source {
            Source::S3Media { .. } => refused("holds media, and no rows"),
            Source::DynamoDb { scan: false, .. } => {
                refused("is a table that the data map does not allow to be read whole")
            }
            Source::DynamoDb { .. } | Source::S3Objects { .. } => Ok(()),
        }
    }
}

impl Anonymization {
    /// Which columns of a collection hold personal data, by a sample of its rows.
    ///
    /// # Errors
    /// `Forbidden` without the permission, `NoDataMap`, `Invalid` where the collection is unknown or can't be read.
    pub async fn scan_source(&self, caller: &Caller, name: &SourceName, sample: usize) -> Result<SourceScan, Refusal> {
        check(caller)?;
        let now = self.clock.now();
        let found = self.find(caller, name, "").await?;
        let rows = self.read(caller, &found, Extent::Sample(sample), ("", now)).await?.unwrap_or_default();
        let scan = scan_rows(found.collection(), &rows);
        let counts = vec![("rows".to_owned(), whole(scan.rows)), ("columns".to_owned(), whole(scan.columns.len()))];
        let secrets = self.secrets(caller, now).await?;
        let trace = Trace { resource: "source_scan", action: Action::Read, counts };
        self.record(caller, &secrets, trace, now).await?;
        Ok(scan)
    }

    /// The collection in the tenant's current map; `at` is where the call names it.
    pub(super) async fn find(&self, caller: &Caller, name: &SourceName, at: &str) -> Result<Found, Refusal> {
        let map = self.current_map(caller).await?;
        if !map.collections.iter().any(|it| it.dataset == name.dataset) {
            return Err(Refusal::field(format!("{at}/dataset"), "is no dataset of the data map"));
        }
        let is_named = |it: &Collection| match (&name.collection, &it.source) {
            (CollectionName::Name(name), _) => it.name == *name,
            (CollectionName::Prefix(wanted), Source::S3Objects { prefix, .. }) => prefix == wanted,
            (CollectionName::Prefix(_), Source::DynamoDb { .. } | Source::S3Media { .. }) => false,
        };
        let position = map.collections.iter().position(|it| it.dataset == name.dataset && is_named(it) && !it.skip);
        let pointer = match name.collection {
            CollectionName::Name(_) => "collection",
            CollectionName::Prefix(_) => "prefix",
        };
        let refused = || Refusal::field(format!("{at}/{pointer}"), "is no collection of the dataset that may be read");
        Ok(Found { position: position.ok_or_else(refused)?, map })
    }

    async fn current_map(&self, caller: &Caller) -> Result<Arc<DataMap>, Refusal> {
        let tenant = &caller.principal.tenant;
        let found = self.store.load(&[DataMapPointer::key_of(tenant)]).await?;
        let pointer = found.into_iter().flatten().find_map(Record::into_data_map_pointer);
        let hash = pointer.ok_or(Refusal::NoDataMap)?.hash;
        Ok(self.maps.load(tenant, &hash).await?)
    }

    /// Rows of the tenant, but of people whose data is only kept; nothing where the whole is more than a call reads.
    pub(super) async fn read(
        &self,
        caller: &Caller,
        found: &Found,
        extent: Extent,
        (at, started): (&str, Timestamp),
    ) -> Result<Option<Vec<Datum>>, Refusal> {
        let refused = |detail: &str| Refusal::field(format!("{at}/collection"), detail);
        match (&found.collection().source, extent) {
            (Source::DynamoDb { .. } | Source::S3Objects { .. }, Extent::Sample(_)) => {}
            (Source::S3Media { .. }, Extent::Sample(_)) | (_, Extent::Whole) => found.check_whole(at)?,
        }
        let of = WholeCollection {
            tenant: caller.principal.tenant.clone(),
            map: Arc::clone(&found.map),
            collection: found.position,
        };
        let wanted = match extent {
            Extent::Sample(rows) => rows,
            Extent::Whole => MOST_ROWS,
        };
        let mut rows = Vec::new();
        let mut after: Option<Cursor> = None;
        for _ in 0..MOST_PAGES {
            let page = self.reader.rows(&of, wanted - rows.len(), after.as_ref()).await;
            let page = page.map_err(|error| match error.kind {
                PortErrorKind::Denied | PortErrorKind::NotFound => {
                    refused("can't be read: it is not there, or this function has no right to read it")
                }
                PortErrorKind::Transient | PortErrorKind::Conflict | PortErrorKind::Corrupt => error.into(),
            })?;
            rows.extend(page.rows);
            after = page.next;
            let is_enough = matches!(extent, Extent::Sample(wanted) if rows.len() >= wanted);
            if after.is_none() || is_enough {
                return self.unrestricted(caller, found, rows).await.map(Some);
            }
            if rows.len() >= wanted || self.clock.now().duration_since(started) > READS_FOR {
                break;
            }
        }
        match extent {
            // The rows of a tenant may be rare in a shared table; what was found is a sample all the same.
            Extent::Sample(_) => self.unrestricted(caller, found, rows).await.map(Some),
            Extent::Whole => Ok(None),
        }
    }
}

fn scan_rows(collection: &Collection, rows: &[Datum]) -> SourceScan {
    let scanner = Scanner::new();
    let mut documents = scanner.documents();
    let mut found: BTreeMap<(String, PiiType), (usize, f64)> = BTreeMap::new();
    for row in rows {
        // What a row wrote as JSON is JSON, and deeper than any record it is not.
        let matches: Vec<Match> = documents.scan(&row.to_json()).unwrap_or_default();
        let mut seen = BTreeSet::new();
        for found_one in matches {
            let key = (column_of(found_one.field.as_deref().unwrap_or_default()), found_one.kind);
            let entry = found.entry(key.clone()).or_default();
            entry.1 = entry.1.max(found_one.confidence.as_f64());
            if seen.insert(key) {
                entry.0 += 1;
            }
        }
    }
    let columns = found.into_iter().map(|((column, kind), (count, confidence))| {
        let share = count as f64 / rows.len().max(1) as f64;
        let field = collection.fields.iter().find(|field| field.shape == column || field.path == column);
        ColumnScan {
            kind,
            share,
            confidence,
            class: Class::of_type(kind).max(Class::of_field(&column)),
            risk: column_risk(kind, share),
            data_categories: field.map(|field| field.data_categories.clone()),
            column,
        }
    });
    SourceScan { source: collection.id(), rows: rows.len(), columns: columns.collect() }
}

/// The path without positions: `a.b[2].c` is of the column `a.b[].c`.
fn column_of(path: &str) -> String {
    let mut column = String::with_capacity(path.len());
    let mut is_inside = false;
    for letter in path.chars() {
        match letter {
            '[' => {
                is_inside = true;
                column.push('[');
            }
            ']' => {
                is_inside = false;
                column.push(']');
            }
            digit if is_inside && digit.is_ascii_digit() => {}
            other => column.push(other),
        }
    }
    column
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_are_no_part_of_a_column() {
        assert_eq!(column_of("a.b[2].c[10]"), "a.b[].c[]");
        assert_eq!(column_of("line_2"), "line_2");
    }
}
