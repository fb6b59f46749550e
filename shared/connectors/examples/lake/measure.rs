//! Each kind by itself, on one thread, from disk to disk: ours, the codec alone, and pyarrow, by the time of the processor.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use bytes::Bytes;
use connectors::rewrite_object;
use datamap::RowFormat;
use parquet::column::reader::get_typed_column_reader;
use parquet::data_type::{ByteArrayType, DataType, DoubleType, Int64Type};
use parquet::file::properties::WriterProperties;
use parquet::file::reader::{FileReader as _, RowGroupReader};
use parquet::file::serialized_reader::SerializedFileReader;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::record::Row;

use super::bucket::{Bucket, Stored};
use super::objects::{Kind, SUBJECTS, user};
use super::{FOLDERS, KINDS, Lake, order};

/// Objects of each kind that are measured: pyarrow takes its time.
const MOST_MEASURED: usize = 40;

pub(crate) fn peak_mib() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|kib| kib.parse::<f64>().ok()).unwrap_or(0.0) / 1024.0
}

pub(crate) fn forget_peak() {
    drop(std::fs::write("/proc/self/clear_refs", "5"));
}

/// Seconds this thread had a processor: other work on the machine does not count.
fn seconds() -> f64 {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    told.split_whitespace().next().unwrap().parse::<f64>().unwrap() / 1e9
}

/// Seconds that a way of making these objects anew takes, each read and written. The clock ticks in milliseconds: what is
/// quick goes by more than once.
fn time(objects: &[(String, Stored)], out: &Path, anew: impl Fn(&str, Vec<u8>) -> Vec<u8>) -> f64 {
    let rounds = if objects.iter().all(|(key, _)| key.ends_with("csv")) { 10 } else { 1 };
    let start = seconds();
    for (key, stored) in (0..rounds).flat_map(|_| objects) {
        std::fs::write(out, anew(key, stored.bytes())).unwrap();
    }
    (seconds() - start) / f64::from(rounds)
}

pub(crate) fn measure(lake: &Lake, bucket: &Bucket, dir: &Path) {
    let out = dir.join("out");
    for (kind, folder) in KINDS.into_iter().zip(FOLDERS) {
        let order = order(folder);
        let (mut objects, mut count, mut lines) = (Vec::new(), 0, String::new());
        for (number, _, rows, _) in lake.objects().filter(|it| it.1 == kind && it.3).take(MOST_MEASURED) {
            let key = Lake::key(number, kind);
            let stored = bucket.get(&key).unwrap();
            lines.push_str(&format!("{} {}\n", kind.extension(), stored.path().display()));
            count += rows;
            objects.push((key, stored));
        }
        let is_copy = |(_, stored): &(String, Stored)| limit(kind, stored.bytes()) == stored.bytes();
        assert!(kind != Kind::Csv || objects.iter().all(is_copy), "the codec of CSV writes what it read");
        let codec = time(&objects, &out, |_, object| limit(kind, object));
        let ours = time(&objects, &out, |key, object| rewrite_object(&order, format(kind), key, &object).unwrap());
        let a_second = |time: f64| count as f64 / time;
        println!("{}: {:.0} rows/s", kind.extension(), a_second(ours));
        println!("  the codec alone: {:.0} rows/s; ours is {:.0} % of it", a_second(codec), 100.0 * codec / ours);
        if kind == Kind::Csv {
            let copy = time(&objects, &out, |_, object| object);
            println!("  copying bytes: {:.0} rows/s; ours is {:.0} % of it", a_second(copy), 100.0 * copy / ours);
        }
        match pyarrow(&lines, dir).get(kind.extension()) {
            None => println!("  pyarrow: skipped"),
            Some(peer) => println!("  pyarrow: {peer:.0} rows/s; ours is {:.1} times that", a_second(ours) / peer),
        }
    }
}

fn format(kind: Kind) -> RowFormat {
    match kind {
        Kind::NdJson | Kind::NdJsonGz | Kind::NdJsonZst => RowFormat::NdJson,
        Kind::Csv => RowFormat::Csv,
        Kind::Parquet => RowFormat::Parquet,
    }
}

/// Unpacking and packing alone; of a table, reading and writing its columns, and of CSV its fields.
fn limit(kind: Kind, object: Vec<u8>) -> Vec<u8> {
    use std::io::{Read as _, Write as _};
    match kind {
        Kind::NdJson => object,
        Kind::Csv => copied_records(&object),
        Kind::NdJsonZst => zstd::stream::encode_all(&zstd::stream::decode_all(&object[..]).unwrap()[..], 3).unwrap(),
        Kind::NdJsonGz => {
            let mut bytes = Vec::new();
            flate2::read::MultiGzDecoder::new(&object[..]).read_to_end(&mut bytes).unwrap();
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
            encoder.write_all(&bytes).unwrap();
            encoder.finish().unwrap()
        }
        Kind::Parquet => copied_table(object),
    }
}

