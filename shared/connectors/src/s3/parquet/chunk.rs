//! One column chunk read: which records hold a wanted value, and what it says of a few records.

use std::sync::Arc;

use domain::datum::Datum;
use parquet::column::reader::{ColumnReader, ColumnReaderImpl, get_column_reader};
use parquet::data_type::DataType;
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::serialized_reader::SerializedPageReader;

use super::blob::Blob;
use super::shape::Entry;
use super::thinned;
use super::value::{Meaning, Value};
use crate::wanted::Wanted;

/// Records read at once.
const BATCH: usize = 4096;

/// A column chunk whose bytes are in memory.
#[derive(Clone, Copy)]
pub(super) struct Chunk<'a> {
    pub(super) blob: &'a Blob,
    pub(super) of: &'a ColumnChunkMetaData,
    pub(super) meaning: Meaning,
    pub(super) rows: usize,
}

/// Runs the same for a reader of whatever type.
macro_rules! typed {
    ($reader:expr, |$typed:ident| $run:expr) => {
        match $reader {
            ColumnReader::BoolColumnReader($typed) => $run,
            ColumnReader::Int32ColumnReader($typed) => $run,
            ColumnReader::Int64ColumnReader($typed) => $run,
            ColumnReader::Int96ColumnReader($typed) => $run,
            ColumnReader::FloatColumnReader($typed) => $run,
            ColumnReader::DoubleColumnReader($typed) => $run,
            ColumnReader::ByteArrayColumnReader($typed) => $run,
            ColumnReader::FixedLenByteArrayColumnReader($typed) => $run,
        }
    };
}
pub(super) use typed;

/// Records of a column as they were read: levels where the column has any, and values without those that are null.
#[derive(Default)]
pub(super) struct Batch<V> {
    pub(super) records: usize,
    pub(super) definitions: Vec<i16>,
    pub(super) repetitions: Vec<i16>,
    pub(super) values: Vec<V>,
}

impl<V> Batch<V> {
    pub(super) const fn new() -> Self {
        Self { records: 0, definitions: Vec::new(), repetitions: Vec::new(), values: Vec::new() }
    }

    pub(super) fn clear(&mut self) {
        self.records = 0;
        self.definitions.clear();
        self.repetitions.clear();
        self.values.clear();
    }

    /// Reads up to so many records in place of those before; false at the end of the chunk.
    pub(super) fn read<T: DataType<T = V>>(
        &mut self,
        reader: &mut ColumnReaderImpl<T>,
        records: usize,
    ) -> Result<bool> {
        self.clear();
        let (definitions, repetitions) = (Some(&mut self.definitions), Some(&mut self.repetitions));
        (self.records, ..) = reader.read_records(records, definitions, repetitions, &mut self.values)?;
        Ok(self.records > 0)
    }

    /// Shows each entry: the record it is of, from 0, its levels and its value.
    pub(super) fn each(&self, max_definition: i16, mut show: impl FnMut(usize, (i16, i16), Option<&V>)) {
        let mut values = self.values.iter();
        if max_definition == 0 {
            for (record, value) in values.enumerate() {
                show(record, (0, 0), Some(value));
            }
            return;
        }
        let mut record = 0;
        for (position, definition) in self.definitions.iter().enumerate() {
            let repetition = self.repetitions.get(position).copied().unwrap_or(0);
            if position > 0 && repetition == 0 {
                record += 1;
            }
            let value = if *definition == max_definition { values.next() } else { None };
            show(record, (*definition, repetition), value);
        }
    }
}

