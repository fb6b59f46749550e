//! A Parquet file of this machine, read from beginning to end in batches; nothing is looked up in it.
//!
//! Memory holds the compressed chunks of one row group and one batch of rows.

use std::fmt;
use std::fs::File;
use std::future::{Future, ready};
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use datamap::DataType;
use domain::datum::Datum;
use futures::FutureExt as _;
use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::DataType as ParquetType;
use parquet::errors::Result as ParquetResult;
use workflow::ports::{PortError, PortErrorKind};

use super::chunk::{Batch, Chunk, guarded, taken, typed};
use super::shape::{Entries, Entry};
use super::value::{Meaning, Value};
use super::{Indexes, TAIL_BYTES, Table};

/// Rows put together at once.
const BATCH_ROWS: usize = 1024;

/// The rows of a Parquet file in their order; a damaged file is an error, never a panic.
pub struct LocalTable {
    table: Table<Disk>,
    columns: Vec<Box<dyn Column>>,
    /// Row groups entered so far.
    entered: usize,
    /// Rows of the last of them that were not read yet.
    left: usize,
}

impl fmt::Debug for LocalTable {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("LocalTable").field("entered", &self.entered).field("left", &self.left).finish_non_exhaustive()
    }
}

impl LocalTable {
    /// Reads the footer of a file.
    ///
    /// # Errors
    /// When the file can't be read or is no Parquet file of a kind that is read.
    pub fn open(file: File) -> Result<Self, PortError> {
        let mut disk = Disk(file);
        let length = disk.0.seek(SeekFrom::End(0)).map_err(unreadable)?;
        let tail = disk.bytes(length.saturating_sub(TAIL_BYTES)..length)?;
        let table = at_once(Table::open(disk, (length, tail), Indexes::Skipped, 0))?;
        Ok(Self { table, columns: Vec::new(), entered: 0, left: 0 })
    }

    /// How many rows the footer promises.
    #[must_use]
    pub fn rows(&self) -> u64 {
        let groups = self.table.footer.row_groups().iter();
        groups.map(|group| u64::try_from(group.num_rows()).unwrap_or(0)).sum()
    }

    /// The next rows; none at the end. Bytes without a type are taken as text where they are text.
    ///
    /// # Errors
    /// When the file can't be read on; what was read before stays true.
    pub fn next_rows(&mut self) -> Result<Option<Vec<Datum>>, PortError> {
        while self.left == 0 {
            if self.entered == self.table.footer.num_row_groups() {
                return Ok(None);
            }
            self.enter()?;
        }
        let wanted = self.left.min(BATCH_ROWS);
        let columns = &mut self.columns;
        let read = guarded(|| columns.iter_mut().map(|column| column.take(wanted)).collect::<ParquetResult<Vec<_>>>());
        let columns = self.table.told(self.entered - 1, read)?;
        let mut columns: Vec<_> = columns.into_iter().map(Vec::into_iter).collect();
        let mut rows = Vec::with_capacity(wanted);
        for _ in 0..wanted {
            let next = |column: &mut std::vec::IntoIter<Vec<Entry>>| column.next().unwrap_or_default();
            let mut entries: Vec<Entries> = columns.iter_mut().map(|column| Entries::new(next(column))).collect();
            rows.push(self.table.shape.row(&mut entries));
        }
        self.left -= wanted;
        Ok(Some(rows))
    }

    /// Fetches the chunks of the next row group.
    fn enter(&mut self) -> Result<(), PortError> {
        let group = self.entered;
        let footer = Arc::clone(&self.table.footer);
        let rows = self.table.rows(group);
        self.columns.clear();
        for (column, of) in footer.row_group(group).columns().iter().enumerate() {
            at_once(self.table.load(group, column))?;
            let chunk = self.table.chunk(of, Some(DataType::String), rows);
            let opened = guarded(|| reading(&chunk));
            self.columns.push(self.table.told(group, opened)?);
        }
        (self.entered, self.left) = (group + 1, rows);
        Ok(())
    }
}

/// A column chunk that is read on and on.
trait Column {
    fn take(&mut self, records: usize) -> ParquetResult<Vec<Vec<Entry>>>;
}

struct Reading<T: ParquetType> {
    reader: ColumnReaderImpl<T>,
    batch: Batch<T::T>,
    meaning: Meaning,
    max_definition: i16,
}

