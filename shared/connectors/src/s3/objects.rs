//! Rows in objects under a prefix: each object is streamed once, and only rows that match are kept.
//!
//! A plain object is entered again at the byte where the last page ended. A gzip object has no such entry: it is read
//! again from its beginning and the records given before are passed over, so that its pages are larger.

use aws_sdk_s3::Client;
use aws_sdk_s3::primitives::ByteStream;
use datamap::RowFormat;
use domain::datum::Datum;
use workflow::ports::{Cursor, PortError, PortErrorKind, SourcePage};

use super::cursor::{self, Inside, ObjectsAt, VERSION};
use super::parquet::{Indexes, Table};
use super::reader::{Chunks, Read, Reader};
use super::template::{row_prefixes, whole_prefix};
use super::version::End;
use crate::failure::{corrupt, failed};
use crate::pace::Pace;
use crate::scope::Scope;
use crate::wanted::Wanted;

/// A page ends once it has so many rows (times [`PACKED_FACTOR`] in a packed object),
const PAGE_ROWS: usize = 10_000;
/// or so many bytes of rows (likewise),
const PAGE_BYTES: usize = 4 << 20;
/// or has read so much, so that a lookup that finds nothing still moves its checkpoint.
const PAGE_READ_BYTES: u64 = 64 << 20;
/// or has begun so many objects.
const PAGE_OBJECTS: u64 = 500;
const PACKED_FACTOR: usize = 2;
/// Objects of a prefix that a sample looks at.
const MOST_SAMPLED: i32 = 20;

/// Objects of rows and how they are read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ObjectSource<'a> {
    // Dependencies.
    pub(crate) client: &'a Client,
    pub(crate) pace: &'a Pace,
    // Configuration.
    pub(crate) bucket: &'a str,
    pub(crate) prefix: &'a str,
    pub(crate) format: RowFormat,
    pub(crate) manifest: Option<&'a str>,
}

/// A page of rows that match; rows are always whole, whatever a projection says.
pub(crate) async fn page(
    scope: &Scope<'_>,
    source: &ObjectSource<'_>,
    after: Option<&Cursor>,
) -> Result<SourcePage, PortError> {
    let prefixes = row_prefixes(source.prefix, scope);
    read(scope, source, (&prefixes, Wanted::new(scope.values()), PAGE_ROWS), after).await
}

/// A page of at most so many of the tenant's rows, whatever they hold.
pub(crate) async fn whole_page(
    scope: &Scope<'_>,
    source: &ObjectSource<'_>,
    limit: usize,
    after: Option<&Cursor>,
) -> Result<SourcePage, PortError> {
    let prefixes = [whole_prefix(source.prefix, scope)];
    read(scope, source, (&prefixes, Wanted::everything(), limit.clamp(1, PAGE_ROWS)), after).await
}

async fn read(
    scope: &Scope<'_>,
    source: &ObjectSource<'_>,
    (prefixes, wanted, page_rows): (&[String], Wanted, usize),
    after: Option<&Cursor>,
) -> Result<SourcePage, PortError> {
    let at = match after {
        Some(cursor) => cursor::read::<ObjectsAt>(cursor)?,
        None => ObjectsAt { v: VERSION, ..ObjectsAt::default() },
    };
    if at.v != VERSION {
        return Err(corrupt("read cursor", "a version that is not known"));
    }
    let mut page = Page { scope, source, wanted, page_rows, at, rows: Vec::new(), bytes: 0, read: 0, begun: 0 };
    let is_done = page.fill(prefixes).await?;
    let next = if is_done { None } else { Some(cursor::write(&page.at)?) };
    Ok(SourcePage { rows: page.rows, media: Vec::new(), next })
}

/// The first rows of the first objects; up to half of what is wanted from each, so that one object alone is not the sample.
pub(crate) async fn sample(scope: &Scope<'_>, source: &ObjectSource<'_>, rows: usize) -> Result<Vec<Datum>, PortError> {
    let mut sample = Vec::new();
    let prefix = whole_prefix(source.prefix, scope);
    let listing = source.list(&prefix, None, MOST_SAMPLED).await?;
    for object in listing.objects.into_iter().filter(|object| object.size.unwrap_or(0) > 0) {
        let (key, etag) = (object.key.unwrap_or_default(), object.e_tag.unwrap_or_default());
        let inside = Inside { key, etag, line: 1, ..Inside::default() };
        let most = rows.min(sample.len() + rows.div_ceil(2));
        sample_object(scope, source, inside, most, &mut sample).await?;
        if sample.len() >= rows {
            break;
        }
    }
    Ok(sample)
}

/// Adds the first rows of one object until there are `most`.
async fn sample_object(
    scope: &Scope<'_>,
    source: &ObjectSource<'_>,
    inside: Inside,
    most: usize,
    sample: &mut Vec<Datum>,
) -> Result<(), PortError> {
    let (at, wanted) = (ObjectsAt::default(), Wanted::everything());
    let page_rows = most;
    let mut page = Page { scope, source, wanted, page_rows, at, rows: Vec::new(), bytes: 0, read: 0, begun: 0 };
    if source.format == RowFormat::Parquet {
        page.table(inside).await?;
        page.rows.truncate(most.saturating_sub(sample.len()));
        sample.append(&mut page.rows);
        return Ok(());
    }
    let mut reader = Reader::new(Body(source.open(&inside).await?), source.format, &inside, 1);
    while sample.len() < most {
        match reader.next(scope, &page.wanted).await? {
            Read::End => break,
            Read::Other => {}
            Read::Row(row, _) => sample.push(row),
        }
    }
    Ok(())
}

