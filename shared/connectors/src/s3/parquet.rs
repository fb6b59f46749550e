//! Parquet objects: rows found by one column, read, and rewritten row group by row group.
//!
//! Row groups without a row of the order are copied as bytes; memory is bounded by the largest column chunk, twice.
//! Not read: encrypted objects, LZ4 and Brotli.

use std::sync::Arc;

use bytes::Bytes;
use datamap::DataType;
use domain::datum::Datum;
use parquet::errors::{ParquetError, Result as ParquetResult};
use parquet::file::metadata::{
    ColumnChunkMetaData, PageIndexPolicy, ParquetMetaData, ParquetMetaDataOptions, ParquetMetaDataReader,
};
use workflow::ports::PortError;

use self::blob::Blob;
pub(super) use self::blob::Ranges;
use self::chunk::{Chunk, guarded};
pub use self::local::LocalTable;
use self::shape::{Entries, Shape};
use self::value::Meaning;
use super::broken::{Broken, What};
use crate::scope::Scope;
use crate::wanted::Wanted;

mod blob;
mod chunk;
pub(super) mod found;
pub(super) mod judged;
mod local;
mod rewritten;
mod settings;
mod shape;
mod thinned;
mod value;

/// Bytes of the end that are asked for first; a small object is read by one call.
pub(super) const TAIL_BYTES: u64 = 1 << 20;
/// Bytes asked for at once where chunks lie beside each other.
const STRETCH_BYTES: u64 = 8 << 20;
/// Longest footer, and longest column chunk, so that memory stays bounded whatever an object says.
const MAX_FOOTER_BYTES: usize = 64 << 20;
const MAX_CHUNK_BYTES: u64 = 256 << 20;

/// Whether the indexes of pages are read as well: only what is copied needs them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Indexes {
    Read,
    Skipped,
}

/// One version of an object.
pub(super) struct Table<R> {
    ranges: R,
    blob: Blob,
    footer: Arc<ParquetMetaData>,
    shape: Shape,
    /// The place of the object in the listing, for error texts.
    ordinal: u64,
}

impl<R: Ranges> Table<R> {
    /// Reads the footer of an object, whose end is here.
    pub(super) async fn open(
        mut ranges: R,
        (length, tail): (u64, Bytes),
        indexes: Indexes,
        ordinal: u64,
    ) -> Result<Self, PortError> {
        let mut blob = Blob::ending(length, tail);
        let broken = |what| Broken { line: 1, what }.of_object(ordinal);
        let footer = loop {
            match guarded(|| footer(&blob, indexes)) {
                Ok(footer) => break footer,
                Err(ParquetError::NeedMoreData(needed)) if needed <= MAX_FOOTER_BYTES => {
                    let start = length.saturating_sub(needed as u64);
                    blob.put_tail(ranges.read(start..length).await?);
                }
                Err(ParquetError::NeedMoreData(_)) => return Err(broken(What::TooLong)),
                Err(_) => return Err(broken(What::NotParquet)),
            }
        };
        if let Some(what) = fault(&footer, length) {
            return Err(broken(what));
        }
        let shape = Shape::of(footer.file_metadata().schema());
        Ok(Self { ranges, blob, footer: Arc::new(footer), shape, ordinal })
    }

    fn broken(&self, group: usize, what: What) -> PortError {
        Broken { line: group as u64 + 1, what }.of_object(self.ordinal)
    }

    fn told<T>(&self, group: usize, result: ParquetResult<T>) -> Result<T, PortError> {
        result.map_err(|_| self.broken(group, What::NotParquet))
    }

    fn rows(&self, group: usize) -> usize {
        usize::try_from(self.footer.row_group(group).num_rows()).unwrap_or(0)
    }

    /// Fetches a column chunk, with those behind it that fit one stretch.
    async fn load(&mut self, group: usize, column: usize) -> Result<(), PortError> {
        let footer = Arc::clone(&self.footer);
        let (start, length) = footer.row_group(group).column(column).byte_range();
        if self.blob.holds(start, usize::try_from(length).unwrap_or(usize::MAX)) {
            return Ok(());
        }
        let ends = footer.row_group(group).columns().iter().skip(column).map(|chunk| {
            let (start, length) = chunk.byte_range();
            start + length
        });
        let end = ends.filter(|end| *end <= start + STRETCH_BYTES).max().unwrap_or(0).max(start + length);
        let bytes = self.ranges.read(start..end).await?;
        self.blob.put(start, bytes);
        Ok(())
    }