impl Chunk<'_> {
    /// Its pages, unpacked.
    pub(super) fn pages(&self) -> Result<SerializedPageReader<Blob>> {
        SerializedPageReader::new(Arc::new(self.blob.clone()), self.of, self.rows, None)
    }

    pub(super) fn reader(&self) -> Result<ColumnReader> {
        Ok(get_column_reader(self.of.column_descr_ptr(), Box::new(self.pages()?)))
    }

    /// Marks the records that hold a wanted value.
    pub(super) fn mark(&self, wanted: &Wanted, marks: &mut [bool]) -> Result<()> {
        if thinned::mark(self, wanted, marks).is_some() {
            return Ok(());
        }
        guarded(|| typed!(self.reader()?, |reader| self.mark_typed(reader, wanted, marks)))
    }

    /// Value by value.
    pub(super) fn mark_typed<T>(
        &self,
        mut reader: ColumnReaderImpl<T>,
        wanted: &Wanted,
        marks: &mut [bool],
    ) -> Result<()>
    where
        T: DataType,
        T::T: Value,
    {
        let max = self.of.column_descr().max_def_level();
        let (mut batch, mut first) = (Batch::new(), 0);
        while batch.read(&mut reader, BATCH)? {
            let marks = marks.get_mut(first..first + batch.records).ok_or_else(too_many)?;
            batch.each(max, |record, _, value| {
                if value.is_some_and(|value| value.is_wanted(self.meaning, wanted))
                    && let Some(mark) = marks.get_mut(record)
                {
                    *mark = true;
                }
            });
            first += batch.records;
        }
        if first == marks.len() { Ok(()) } else { Err(too_many()) }
    }

    /// What the chunk says of each of these records, which are in order.
    pub(super) fn entries(&self, picks: &[usize]) -> Result<Vec<Vec<Entry>>> {
        if let Some(entries) = thinned::entries(self, picks) {
            return Ok(entries);
        }
        guarded(|| typed!(self.reader()?, |reader| self.entries_typed(reader, picks)))
    }

    /// Value by value.
    pub(super) fn entries_typed<T>(&self, mut reader: ColumnReaderImpl<T>, picks: &[usize]) -> Result<Vec<Vec<Entry>>>
    where
        T: DataType,
        T::T: Value,
    {
        let max = self.of.column_descr().max_def_level();
        let mut all: Vec<Vec<Entry>> = Vec::with_capacity(picks.len());
        let (mut batch, mut at) = (Batch::new(), 0);
        for run in picks.chunk_by(|one, next| one + 1 == *next) {
            let Some(first) = run.first() else { continue };
            reader.skip_records(first - at)?;
            taken((&mut reader, &mut batch), (self.meaning, max), run.len(), &mut all)?;
            at = first + run.len();
        }
        Ok(all)
    }

    /// What a column of this kind would hold of a rewritten value: null, or what stands for it, where it does not fit.
    pub(super) fn fitted(&self, after: &Datum) -> Result<Datum> {
        typed!(self.reader()?, |reader| Ok(self.fitted_typed(&reader, after)))
    }

    fn fitted_typed<T>(&self, _like: &ColumnReaderImpl<T>, after: &Datum) -> Datum
    where
        T: DataType,
        T::T: Value,
    {
        let fitted = fitted::<T::T>(self, after);
        fitted.map_or(Datum::Null, |value| value.datum(self.meaning))
    }

    pub(super) fn is_optional(&self) -> bool {
        self.of.column_descr().self_type().is_optional()
    }
}

/// Reads so many records and adds what the column says of each.
pub(super) fn taken<T>(
    (reader, batch): (&mut ColumnReaderImpl<T>, &mut Batch<T::T>),
    (meaning, max_definition): (Meaning, i16),
    records: usize,
    all: &mut Vec<Vec<Entry>>,
) -> Result<()>
where
    T: DataType,
    T::T: Value,
{
    let mut left = records;
    while left > 0 {
        if !batch.read(reader, left.min(BATCH))? {
            return Err(too_many());
        }
        left -= batch.records.min(left);
        let before = all.len();
        all.resize_with(before + batch.records, Vec::new);
        batch.each(max_definition, |record, (definition, repetition), value| {
            let value = value.map(|value| value.datum(meaning));
            if let Some(entries) = all.get_mut(before + record) {
                entries.push(Entry { definition, repetition, value });
            }
        });
    }
    Ok(())
}

/// The value to be written in the place of another; none where it becomes null.
pub(super) fn fitted<V: Value>(chunk: &Chunk<'_>, after: &Datum) -> Option<V> {
    let length = usize::try_from(chunk.of.column_descr().type_length()).unwrap_or(0);
    let fitting = V::fitting(after, chunk.meaning, length);
    if fitting.is_none() && !chunk.is_optional() { Some(V::blank(length)) } else { fitting }
}

/// Runs what reads pages: the crate stops in the middle on some that are damaged.
pub(super) fn guarded<T>(run: impl FnOnce() -> Result<T>) -> Result<T> {
    let stopped = |_| Err(ParquetError::General("a damaged object".to_owned()));
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(run)).unwrap_or_else(stopped)
}

pub(super) fn too_many() -> ParquetError {
    ParquetError::General("a column has not as many records as its row group".to_owned())
}
