//! What orders do to a Parquet object: first judged by the rows they find, then written once for all.

use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};

use datamap::{FieldRewrite, Treatment};
use parquet::bloom_filter::Sbbf;
use parquet::column::writer::ColumnCloseResult;
use parquet::errors::Result as ParquetResult;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use workflow::ports::PortError;

use super::super::broken::What;
use super::super::rewriting::{Fate, Tallies, Work, Works};
use super::chunk::Chunk;
use super::rewritten::{Edits, Mask, Masks, rewritten};
use super::shape::Entry;
use super::thinned::{PageIndexes, thinned};
use super::{Ranges, Table, settings};
use crate::scope::Scope;

/// Rows judged at once.
const ROWS_AT_ONCE: usize = 1024;

/// Where the new object goes, a part at a time.
pub(in crate::s3) trait Parts: Send {
    /// Takes what was written; it is called when there is enough of it.
    fn put(&mut self, bytes: Vec<u8>) -> impl Future<Output = Result<(), PortError>> + Send;
}

/// What becomes of the rows of each row group.
#[derive(Debug)]
pub(in crate::s3) struct Judged {
    pub(in crate::s3) tallies: Tallies,
    groups: Vec<Edits>,
}

impl<R: Ranges> Table<R> {
    /// Finds the rows of the orders. Reads, beside the column looked up, only row groups that hold some.
    pub(in crate::s3) async fn judge(&mut self, works: Works<'_>) -> Result<Judged, PortError> {
        let mut judged = Judged { tallies: Tallies::new(works), groups: Vec::new() };
        let Some(first) = works.each.first() else { return Ok(judged) };
        for group in 0..self.footer.num_row_groups() {
            let picks = self.picks(first.scope, works.wanted, group).await?;
            let mut edits = Edits::default();
            for picks in picks.chunks(ROWS_AT_ONCE) {
                self.judge_rows((works, first), (group, picks), &mut edits, &mut judged.tallies).await?;
            }
            judged.tallies.pass(self.rows(group) as u64, edits.gone.len() as u64);
            judged.groups.push(edits);
        }
        Ok(judged)
    }

    async fn judge_rows(
        &mut self,
        (works, first): (Works<'_>, &Work<'_>),
        (group, picks): (usize, &[usize]),
        edits: &mut Edits,
        tallies: &mut Tallies,
    ) -> Result<(), PortError> {
        let masks = self.masks(works);
        let looked_up: Vec<bool> = self.shape.paths.iter().map(|path| path == first.field()).collect();
        let mut marks = Marks::new(works, picks.len());
        let show = |column: usize, chunk: &Chunk<'_>, entries: &[Vec<Entry>]| -> ParquetResult<()> {
            let is_asked = looked_up.get(column).is_some_and(|it| *it);
            for (place, (work, masks)) in works.each.iter().zip(&masks).enumerate() {
                let mask = masks.get(column).and_then(Option::as_ref);
                marks.mark(place, (work, is_asked, mask), chunk, entries)?;
            }
            Ok(())
        };
        let rows = self.read_rows(first.scope, (group, picks), show).await?;
        for (at, (record, row)) in picks.iter().zip(&rows).enumerate() {
            let finds = |place: usize, work: &Work<'_>| marks.finds(place, work, at);
            let fate = |place: usize, work: &Work<'_>| match work.order.treatment {
                Treatment::Delete => Fate::Goes,
                Treatment::Rewrite { .. } if marks.is_changed[place][at] => Fate::Becomes(Vec::new()),
                Treatment::Rewrite { .. } | Treatment::Keep { .. } => Fate::Stay(1),
            };
            match works.judge(tallies, row, finds, fate) {
                (Fate::Stay(_), _) => {}
                (Fate::Goes, _) => edits.gone.push(*record),
                (Fate::Becomes(_), by) => edits.changed.push((*record, by)),
            }
        }
        Ok(())
    }

    /// How each column is rewritten, if it is, by each of the orders.
    fn masks<'w>(&self, works: Works<'w>) -> Vec<Vec<Option<Mask<'w>>>> {
        works.each.iter().map(|work| self.masks_of(work)).collect()
    }

    fn masks_of<'w>(&self, work: &'w Work<'w>) -> Vec<Option<Mask<'w>>> {
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
        works: Works<'_>,
        part_bytes: usize,
        parts: &mut impl Parts,
    ) -> Result<Vec<u8>, PortError> {
        let footer = Arc::clone(&self.footer);
        let Some(scope) = works.each.first().map(|work| work.scope) else { return Ok(Vec::new()) };
        let masks = self.masks(works);
        let is_order_kept = masks.iter().flatten().all(Option::is_none);
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
            for column in 0..self.shape.paths.len() {
                let masks: Vec<Option<&Mask<'_>>> =
                    masks.iter().map(|masks| masks.get(column).and_then(Option::as_ref)).collect();
                if !edits.gone.is_empty() || (!edits.changed.is_empty() && masks.iter().any(Option::is_some)) {
                    self.rewrite(&mut into, (group, column), edits, (scope, &masks)).await?;
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
        (scope, masks): (&Scope<'_>, &Masks<'_>),
    ) -> Result<(), PortError> {
        self.load(group, column).await?;
        let footer = Arc::clone(&self.footer);
        let of = footer.row_group(group).column(column);
        let rows = self.rows(group);
        let chunk = self.chunk(of, self.declared(scope, column), rows);
        if edits.changed.is_empty() || masks.iter().all(Option::is_none) {
            let indexes = footer.page_index();
            let indexes = PageIndexes {
                columns: indexes.and_then(|it| it.column_index(group, column)),
                offsets: indexes.and_then(|it| it.offset_index(group, column)),
            };
            if let Some((bytes, close)) = thinned(&chunk, indexes, &edits.gone) {
                return self.told(group, into.append_column(&bytes, close));
            }
        }
        let appended = rewritten(&chunk, settings::of_chunk(of, rows - edits.gone.len()), edits, masks)
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

/// Of each order and record: whether the order finds it, and whether it would change it.
struct Marks {
    is_found: Vec<Vec<bool>>,
    is_changed: Vec<Vec<bool>>,
    is_alone: bool,
}

impl Marks {
    fn new(works: Works<'_>, records: usize) -> Self {
        let none = || vec![vec![false; records]; works.each.len()];
        Self { is_found: none(), is_changed: none(), is_alone: works.each.len() == 1 }
    }

    /// Looks at one column for one order.
    fn mark(
        &mut self,
        place: usize,
        (work, is_asked, mask): (&Work<'_>, bool, Option<&Mask<'_>>),
        chunk: &Chunk<'_>,
        entries: &[Vec<Entry>],
    ) -> ParquetResult<()> {
        let asks = is_asked && !self.is_alone;
        if mask.is_none() && !asks {
            return Ok(());
        }
        for (record, entries) in entries.iter().enumerate() {
            for before in entries.iter().filter_map(|entry| entry.value.as_ref()) {
                self.is_found[place][record] |= asks && work.wanted.has(before);
                let Some(mask) = mask else { continue };
                let after = mask.after(before);
                self.is_changed[place][record] |= after != *before && chunk.fitted(&after)? != *before;
            }
        }
        Ok(())
    }

    /// What one order alone looks for was found by the picks.
    fn finds(&self, place: usize, work: &Work<'_>, record: usize) -> bool {
        self.is_alone || work.wanted.is_everything() || self.is_found[place][record]
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
