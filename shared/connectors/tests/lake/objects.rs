//! Objects of a lake, made from a number: the same rows in every format, and the same without some people.

use std::fmt::Write as _;
use std::io::Write as _;
use std::sync::Arc;

use parquet::basic::{Compression, ZstdLevel};
use parquet::data_type::{ByteArray, ByteArrayType, DoubleType, Int64Type};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;

/// How rows are written; every object of a lake is one of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    NdJson,
    NdJsonGz,
    NdJsonZst,
    Csv,
    Parquet,
}

impl Kind {
    pub(crate) fn extension(self) -> &'static str {
        match self {
            Self::NdJson => "ndjson",
            Self::NdJsonGz => "ndjson.gz",
            Self::NdJsonZst => "ndjson.zst",
            Self::Csv => "csv",
            Self::Parquet => "parquet",
        }
    }

    /// The folder of the collection.
    pub(crate) fn folder(self) -> &'static str {
        match self {
            Self::NdJson | Self::NdJsonGz | Self::NdJsonZst => "events",
            Self::Csv => "sheets",
            Self::Parquet => "tables",
        }
    }
}

/// A row of the lake.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    id: i64,
    pub(crate) user: u64,
    amount: u64,
    page: u64,
}

/// Users whose rows go are the first of them.
pub(crate) const SUBJECTS: u64 = 50;
const USERS: u64 = 10_000;

pub(crate) fn user(number: u64) -> String {
    format!("user-{number:05}")
}

/// The rows of one object; about every hundredth is of a subject, if any are.
pub(crate) fn rows(object: u64, count: usize, has_subjects: bool) -> Vec<Row> {
    let mut state = object.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut rows = Vec::with_capacity(count);
    for id in 0..count {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let bits = state >> 20;
        let is_subject = has_subjects && id % 100 == 50;
        let user = if is_subject { bits % SUBJECTS } else { SUBJECTS + bits % (USERS - SUBJECTS) };
        rows.push(Row { id: i64::try_from(id).unwrap(), user, amount: bits % 100_000, page: bits % 5000 });
    }
    rows
}

/// The object that holds these rows.
pub(crate) fn object(kind: Kind, rows: &[Row]) -> Vec<u8> {
    match kind {
        Kind::NdJson => ndjson(rows),
        Kind::NdJsonGz => {
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
            encoder.write_all(&ndjson(rows)).unwrap();
            encoder.finish().unwrap()
        }
        Kind::NdJsonZst => zstd::stream::encode_all(&ndjson(rows)[..], 3).unwrap(),
        Kind::Csv => csv(rows),
        Kind::Parquet => parquet(rows),
    }
}

fn ndjson(rows: &[Row]) -> Vec<u8> {
    let mut text = String::new();
    for Row { id, user: number, amount, page } in rows {
        let user = user(*number);
        writeln!(
            text,
            "{{\"id\":{id},\"user_id\":\"{user}\",\"at\":\"2026-03-01T09:00:00Z\",\"amount\":{amount}.25,\
             \"page\":\"/shop/{page}\",\"note\":\"viewed {amount} items\"}}"
        )
        .unwrap();
    }
    text.into_bytes()
}

fn csv(rows: &[Row]) -> Vec<u8> {
    let mut text = "id,user_id,at,amount,page,note\n".to_owned();
    for Row { id, user: number, amount, page } in rows {
        let user = user(*number);
        writeln!(text, "{id},{user},2026-03-01T09:00:00Z,{amount}.25,/shop/{page},\"viewed, {amount} items\"").unwrap();
    }
    text.into_bytes()
}

/// Rows of one row group.
const GROUP_ROWS: usize = 50_000;

