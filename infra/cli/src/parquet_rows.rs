//! Parquet files as commands meet them: told by their name or first bytes, read row by row. How they are decoded is in `connectors`.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use anyhow::Context as _;
use connectors::LocalTable;
use domain::datum::Datum;
use indicatif::ProgressBar;

/// The first bytes of every Parquet file.
pub(crate) const MAGIC: &[u8; 4] = b"PAR1";

/// How the reading of a file went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct RowsRead {
    /// Rows handed over.
    pub(crate) rows: u64,
    /// Whether the rest could not be read.
    pub(crate) broken: bool,
}

/// Whether a file is in Parquet form, by its ending or by its first bytes.
pub(crate) fn is_parquet(path: &Path) -> bool {
    let is_named = path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("parquet"));
    let mut first = [0; 4];
    is_named || File::open(path).and_then(|mut file| file.read_exact(&mut first)).is_ok_and(|()| first == *MAGIC)
}

/// Hands over each row with its number, from 1, until `each` fails; the bar moves on by the length of the file.
pub(crate) fn each_row(
    path: &Path,
    bar: &ProgressBar,
    each: &mut dyn FnMut(u64, Datum) -> anyhow::Result<()>,
) -> anyhow::Result<RowsRead> {
    let file = File::open(path).with_context(|| format!("{} can't be read", path.display()))?;
    let (begun, length) = (bar.position(), file.metadata()?.len());
    let mut read = RowsRead::default();
    let Ok(mut table) = LocalTable::open(file) else {
        bar.inc(length);
        return Ok(RowsRead { broken: true, ..read });
    };
    let total = table.rows().max(1);
    loop {
        match table.next_rows() {
            Ok(Some(rows)) => {
                for row in rows {
                    read.rows += 1;
                    each(read.rows, row)?;
                }
                let share = u128::from(length) * u128::from(read.rows.min(total)) / u128::from(total);
                bar.set_position(begun + u64::try_from(share).unwrap_or(length));
            }
            Ok(None) => break,
            Err(_) => {
                read.broken = true;
                break;
            }
        }
    }
    bar.set_position(begun + length);
    Ok(read)
}

#[cfg(test)]
pub(crate) mod tests {
    use std::fs;
    use std::path::PathBuf;
    use std::sync::Arc;

    use parquet::data_type::{ByteArray, ByteArrayType, Int64Type};
    use parquet::file::properties::WriterProperties;
    use parquet::file::writer::SerializedFileWriter;
    use parquet::schema::parser::parse_message_type;

    use super::*;

    /// A file with a number and a text in each row.
    pub(crate) fn written(name: &str, rows: &[(i64, &str)]) -> PathBuf {
        let path = std::env::temp_dir().join(format!("habeas-parquet-{}-{name}.parquet", std::process::id()));
        let schema = "message rows { required int64 id; required binary note (UTF8); }";
        let (schema, settings) = (Arc::new(parse_message_type(schema).unwrap()), Arc::new(WriterProperties::default()));
        let mut writer = SerializedFileWriter::new(Vec::new(), schema, settings).unwrap();
        let mut group = writer.next_row_group().unwrap();
        let ids: Vec<i64> = rows.iter().map(|row| row.0).collect();
        let mut column = group.next_column().unwrap().unwrap();
        column.typed::<Int64Type>().write_batch(&ids, None, None).unwrap();
        column.close().unwrap();
        let notes: Vec<ByteArray> = rows.iter().map(|row| ByteArray::from(row.1)).collect();
        let mut column = group.next_column().unwrap().unwrap();
        column.typed::<ByteArrayType>().write_batch(&notes, None, None).unwrap();
        column.close().unwrap();
        group.close().unwrap();
        fs::write(&path, writer.into_inner().unwrap()).unwrap();
        path
    }

    #[test]
    fn a_file_is_told_by_its_first_bytes_and_its_rows_are_counted() {
        let path = written("told", &[(1, "a"), (2, "b")]);
        let bare = path.with_extension("bin");
        fs::rename(&path, &bare).unwrap();
        assert!(is_parquet(&bare) && is_parquet(Path::new("x.PARQUET")) && !is_parquet(Path::new("x.csv")));
        let (bar, mut seen) = (ProgressBar::hidden(), Vec::new());
        let mut each = |number, row: Datum| {
            seen.push((number, String::from_utf8(row.to_json())?));
            Ok(())
        };
        assert_eq!(each_row(&bare, &bar, &mut each).unwrap(), RowsRead { rows: 2, broken: false });
        assert_eq!(seen[1], (2, r#"{"id":2,"note":"b"}"#.to_owned()));
        assert_eq!(bar.position(), bare.metadata().unwrap().len());
        fs::write(&bare, b"PAR1 and no more").unwrap();
        let read = each_row(&bare, &bar, &mut |_, _| Ok(())).unwrap();
        assert_eq!(read, RowsRead { rows: 0, broken: true });
        fs::remove_file(bare).unwrap();
    }
}
