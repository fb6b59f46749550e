//! Rows in objects that have lived long enough: found by reading each object, taken out as erasing takes rows out.
//!
//! A page ends inside an object only where that alone holds more than an archive should; after its rows went, it is begun
//! anew. What is left of it is then of another version, so that a row that equals an archived one is not taken for it.

use std::sync::Arc;

use datamap::{Masker, RowFormat, Treatment};
use domain::datum::Datum;
use workflow::ports::{
    Cursor, Erased, ErasureOrder, ExpiredPage, ExpiredRow, ExpiryOrder, Held, PortError, PortErrorKind, Target,
};

use super::cursor::{self, Inside, ObjectsAt, VERSION};
use super::erase_object::Object;
use super::objects::{Body, ObjectSource};
use super::parquet::{Indexes, Table};
use super::reader::{Read, Reader};
use super::rewriting::{Chosen, Work, Works};
use super::template::whole_prefix;
use super::version::End;
use crate::failure::corrupt;
use crate::scope::Scope;
use crate::wanted::Wanted;

/// A page ends once it has so many expired rows,
const PAGE_ROWS: usize = 50_000;
/// or so many bytes of them,
const PAGE_BYTES: usize = 16 << 20;
/// or has read so much, between objects,
const PAGE_READ_BYTES: u64 = 64 << 20;
/// or so many objects.
const PAGE_OBJECTS: i32 = 500;

/// The object that a row is in.
struct InObject(Arc<str>);

/// A page of expired rows.
pub(crate) async fn expired(
    scope: &Scope<'_>,
    source: &ObjectSource<'_>,
    order: &ExpiryOrder,
    after: Option<&Cursor>,
) -> Result<ExpiredPage, PortError> {
    let at = match after {
        Some(cursor) => cursor::read::<ObjectsAt>(cursor)?,
        None => ObjectsAt { v: VERSION, ..ObjectsAt::default() },
    };
    let mut look = Look { scope, source, order, at, page: ExpiredPage::default(), bytes: 0 };
    let listing = source.list(&whole_prefix(source.prefix, scope), look.at.after.as_deref(), PAGE_OBJECTS).await?;
    let (mut read, mut has_more) = (0, listing.has_more);
    for object in listing.objects {
        if look.is_full() || read >= PAGE_READ_BYTES {
            has_more = true;
            break;
        }
        let (key, etag) = (object.key.unwrap_or_default(), object.e_tag.unwrap_or_default());
        let bytes = u64::try_from(object.size.unwrap_or(0)).unwrap_or(0);
        read += bytes;
        if bytes > 0 && !look.object(key.clone(), etag).await? {
            has_more = true;
            break;
        }
        look.at.after = Some(key);
        look.at.done += 1;
    }
    look.page.next = if has_more { Some(cursor::write(&look.at)?) } else { None };
    Ok(look.page)
}

struct Look<'a> {
    scope: &'a Scope<'a>,
    source: &'a ObjectSource<'a>,
    order: &'a ExpiryOrder,
    at: ObjectsAt,
    page: ExpiredPage,
    bytes: usize,
}

