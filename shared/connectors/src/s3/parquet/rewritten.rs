//! A column chunk written anew: without the records that go, with the values that change.

use std::sync::Arc;

use bytes::Bytes;
use datamap::{FieldRewrite, Masker, rewrite};
use domain::datum::Datum;
use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::column::writer::{ColumnCloseResult, ColumnWriterImpl, get_column_writer, get_typed_column_writer};
use parquet::data_type::DataType;
use parquet::errors::Result;
use parquet::file::properties::WriterPropertiesPtr;
use parquet::file::writer::{SerializedPageWriter, TrackedWrite};

use super::chunk::{Batch, Chunk, fitted, guarded, too_many, typed};
use super::value::Value;

/// Records read and written at once.
const BATCH: usize = 4096;

/// The name of a value while it is rewritten by itself.
const CELL: &str = "cell";

/// What becomes of the records of a row group, by position, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Edits {
    pub(super) gone: Vec<usize>,
    /// Each with the place of the order that changes it.
    pub(super) changed: Vec<(usize, usize)>,
}

/// How each of the orders rewrites the values of a column, if it does.
pub(super) type Masks<'a> = [Option<&'a Mask<'a>>];

/// How the values of a column are rewritten.
pub(super) struct Mask<'a> {
    field: FieldRewrite,
    masker: &'a Arc<dyn Masker>,
}

impl<'a> Mask<'a> {
    pub(super) fn of(field: &FieldRewrite, masker: &'a Arc<dyn Masker>) -> Self {
        Self { field: FieldRewrite { path: CELL.to_owned(), masking: field.masking.clone() }, masker }
    }

    /// A value after rewriting; null where it was taken out.
    pub(super) fn after(&self, before: &Datum) -> Datum {
        let row = Datum::Map(vec![(CELL.to_owned(), before.clone())]);
        let after = rewrite(&row, std::slice::from_ref(&self.field), self.masker.as_ref());
        after.get(CELL).cloned().unwrap_or(Datum::Null)
    }
}

/// The new chunk, and what is to be said of it.
pub(super) fn rewritten(
    chunk: &Chunk<'_>,
    settings: WriterPropertiesPtr,
    edits: &Edits,
    masks: &Masks<'_>,
) -> Result<(Bytes, ColumnCloseResult)> {
    guarded(|| typed!(chunk.reader()?, |reader| typed_rewritten(chunk, reader, settings, edits, masks)))
}

fn typed_rewritten<T>(
    chunk: &Chunk<'_>,
    mut reader: ColumnReaderImpl<T>,
    settings: WriterPropertiesPtr,
    edits: &Edits,
    masks: &Masks<'_>,
) -> Result<(Bytes, ColumnCloseResult)>
where
    T: DataType,
    T::T: Value,
{
    let mut sink = TrackedWrite::new(Vec::new());
    let pages = Box::new(SerializedPageWriter::new(&mut sink));
    let mut writer = get_typed_column_writer::<T>(get_column_writer(chunk.of.column_descr_ptr(), settings, pages));
    let (mut before, mut after, mut first) = (Batch::new(), Batch::new(), 0);
    let is_masked = masks.iter().any(Option::is_some);
    let (mut gone, mut changed) = (Upcoming(&edits.gone), Upcoming(&edits.changed));
    while before.read(&mut reader, BATCH)? {
        let next = first + before.records;
        let (gone, changed) = (gone.until(|it| *it < next), changed.until(|it| it.0 < next));
        if gone.is_empty() && (changed.is_empty() || !is_masked) {
            write(chunk, &mut writer, &before)?;
        } else {
            edit(chunk, first, &mut before, &mut after, (gone, changed, masks));
            write(chunk, &mut writer, &after)?;
        }
        first = next;
    }
    if first != chunk.rows {
        return Err(too_many());
    }
    let close = writer.close()?;
    Ok((Bytes::from(sink.into_inner()?), close))
}

/// Positions that are still to come.
struct Upcoming<'a, P>(&'a [P]);

impl<'a, P> Upcoming<'a, P> {
    /// Those before a record, once.
    fn until(&mut self, is_before: impl FnMut(&P) -> bool) -> &'a [P] {
        let (now, later) = self.0.split_at(self.0.partition_point(is_before));
        self.0 = later;
        now
    }
}

fn write<T>(chunk: &Chunk<'_>, writer: &mut ColumnWriterImpl<'_, T>, batch: &Batch<T::T>) -> Result<()>
where
    T: DataType,
{
    let column = chunk.of.column_descr();
    let definitions = (column.max_def_level() > 0).then_some(batch.definitions.as_slice());
    let repetitions = (column.max_rep_level() > 0).then_some(batch.repetitions.as_slice());
    if definitions.map_or(batch.values.len(), <[i16]>::len) > 0 {
        writer.write_batch(&batch.values, definitions, repetitions)?;
    }
    Ok(())
}

/// Carries the entries that stay over, each with its value as it is to be.
fn edit<V: Value>(
    chunk: &Chunk<'_>,
    first: usize,
    before: &mut Batch<V>,
    after: &mut Batch<V>,
    (gone, changed, masks): (&[usize], &[(usize, usize)], &Masks<'_>),
) {
    after.clear();
    let max = chunk.of.column_descr().max_def_level();
    let mut values = std::mem::take(&mut before.values).into_iter();
    let entries = if max == 0 { before.records } else { before.definitions.len() };
    let mut record = first;
    for position in 0..entries {
        let repetition = before.repetitions.get(position).copied().unwrap_or(0);
        if position > 0 && repetition == 0 {
            record += 1;
        }
        let definition = before.definitions.get(position).copied().unwrap_or(0);
        let value = if definition == max { values.next() } else { None };
        if gone.binary_search(&record).is_ok() {
            continue;
        }
        let by = changed.binary_search_by_key(&record, |it| it.0).ok().map(|at| changed[at].1);
        let kept = match (value, by.and_then(|order| masks.get(order).copied().flatten())) {
            (Some(value), Some(mask)) => changed_value(chunk, value, mask),
            (value, _) => value,
        };
        let is_nulled = definition == max && max > 0 && kept.is_none();
        if max > 0 {
            after.definitions.push(if is_nulled { max - 1 } else { definition });
        }
        if chunk.of.column_descr().max_rep_level() > 0 {
            after.repetitions.push(repetition);
        }
        after.values.extend(kept);
    }
}

/// The value after rewriting, bit for bit the same where rewriting says the same.
fn changed_value<V: Value>(chunk: &Chunk<'_>, value: V, mask: &Mask<'_>) -> Option<V> {
    let before = value.datum(chunk.meaning);
    let after = mask.after(&before);
    if after == before { Some(value) } else { fitted(chunk, &after) }
}
