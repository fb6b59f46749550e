//! What an order does to a Parquet object: first judged by the rows it finds, then written.

use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};

use datamap::{FieldRewrite, Treatment};
use parquet::bloom_filter::Sbbf;
use parquet::column::writer::ColumnCloseResult;
use parquet::errors::Result as ParquetResult;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use workflow::ports::PortError;

use super::super::broken::What;
use super::super::rewriting::{Fate, Tally, Work};
use super::chunk::Chunk;
use super::rewritten::{Edits, Mask, rewritten};
use super::shape::Entry;
use super::{Ranges, Table, settings};

/// Rows judged at once.
const ROWS_AT_ONCE: usize = 1024;

/// Where the new object goes, a part at a time.
pub(in crate::s3) trait Parts: Send {
    /// Takes what was written; it is called when there is enough of it.
    fn put(&mut self, bytes: Vec<u8>) -> impl Future<Output = Result<(), PortError>> + Send;
}

/// What becomes of the rows of each row group.
#[derive(Debug, Default)]
pub(in crate::s3) struct Judged {
    pub(in crate::s3) tally: Tally,
    groups: Vec<Edits>,
}

impl<R: Ranges> Table<R> {
    /// Finds the rows of the order. Reads, beside the column looked up, only row groups that hold some.
    pub(in crate::s3) async fn judge(&mut self, work: Work<'_>) -> Result<Judged, PortError> {
        let mut judged = Judged::default();
        for group in 0..self.footer.num_row_groups() {
            let picks = self.picks(work.scope, work.wanted, group).await?;
            let (mut edits, before) = (Edits::default(), judged.tally.rows);
            for picks in picks.chunks(ROWS_AT_ONCE) {
                self.judge_rows(work, (group, picks), &mut edits, &mut judged.tally).await?;
            }
            judged.tally.others += self.rows(group) as u64 - (judged.tally.rows - before);
            judged.groups.push(edits);
        }
        Ok(judged)
    }