impl Look<'_> {
    const fn is_full(&self) -> bool {
        self.page.rows.len() >= PAGE_ROWS || self.bytes >= PAGE_BYTES
    }

    /// Reads one object, from where the last page ended if it still is the same; true once it is done.
    async fn object(&mut self, key: String, etag: String) -> Result<bool, PortError> {
        let begun = self.at.inside.take().filter(|inside| inside.key == key && inside.etag == etag);
        let is_begun = begun.is_some();
        let inside = begun.unwrap_or(Inside { key, etag, line: 1, ..Inside::default() });
        let before = (self.page.rows.len(), self.page.scanned, self.bytes);
        let read = match self.source.format {
            RowFormat::Parquet => self.table(&inside).await,
            RowFormat::NdJson | RowFormat::Csv => self.text(&inside).await,
        };
        match read {
            Ok(None) => {
                if is_begun {
                    self.mark(before.0, &inside.etag);
                }
                Ok(true)
            }
            // The next page begins with it, and perhaps holds all of it.
            Ok(Some(_)) if before.0 > 0 => {
                self.page.rows.truncate(before.0);
                (self.page.scanned, self.bytes) = (before.1, before.2);
                Ok(false)
            }
            Ok(Some(stopped)) => {
                self.mark(before.0, &inside.etag);
                self.at.inside = Some(stopped);
                Ok(false)
            }
            // Somebody else has just written or deleted it: the next run looks at it.
            Err(error) if matches!(error.kind, PortErrorKind::Conflict | PortErrorKind::NotFound) => Ok(true),
            Err(error) => Err(error),
        }
    }

    /// Says of the rows of an object that they are a part of it.
    fn mark(&mut self, first: usize, version: &str) {
        let version: Arc<str> = version.into();
        self.page.rows.iter_mut().skip(first).for_each(|row| row.part_of = Some(Arc::clone(&version)));
    }

    /// Reads lines or records on; where it stopped, if it did.
    async fn text(&mut self, inside: &Inside) -> Result<Option<Inside>, PortError> {
        let key: Arc<str> = inside.key.as_str().into();
        let body = Body(self.source.open(inside).await?);
        let mut reader = Reader::new(body, self.source.format, inside, self.at.done + 1);
        let wanted = Wanted::everything();
        loop {
            match reader.next(self.scope, &wanted).await? {
                Read::End => return Ok(None),
                Read::Other => self.page.scanned += 1,
                Read::Row(row, bytes) => self.row(&key, row, bytes),
            }
            if self.is_full() {
                return Ok(Some(reader.position(inside)));
            }
        }
    }

    async fn table(&mut self, inside: &Inside) -> Result<Option<Inside>, PortError> {
        let key: Arc<str> = inside.key.as_str().into();
        let Some(end) = End::of(self.source, &inside.key, Some(&inside.etag)).await? else { return Ok(None) };
        let at = (end.length, end.tail);
        let mut table = Table::open(end.version, at, Indexes::Skipped, self.at.done + 1).await?;
        let mut at = inside.at;
        loop {
            let found = table.find(self.scope, &Wanted::everything(), at).await?;
            at = found.at;
            for row in found.rows {
                let bytes = row.to_json().len();
                self.row(&key, row, bytes);
            }
            if found.is_done {
                return Ok(None);
            }
            if self.is_full() {
                return Ok(Some(Inside { at, ..inside.clone() }));
            }
        }
    }

    fn row(&mut self, key: &Arc<str>, row: Datum, bytes: usize) {
        self.page.scanned += 1;
        if self.order.has_expired(&row) {
            self.bytes += bytes;
            self.page.rows.push(ExpiredRow { row, held: Held::new(InObject(Arc::clone(key))), part_of: None });
        }
    }
}

/// How many of the first rows are in one object; none where they are in no object at all.
pub(crate) fn in_one_object(rows: &[ExpiredRow]) -> Option<usize> {
    let key = |row: &ExpiredRow| row.held.get::<InObject>().map(|InObject(key)| Arc::clone(key));
    let first = key(rows.first()?)?;
    Some(rows.iter().take_while(|row| key(row).is_some_and(|key| key == first)).count())
}

/// Rewrites the one object that the rows are in, if it still holds exactly these.
pub(crate) async fn remove(
    scope: &Scope<'_>,
    source: &ObjectSource<'_>,
    (treatment, masker): (&Treatment, &Arc<dyn Masker>),
    rows: &[ExpiredRow],
) -> Result<Vec<Erased>, PortError> {
    let Some(first) = rows.first() else { return Ok(Vec::new()) };
    let InObject(key) =
        first.held.get::<InObject>().ok_or_else(|| corrupt("remove expired rows", "a row of no object"))?;
    let is_ours = in_one_object(rows) == Some(rows.len()) && key.starts_with(&whole_prefix(source.prefix, scope));
    if !is_ours || matches!(treatment, Treatment::Keep { .. }) {
        return Err(corrupt("remove expired rows", "not rows of one object of this collection"));
    }
    let (lookup, masker) = (scope.lookup.clone(), Arc::clone(masker));
    let order = ErasureOrder { lookup, treatment: treatment.clone(), masker, owner: None };
    let chosen = Chosen::of(rows);
    let wanted = Wanted::everything();
    let work = Work { scope, order: &order, wanted: &wanted, format: source.format, chosen: Some(&chosen) };
    let count = rows.len() as u64;
    let target = Target { locator: key.to_string(), seen: String::new(), rows: count, other_rows: 0, bytes: 0 };
    let object = Object { works: Works::of(&work), source, key: &target.locator, planned: &[&target], ordinal: 1 };
    let erased = object.erase().await?.first().copied().unwrap_or(Erased::Drifted);
    Ok(vec![erased; rows.len()])
}