    /// Fetches one column chunk and nothing else.
    async fn load_alone(&mut self, group: usize, column: usize) -> Result<(), PortError> {
        let (start, length) = self.footer.row_group(group).column(column).byte_range();
        if !self.blob.holds(start, usize::try_from(length).unwrap_or(usize::MAX)) {
            let bytes = self.ranges.read(start..start + length).await?;
            self.blob.put(start, bytes);
        }
        Ok(())
    }

    fn chunk<'a>(&'a self, of: &'a ColumnChunkMetaData, declared: Option<DataType>, rows: usize) -> Chunk<'a> {
        Chunk { blob: &self.blob, of, meaning: Meaning::of(of.column_descr(), declared), rows }
    }

    fn declared(&self, scope: &Scope<'_>, column: usize) -> Option<DataType> {
        let path = self.shape.paths.get(column)?;
        super::reader::declared(scope.collection, path)
    }

    /// The records of a row group that hold a wanted value, in order.
    async fn picks(&mut self, scope: &Scope<'_>, wanted: &Wanted, group: usize) -> Result<Vec<usize>, PortError> {
        let is_asked = |path: &String| *path == scope.lookup.field;
        let columns: Vec<usize> = (0..self.shape.paths.len()).filter(|it| is_asked(&self.shape.paths[*it])).collect();
        if columns.is_empty() {
            return Err(self.broken(group, What::MissingColumn));
        }
        let footer = Arc::clone(&self.footer);
        let mut marks = vec![false; self.rows(group)];
        for column in columns {
            self.load_alone(group, column).await?;
            let declared = self.declared(scope, column);
            let chunk = self.chunk(footer.row_group(group).column(column), declared, marks.len());
            let marked = chunk.mark(wanted, &mut marks);
            self.told(group, marked)?;
        }
        Ok(marks.iter().enumerate().filter(|(_, mark)| **mark).map(|(record, _)| record).collect())
    }

    /// These records of a row group as rows; each chunk is shown with its entries before they become part of the rows.
    async fn read_rows(
        &mut self,
        scope: &Scope<'_>,
        (group, picks): (usize, &[usize]),
        mut show: impl FnMut(usize, &Chunk<'_>, &[Vec<shape::Entry>]) -> ParquetResult<()> + Send,
    ) -> Result<Vec<Datum>, PortError> {
        let footer = Arc::clone(&self.footer);
        let rows = self.rows(group);
        let mut columns = Vec::with_capacity(self.shape.paths.len());
        for (column, of) in footer.row_group(group).columns().iter().enumerate() {
            self.load(group, column).await?;
            let chunk = self.chunk(of, self.declared(scope, column), rows);
            let entries = self.told(group, chunk.entries(picks))?;
            self.told(group, show(column, &chunk, &entries))?;
            columns.push(entries.into_iter());
        }
        let mut found = Vec::with_capacity(picks.len());
        for _ in picks {
            let next = |column: &mut std::vec::IntoIter<Vec<shape::Entry>>| column.next().unwrap_or_default();
            let mut entries: Vec<Entries> = columns.iter_mut().map(|column| Entries::new(next(column))).collect();
            found.push(self.shape.row(&mut entries));
        }
        Ok(found)
    }
}

fn footer(blob: &Blob, indexes: Indexes) -> ParquetResult<ParquetMetaData> {
    let policy = match indexes {
        Indexes::Read => PageIndexPolicy::Optional,
        Indexes::Skipped => PageIndexPolicy::Skip,
    };
    let options = ParquetMetaDataOptions::new().with_encoding_stats_as_mask(false);
    let reader = ParquetMetaDataReader::new().with_page_index_policy(policy);
    let mut reader = reader.with_metadata_options(Some(options));
    reader.try_parse_sized(&blob.tail(), blob.length())?;
    reader.finish()
}

/// What is wrong with the places that a footer names. Checked here, as the crate takes them as they are.
fn fault(footer: &ParquetMetaData, length: u64) -> Option<What> {
    let columns = footer.file_metadata().schema_descr().num_columns();
    for group in footer.row_groups() {
        if group.num_rows() < 0 || group.num_columns() != columns {
            return Some(What::NotParquet);
        }
        for chunk in group.columns() {
            let start = chunk.dictionary_page_offset().unwrap_or_else(|| chunk.data_page_offset());
            let start = u64::try_from(start).ok();
            let (Some(start), Ok(bytes)) = (start, u64::try_from(chunk.compressed_size())) else {
                return Some(What::NotParquet);
            };
            if start.checked_add(bytes).is_none_or(|end| end > length) || chunk.file_path().is_some() {
                return Some(What::NotParquet);
            }
            if bytes > MAX_CHUNK_BYTES {
                return Some(What::TooLong);
            }
        }
    }
    None
}

#[cfg(test)]
mod tests;