fn parquet(rows: &[Row]) -> Vec<u8> {
    let schema = "message rows { required int64 id; required binary user_id (UTF8); required binary at (UTF8);
        optional double amount; optional binary page (UTF8); optional binary note (UTF8); }";
    let codec = Compression::ZSTD(ZstdLevel::try_new(1).unwrap());
    let settings = Arc::new(WriterProperties::builder().set_compression(codec).build());
    let schema = Arc::new(parse_message_type(schema).unwrap());
    let mut writer = SerializedFileWriter::new(Vec::new(), schema, settings).unwrap();
    for rows in rows.chunks(GROUP_ROWS) {
        let present = vec![1; rows.len()];
        let mut group = writer.next_row_group().unwrap();
        let ids: Vec<i64> = rows.iter().map(|row| row.id).collect();
        let mut column = group.next_column().unwrap().unwrap();
        column.typed::<Int64Type>().write_batch(&ids, None, None).unwrap();
        column.close().unwrap();
        let texts: [&dyn Fn(&Row) -> String; 4] = [
            &|row| user(row.user),
            &|_| "2026-03-01T09:00:00Z".to_owned(),
            &|row| format!("/shop/{}", row.page),
            &|row| format!("viewed {} items", row.amount),
        ];
        for (place, text) in texts.iter().enumerate() {
            if place == 2 {
                let amounts: Vec<f64> = rows.iter().map(|row| row.amount as f64 + 0.25).collect();
                let mut column = group.next_column().unwrap().unwrap();
                column.typed::<DoubleType>().write_batch(&amounts, Some(&present), None).unwrap();
                column.close().unwrap();
            }
            let values: Vec<ByteArray> = rows.iter().map(|row| text(row).as_str().into()).collect();
            let levels = (place >= 2).then_some(present.as_slice());
            let mut column = group.next_column().unwrap().unwrap();
            column.typed::<ByteArrayType>().write_batch(&values, levels, None).unwrap();
            column.close().unwrap();
        }
        group.close().unwrap();
    }
    writer.into_inner().unwrap()
}

/// What an object says: its bytes unpacked, or its rows as the crate prints them.
pub(crate) fn content(kind: Kind, object: &[u8]) -> Vec<u8> {
    use parquet::file::reader::FileReader as _;
    match kind {
        Kind::NdJson | Kind::Csv => object.to_vec(),
        Kind::NdJsonGz => {
            let mut bytes = Vec::new();
            std::io::copy(&mut flate2::read::MultiGzDecoder::new(object), &mut bytes).unwrap();
            bytes
        }
        Kind::NdJsonZst => zstd::stream::decode_all(object).unwrap(),
        Kind::Parquet => {
            let bytes = bytes::Bytes::copy_from_slice(object);
            let reader = parquet::file::serialized_reader::SerializedFileReader::new(bytes).unwrap();
            let mut text = String::new();
            for row in reader.get_row_iter(None).unwrap() {
                writeln!(text, "{}", row.unwrap()).unwrap();
            }
            text.into_bytes()
        }
    }
}

/// The map of the lake.
pub(crate) const MAP: &str = "
dataset:
  - fides_key: lake
    collections:
      - name: events
        fields: [{name: user_id, fides_meta: {primary_key: true, identity: user_id}}, {name: note}]
      - name: sheets
        fields: [{name: user_id, fides_meta: {primary_key: true, identity: user_id}}, {name: note}]
      - name: named
        fields: [{name: user_id, fides_meta: {primary_key: true, identity: user_id}}, {name: note}]
      - name: tables
        fields: [{name: user_id, fides_meta: {primary_key: true, identity: user_id}}, {name: note}]
connection:
  - fides_key: objects
    datasets: [lake]
    connector: s3
    region: us-east-1
    max_requests_per_second: 1000000
    collections:
      events: {bucket: b, prefix: events/, format: ndjson}
      sheets: {bucket: b, prefix: sheets/, format: csv}
      named: {bucket: b, prefix: named/, format: parquet, manifest: named/all.txt}
      tables: {bucket: b, prefix: tables/, format: parquet}
";