    async fn judge_rows(
        &mut self,
        work: Work<'_>,
        (group, picks): (usize, &[usize]),
        edits: &mut Edits,
        tally: &mut Tally,
    ) -> Result<(), PortError> {
        let masks = self.masks(work);
        let mut is_changed = vec![false; picks.len()];
        let show = |column: usize, chunk: &Chunk<'_>, entries: &[Vec<Entry>]| -> ParquetResult<()> {
            let Some(Some(mask)) = masks.get(column) else { return Ok(()) };
            for (record, entries) in entries.iter().enumerate() {
                for before in entries.iter().filter_map(|entry| entry.value.as_ref()) {
                    let after = mask.after(before);
                    is_changed[record] |= after != *before && chunk.fitted(&after)? != *before;
                }
            }
            Ok(())
        };
        let rows = self.read_rows(work.scope, (group, picks), show).await?;
        for ((record, row), is_changed) in picks.iter().zip(&rows).zip(is_changed) {
            if !work.takes(row, tally) {
                continue;
            }
            let fate = match work.order.treatment {
                Treatment::Delete => Fate::Goes,
                Treatment::Rewrite { .. } if is_changed => Fate::Becomes(Vec::new()),
                Treatment::Rewrite { .. } | Treatment::Keep { .. } => Fate::Stay(1),
            };
            match fate {
                Fate::Stay(_) => {}
                Fate::Goes => edits.gone.push(*record),
                Fate::Becomes(_) => edits.changed.push(*record),
            }
            tally.add(&fate, || work.order.seen(row));
        }
        Ok(())
    }

    /// How each column is rewritten, if it is.
    fn masks<'w>(&self, work: Work<'w>) -> Vec<Option<Mask<'w>>> {
        let fields: &[FieldRewrite] = match &work.order.treatment {
            Treatment::Rewrite { fields, .. } => fields,
            Treatment::Delete | Treatment::Keep { .. } => &[],
        };
        let is_below = |path: &str, field: &str| {
            path.strip_prefix(field).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        let of = |path: &String| fields.iter().find(|field| is_below(path, &field.path));
        self.shape.paths.iter().map(|path| Some(Mask::of(of(path)?, &work.order.masker))).collect()
    }

    /// Writes the object anew, in parts of about so many bytes; gives what is left of the last.
    pub(in crate::s3) async fn write(
        &mut self,
        judged: &Judged,
        work: Work<'_>,
        part_bytes: usize,
        parts: &mut impl Parts,
    ) -> Result<Vec<u8>, PortError> {
        let footer = Arc::clone(&self.footer);
        let masks = self.masks(work);
        let is_order_kept = masks.iter().all(Option::is_none);
        let out = Written::default();
        let settings = settings::of_file(footer.file_metadata(), footer.row_groups(), is_order_kept);
        let schema = footer.file_metadata().schema_descr().root_schema_ptr();
        let writer = SerializedFileWriter::new(out.clone(), schema, settings);
        let mut writer = self.told(0, writer)?;
        for (group, edits) in judged.groups.iter().enumerate() {
            if edits.gone.len() == self.rows(group) {
                continue;
            }
            let next = writer.next_row_group();
            let mut into = self.told(group, next)?;
            for (column, mask) in masks.iter().enumerate() {
                if !edits.gone.is_empty() || (!edits.changed.is_empty() && mask.is_some()) {
                    self.rewrite(&mut into, (group, column), edits, (work, mask.as_ref())).await?;
                } else {
                    self.copy(&mut into, (group, column)).await?;
                }
                if out.len() >= part_bytes {
                    parts.put(out.take()).await?;
                }
            }
            self.told(group, into.close().map(drop))?;
        }
        self.told(0, writer.finish().map(drop))?;
        Ok(out.take())
    }

    async fn rewrite(
        &mut self,
        into: &mut SerializedRowGroupWriter<'_, Written>,
        (group, column): (usize, usize),
        edits: &Edits,
        (work, mask): (Work<'_>, Option<&Mask<'_>>),
    ) -> Result<(), PortError> {
        self.load(group, column).await?;
        let footer = Arc::clone(&self.footer);
        let of = footer.row_group(group).column(column);
        let rows = self.rows(group);
        let chunk = self.chunk(of, self.declared(work.scope, column), rows);
        let appended = rewritten(&chunk, settings::of_chunk(of, rows - edits.gone.len()), edits, mask)
            .and_then(|(bytes, close)| into.append_column(&bytes, close));
        self.told(group, appended)
    }

    /// Copies a column chunk as it is, with what the object says of it.
    async fn copy(
        &mut self,
        into: &mut SerializedRowGroupWriter<'_, Written>,
        (group, column): (usize, usize),
    ) -> Result<(), PortError> {
        let footer = Arc::clone(&self.footer);
        let of = footer.row_group(group).column(column);
        let bloom_filter = self.bloom_filter(group, column).await?;
        self.load(group, column).await?;
        let indexes = footer.page_index();
        let close = ColumnCloseResult {
            bytes_written: u64::try_from(of.compressed_size()).unwrap_or(0),
            rows_written: self.rows(group) as u64,
            metadata: of.clone(),
            bloom_filter,
            column_index: indexes.and_then(|it| it.column_index(group, column)).cloned(),
            offset_index: indexes.and_then(|it| it.offset_index(group, column)).cloned(),
        };
        self.told(group, into.append_column(&self.blob, close))
    }

    async fn bloom_filter(&mut self, group: usize, column: usize) -> Result<Option<Sbbf>, PortError> {
        let footer = Arc::clone(&self.footer);
        let of = footer.row_group(group).column(column);
        // Without its length, which older writers do not tell, a filter is left out; readers then do without.
        let (Some(offset), Some(length)) = (of.bloom_filter_offset(), of.bloom_filter_length()) else {
            return Ok(None);
        };
        let not_there = || self.broken(group, What::NotParquet);
        let start = u64::try_from(offset).map_err(|_| not_there())?;
        let length = usize::try_from(length).map_err(|_| not_there())?;
        let end = start.checked_add(length as u64).filter(|end| *end <= self.blob.length()).ok_or_else(not_there)?;
        if !self.blob.holds(start, length) {
            let bytes = self.ranges.read(start..end).await?;
            self.blob.put(start, bytes);
        }
        self.told(group, Sbbf::read_from_column_chunk(of, &self.blob))
    }
}

/// What was written and not taken yet; the writer has one end of it.
#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl Written {
    fn len(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    fn take(&self) -> Vec<u8> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