impl<T: ParquetType> Column for Reading<T>
where
    T::T: Value,
{
    fn take(&mut self, records: usize) -> ParquetResult<Vec<Vec<Entry>>> {
        let mut all = Vec::with_capacity(records);
        taken((&mut self.reader, &mut self.batch), (self.meaning, self.max_definition), records, &mut all)?;
        Ok(all)
    }
}

fn reading(chunk: &Chunk<'_>) -> ParquetResult<Box<dyn Column>> {
    let (meaning, max_definition) = (chunk.meaning, chunk.of.column_descr().max_def_level());
    Ok(typed!(chunk.reader()?, |reader| Box::new(Reading { reader, batch: Batch::new(), meaning, max_definition })))
}

struct Disk(File);

impl Disk {
    fn bytes(&mut self, range: Range<u64>) -> Result<Bytes, PortError> {
        let length = usize::try_from(range.end.saturating_sub(range.start)).map_err(|_| too_large())?;
        let mut bytes = vec![0; length];
        self.0.seek(SeekFrom::Start(range.start)).map_err(unreadable)?;
        self.0.read_exact(&mut bytes).map_err(unreadable)?;
        Ok(bytes.into())
    }
}

impl super::Ranges for Disk {
    fn read(&mut self, range: Range<u64>) -> impl Future<Output = Result<Bytes, PortError>> + Send {
        ready(self.bytes(range))
    }
}

/// What never waits is done at once.
fn at_once<T>(done: impl Future<Output = Result<T, PortError>>) -> Result<T, PortError> {
    done.now_or_never().unwrap_or_else(|| Err(PortError::new(PortErrorKind::Transient, "read file")))
}

fn unreadable(error: io::Error) -> PortError {
    PortError::caused(PortErrorKind::Denied, "read file", error)
}

const fn too_large() -> PortError {
    PortError::new(PortErrorKind::Corrupt, "read file")
}

#[cfg(test)]
mod tests {
    use std::fs;

    use parquet::basic::Compression;
    use parquet::file::properties::WriterVersion;

    use super::super::tests::{object, settings};
    use super::*;

    fn opened(name: &str, bytes: &[u8]) -> Result<LocalTable, PortError> {
        let path = std::env::temp_dir().join(format!("habeas-local-{}-{name}", std::process::id()));
        fs::write(&path, bytes).unwrap();
        let table = LocalTable::open(File::open(&path).unwrap());
        fs::remove_file(path).unwrap();
        table
    }

    fn all(table: &mut LocalTable) -> Result<Vec<String>, PortError> {
        let mut found = Vec::new();
        while let Some(rows) = table.next_rows()? {
            found.extend(rows.iter().map(|row| String::from_utf8(row.to_json()).unwrap()));
        }
        Ok(found)
    }

    #[test]
    fn rows_come_in_order_over_batches_and_groups() {
        let ids: Vec<i64> = (0..2500).collect();
        let bytes = object(settings(Compression::SNAPPY, true, WriterVersion::PARQUET_1_0), &[&ids, &[7, 8]]);
        let mut table = opened("whole", &bytes).unwrap();
        assert_eq!(table.rows(), 2502);
        let rows = all(&mut table).unwrap();
        assert_eq!(rows.len(), 2502);
        assert_eq!(rows[0], r#"{"id":0,"n":0,"note":null,"tags":null,"owner":{"name":"name 0","id":1000}}"#);
        assert_eq!(rows[1], r#"{"id":1,"n":1,"note":"note 1","tags":["a1",null,"b"],"owner":null}"#);
        assert!(rows.iter().enumerate().all(|(n, row)| row.contains(&format!("\"n\":{n},"))));
        assert_eq!(rows[2501], r#"{"id":8,"n":2501,"note":"note 2","tags":["a2501",null,"b"],"owner":null}"#);
    }

    #[test]
    fn damage_is_an_error_and_never_a_panic() {
        let ids: Vec<i64> = (0..40).collect();
        let bytes = object(settings(Compression::UNCOMPRESSED, false, WriterVersion::PARQUET_2_0), &[&ids]);
        assert!(opened("none", b"").is_err() && opened("text", b"id,email\n1,a@b.example\n").is_err());
        for at in (4..bytes.len()).step_by(7) {
            let mut damaged = bytes.clone();
            damaged[at] ^= 0x55;
            if let Ok(mut table) = opened("damaged", &damaged) {
                drop(all(&mut table));
            }
            drop(opened("cut", &bytes[..at]).and_then(|mut table| all(&mut table)));
        }
    }
}