fn copied_records(mut object: &[u8]) -> Vec<u8> {
    let (mut reader, mut writer) = (csv_core::Reader::new(), csv_core::Writer::new());
    let (mut fields, mut ends, mut record, mut out) = ([0; 4096], [0; 64], [0; 8192], Vec::with_capacity(object.len()));
    loop {
        let (result, read, _, ended) = reader.read_record(object, &mut fields, &mut ends);
        object = &object[read..];
        match result {
            csv_core::ReadRecordResult::End => return out,
            csv_core::ReadRecordResult::InputEmpty => {}
            csv_core::ReadRecordResult::Record => {
                let (mut from, mut to) = (0, 0);
                for (place, end) in ends[..ended].iter().enumerate() {
                    if place > 0 {
                        to += writer.delimiter(&mut record[to..]).1;
                    }
                    to += writer.field(&fields[from..*end], &mut record[to..]).2;
                    from = *end;
                }
                to += writer.terminator(&mut record[to..]).1;
                out.extend_from_slice(&record[..to]);
            }
            csv_core::ReadRecordResult::OutputFull | csv_core::ReadRecordResult::OutputEndsFull => {
                unreachable!("records of the lake are short");
            }
        }
    }
}

fn copied_table(object: Vec<u8>) -> Vec<u8> {
    let reader = SerializedFileReader::new(Bytes::from(object)).unwrap();
    let schema = reader.metadata().file_metadata().schema_descr().root_schema_ptr();
    let codec = reader.metadata().row_group(0).column(0).compression();
    let settings = Arc::new(WriterProperties::builder().set_compression(codec).build());
    let mut writer = SerializedFileWriter::new(Vec::new(), schema, settings).unwrap();
    for place in 0..reader.num_row_groups() {
        let from = reader.get_row_group(place).unwrap();
        let mut group = writer.next_row_group().unwrap();
        copy_column::<Int64Type>(from.as_ref(), 0, &mut group);
        for column in [1, 2] {
            copy_column::<ByteArrayType>(from.as_ref(), column, &mut group);
        }
        copy_column::<DoubleType>(from.as_ref(), 3, &mut group);
        for column in [4, 5] {
            copy_column::<ByteArrayType>(from.as_ref(), column, &mut group);
        }
        group.close().unwrap();
    }
    writer.into_inner().unwrap()
}

fn copy_column<T: DataType>(from: &dyn RowGroupReader, place: usize, to: &mut SerializedRowGroupWriter<'_, Vec<u8>>) {
    let mut reader = get_typed_column_reader::<T>(from.get_column_reader(place).unwrap());
    let mut column = to.next_column().unwrap().unwrap();
    let (mut levels, mut values) = (Vec::new(), Vec::new());
    let rows = usize::try_from(from.metadata().num_rows()).unwrap();
    reader.read_records(rows, Some(&mut levels), None, &mut values).unwrap();
    let levels = (!levels.is_empty()).then_some(levels.as_slice());
    column.typed::<T>().write_batch(&values, levels, None).unwrap();
    column.close().unwrap();
}

/// Whether two tables have the same schema, the same rows, and columns packed and encoded alike.
pub(crate) fn is_same_table(one: &[u8], other: &[u8]) -> bool {
    let open = |bytes: &[u8]| SerializedFileReader::new(Bytes::copy_from_slice(bytes)).unwrap();
    let (one, other) = (open(one), open(other));
    let shape = |table: &SerializedFileReader<Bytes>| {
        let metadata = table.metadata();
        let columns = metadata.row_group(0).columns().iter();
        let columns: Vec<_> = columns.map(|column| (column.compression(), *column.encodings_mask())).collect();
        (metadata.file_metadata().schema().clone(), columns)
    };
    shape(&one) == shape(&other) && rows_of(&one).eq(rows_of(&other))
}

fn rows_of(table: &SerializedFileReader<Bytes>) -> impl Iterator<Item = Row> {
    table.get_row_iter(None).unwrap().map(Result::unwrap)
}

fn pyarrow(list: &str, dir: &Path) -> BTreeMap<String, f64> {
    let users: Vec<String> = (0..SUBJECTS).map(user).collect();
    let (file, list_file) = (dir.join("users"), dir.join("list"));
    std::fs::write(&file, users.join("\n")).unwrap();
    std::fs::write(&list_file, list).unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/lake.py");
    let python = std::env::args().nth(4).unwrap_or_else(|| "python3".to_owned());
    let answer = Command::new(python).arg(script).arg(list_file).arg(file).arg(dir.join("pyarrow")).output();
    let Ok(answer) = answer else { return BTreeMap::new() };
    let text = String::from_utf8_lossy(&answer.stdout).into_owned();
    let line = |line: &str| {
        let mut words = line.split_whitespace();
        let kind = words.next()?.to_owned();
        let (seconds, rows): (f64, f64) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
        Some((kind, rows / seconds))
    };
    text.lines().filter_map(line).collect()
}