struct Page<'a> {
    scope: &'a Scope<'a>,
    source: &'a ObjectSource<'a>,
    wanted: Wanted,
    page_rows: usize,
    at: ObjectsAt,
    rows: Vec<Datum>,
    bytes: usize,
    read: u64,
    begun: u64,
}

impl Page<'_> {
    /// Reads on until the page is full (false) or nothing is left (true).
    async fn fill(&mut self, prefixes: &[String]) -> Result<bool, PortError> {
        if let Some(inside) = self.at.inside.take()
            && !self.object(inside).await?
        {
            return Ok(false);
        }
        while let Some(prefix) = prefixes.get(self.at.prefix) {
            let listing = self.source.list(prefix, self.at.after.as_deref(), 1000).await?;
            for object in listing.objects {
                let key = object.key.unwrap_or_default();
                if object.size.unwrap_or(0) == 0 {
                    self.finish(key);
                    continue;
                }
                if self.is_full(1) {
                    return Ok(false);
                }
                let etag = object.e_tag.unwrap_or_default();
                if !self.object(Inside { key, etag, line: 1, ..Inside::default() }).await? {
                    return Ok(false);
                }
            }
            if !listing.has_more {
                self.at.prefix += 1;
                self.at.after = None;
            }
        }
        Ok(true)
    }

    /// Reads on in one object; true once it is done.
    async fn object(&mut self, inside: Inside) -> Result<bool, PortError> {
        self.begun += 1;
        if self.source.format == RowFormat::Parquet {
            return self.table(inside).await;
        }
        let body = Body(self.source.open(&inside).await?);
        let mut reader = Reader::new(body, self.source.format, &inside, self.at.done + 1);
        let is_packed = inside.packing().is_packed();
        let factor = if is_packed { PACKED_FACTOR } else { 1 };
        let (start, read_before) = (reader.consumed(), self.read);
        loop {
            match reader.next(self.scope, &self.wanted).await? {
                Read::End => break,
                Read::Other => {}
                Read::Row(row, bytes) => {
                    self.bytes += bytes;
                    self.rows.push(row);
                }
            }
            self.read = read_before + (reader.consumed() - start);
            let is_far = !is_packed && self.read >= PAGE_READ_BYTES;
            if is_far || self.has_enough(factor) {
                self.at.inside = Some(reader.position(&inside));
                return Ok(false);
            }
        }
        self.finish(inside.key);
        Ok(true)
    }

    /// Reads on in one Parquet object, whose place is a row.
    async fn table(&mut self, inside: Inside) -> Result<bool, PortError> {
        let source = self.source;
        let end = End::of(source, &inside.key, Some(&inside.etag)).await?;
        let end = end.ok_or_else(|| PortError::new(PortErrorKind::NotFound, "read object"))?;
        let at = (end.length, end.tail);
        let mut table = Table::open(end.version, at, Indexes::Skipped, self.at.done + 1).await?;
        let mut at = inside.at;
        loop {
            self.read += table.bytes_at(at);
            let found = table.find(self.scope, &self.wanted, at).await?;
            at = found.at;
            self.bytes += found.rows.iter().map(|row| row.to_json().len()).sum::<usize>();
            self.rows.extend(found.rows);
            if found.is_done {
                self.finish(inside.key);
                return Ok(true);
            }
            if self.read >= PAGE_READ_BYTES || self.has_enough(1) {
                self.at.inside = Some(Inside { at, ..inside });
                return Ok(false);
            }
        }
    }

    fn finish(&mut self, key: String) {
        self.at.after = Some(key);
        self.at.done += 1;
    }

    const fn has_enough(&self, factor: usize) -> bool {
        self.rows.len() >= self.most_rows(factor) || self.bytes >= PAGE_BYTES * factor
    }

    /// A sample has no more rows than were asked for, packed or not.
    const fn most_rows(&self, factor: usize) -> usize {
        if self.page_rows < PAGE_ROWS { self.page_rows } else { PAGE_ROWS * factor }
    }

    const fn is_full(&self, factor: usize) -> bool {
        self.has_enough(factor) || self.read >= PAGE_READ_BYTES || self.begun >= PAGE_OBJECTS
    }
}

impl ObjectSource<'_> {
    /// Opens the very version of the object that was listed, at the place to go on from.
    pub(super) async fn open(&self, inside: &Inside) -> Result<ByteStream, PortError> {
        self.pace.request().await;
        let range = (!inside.packing().is_packed() && inside.at > 0).then(|| format!("bytes={}-", inside.at));
        let request = self.client.get_object().bucket(self.bucket).key(&inside.key);
        let request = request.if_match(&inside.etag).set_range(range);
        match request.send().await {
            Ok(answer) => Ok(answer.body),
            // The last page ended with the last row: there is nothing behind it.
            Err(error) if inside.at > 0 && status(&error) == Some(416) => Ok(ByteStream::default()),
            Err(error) => Err(failed("read object", error)),
        }
    }
}

fn status<E>(error: &aws_sdk_s3::error::SdkError<E>) -> Option<u16> {
    error.raw_response().map(|response| response.status().as_u16())
}

/// The body of an object.
pub(super) struct Body(pub(super) ByteStream);

impl Chunks for Body {
    async fn fill(&mut self, out: &mut Vec<u8>) -> Result<bool, PortError> {
        let cut = |_| PortError::caused(PortErrorKind::Transient, "read object", "the body was cut off");
        let chunk = self.0.next().await.transpose().map_err(cut)?;
        out.extend_from_slice(chunk.as_deref().unwrap_or_default());
        Ok(chunk.is_some())
    }
}
