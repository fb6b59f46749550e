//! Parquet objects rewritten and read; what they hold is looked at by the row reader of the crate, not by ours.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use datamap::{DataMap, FieldRewrite, Masker, Masking, RowFormat, Strategy, Treatment};
use domain::datum::Datum;
use futures::FutureExt as _;
use parquet::basic::{Compression, Encoding, GzipLevel, ZstdLevel};
use parquet::data_type::{ByteArray, ByteArrayType, Int64Type};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterVersion};
use parquet::file::reader::{FileReader as _, SerializedFileReader};
use parquet::file::serialized_reader::ReadOptionsBuilder;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use workflow::ports::{ErasureOrder, SourceLookup};

use super::super::rewriting::rewrite_object;
use super::*;

const MAP: &str = "
dataset:
  - fides_key: lake
    collections:
      - name: rows
        fields:
          - {name: id, fides_meta: {primary_key: true, identity: user_id}}
          - {name: n, fides_meta: {data_type: integer}}
          - {name: note}
          - {name: tags}
          - {name: owner, fields: [{name: id}, {name: name}]}
connection:
  - fides_key: objects
    datasets: [lake]
    connector: s3
    region: eu-central-1
    collections:
      rows: {bucket: b, prefix: rows/, format: parquet}
";

const SCHEMA: &str = "message rows {
    required int64 id;
    required int64 n;
    optional binary note (UTF8);
    optional group tags (LIST) { repeated group list { optional binary element (UTF8); } }
    optional group owner { required binary name (UTF8); optional int64 id; }
}";

struct Plain;

impl Masker for Plain {
    fn lasting(&self, value: &[u8]) -> String {
        format!("{:016x}", value.len())
    }

    fn passing(&self, value: &[u8]) -> String {
        self.lasting(value)
    }
}

fn order(field: &str, values: &[&str], treatment: Treatment) -> ErasureOrder {
    let map: DataMap = datamap::read_strs(&[("map.yml", MAP)]).map.expect("the map is sound");
    let values = values.iter().map(|value| Datum::parse_json(value.as_bytes()).unwrap()).collect();
    let tenant = "acme".parse().unwrap();
    let lookup = SourceLookup { tenant, map: Arc::new(map), collection: 0, field: field.to_owned(), values };
    ErasureOrder { lookup, treatment, masker: Arc::new(Plain), owner: None }
}

fn rewrites(fields: &[(&str, Strategy)]) -> Treatment {
    let one = |(path, strategy): &(&str, Strategy)| FieldRewrite {
        path: (*path).to_owned(),
        masking: Masking { strategy: *strategy, configuration: BTreeMap::new() },
    };
    Treatment::Rewrite { fields: fields.iter().map(one).collect(), kept: None }
}

/// Row `n` of person `id`: every third has no note, every fourth no tags, every fifth an empty list of them.
pub(super) fn object(settings: WriterProperties, groups: &[&[i64]]) -> Vec<u8> {
    let schema = Arc::new(parse_message_type(SCHEMA).unwrap());
    let mut writer = SerializedFileWriter::new(Vec::new(), schema, Arc::new(settings)).unwrap();
    let mut first = 0;
    for ids in groups {
        let numbers: Vec<i64> = (first..).take(ids.len()).collect();
        first += i64::try_from(ids.len()).unwrap();
        let mut group = writer.next_row_group().unwrap();
        let mut column = group.next_column().unwrap().unwrap();
        column.typed::<Int64Type>().write_batch(ids, None, None).unwrap();
        column.close().unwrap();
        let mut column = group.next_column().unwrap().unwrap();
        column.typed::<Int64Type>().write_batch(&numbers, None, None).unwrap();
        column.close().unwrap();
        let noted = numbers.iter().filter(|n| *n % 3 != 0);
        let notes: Vec<ByteArray> = noted.map(|n| format!("note {}", n % 7).as_str().into()).collect();
        let levels: Vec<i16> = numbers.iter().map(|n| i16::from(n % 3 != 0)).collect();
        let mut column = group.next_column().unwrap().unwrap();
        column.typed::<ByteArrayType>().write_batch(&notes, Some(&levels), None).unwrap();
        column.close().unwrap();
        let (mut tags, mut definitions, mut repetitions) = (Vec::new(), Vec::new(), Vec::new());
        for n in &numbers {
            if n % 4 == 0 || n % 5 == 0 {
                definitions.push(i16::from(n % 4 != 0));
                repetitions.push(0);
                continue;
            }
            tags.push(ByteArray::from(format!("a{n}").as_str()));
            tags.push(ByteArray::from("b"));
            definitions.extend([3, 2, 3]);
            repetitions.extend([0, 1, 1]);
        }
        let mut column = group.next_column().unwrap().unwrap();
        column.typed::<ByteArrayType>().write_batch(&tags, Some(&definitions), Some(&repetitions)).unwrap();
        column.close().unwrap();
        let present: Vec<i16> = numbers.iter().map(|n| i16::from(n % 2 == 0)).collect();
        let named: Vec<&i64> = numbers.iter().filter(|n| *n % 2 == 0).collect();
        let names: Vec<ByteArray> = named.iter().map(|n| format!("name {n}").as_str().into()).collect();
        let mut column = group.next_column().unwrap().unwrap();
        column.typed::<ByteArrayType>().write_batch(&names, Some(&present), None).unwrap();
        column.close().unwrap();
        let owners: Vec<i64> = named.iter().map(|n| **n + 1000).collect();
        let present: Vec<i16> = present.iter().map(|it| it * 2).collect();
        let mut column = group.next_column().unwrap().unwrap();
        column.typed::<Int64Type>().write_batch(&owners, Some(&present), None).unwrap();
        column.close().unwrap();
        group.close().unwrap();
    }
    writer.into_inner().unwrap()
}

/// The rows, as the crate itself reads and prints them.
fn rows(object: &[u8]) -> Vec<String> {
    let reader = SerializedFileReader::new(Bytes::copy_from_slice(object)).unwrap();
    reader.get_row_iter(None).unwrap().map(|row| row.unwrap().to_string()).collect()
}

fn footer_of(object: &[u8]) -> ParquetMetaData {
    let options = ReadOptionsBuilder::new().with_page_index().with_encoding_stats_as_mask(false).build();
    let reader = SerializedFileReader::new_with_options(Bytes::copy_from_slice(object), options).unwrap();
    reader.metadata().clone()
}

fn erased(object: &[u8], order: &ErasureOrder) -> Vec<u8> {
    rewrite_object(order, RowFormat::Parquet, "rows/a.parquet", object).unwrap()
}

pub(super) fn settings(compression: Compression, is_dictionary: bool, version: WriterVersion) -> WriterProperties {
    WriterProperties::builder()
        .set_compression(compression)
        .set_dictionary_enabled(is_dictionary)
        .set_writer_version(version)
        .set_encoding(Encoding::PLAIN)
        .set_key_value_metadata(Some(vec![KeyValue::new("made".to_owned(), Some("by hand".to_owned()))]))
        .set_created_by("a writer of old".to_owned())
        .build()
}

const GROUPS: [&[i64]; 4] = [&[1, 2, 3, 4, 5, 6], &[7, 8, 7, 9, 9, 7, 10, 11], &[12, 13], &[7, 7]];

fn of_others() -> Vec<String> {
    let all = rows(&object(WriterProperties::builder().build(), &GROUPS));
    all.into_iter().filter(|row| !row.starts_with("{id: 7,")).collect()
}

#[test]
fn rows_go_and_others_stay_in_every_codec_and_encoding() {
    let order = order("id", &["7"], Treatment::Delete);
    let zstd = Compression::ZSTD(ZstdLevel::default());
    for codec in [Compression::UNCOMPRESSED, Compression::SNAPPY, Compression::GZIP(GzipLevel::default()), zstd] {
        for (is_dictionary, version) in [
            (true, WriterVersion::PARQUET_1_0),
            (false, WriterVersion::PARQUET_1_0),
            (true, WriterVersion::PARQUET_2_0),
            (false, WriterVersion::PARQUET_2_0),
        ] {
            let before = object(settings(codec, is_dictionary, version), &GROUPS);
            let after = erased(&before, &order);
            assert_eq!(rows(&after), of_others());
            assert!(erased(&after, &order) == after, "erasing again changes nothing");
            let (was, is) = (footer_of(&before), footer_of(&after));
            assert_eq!(is.file_metadata().schema(), was.file_metadata().schema());
            assert_eq!(is.file_metadata().created_by(), Some("a writer of old"));
            assert_eq!(is.file_metadata().version(), was.file_metadata().version());
            let made = &is.file_metadata().key_value_metadata().unwrap()[0];
            assert_eq!((made.key.as_str(), made.value.as_deref()), ("made", Some("by hand")));
            assert_eq!(is.num_row_groups(), 3, "a row group of which nothing is left goes");
            for column in 0..was.row_group(1).num_columns() {
                let (was, is) = (was.row_group(1).column(column), is.row_group(1).column(column));
                assert_eq!(is.compression(), was.compression());
                let mut encodings = [was.encodings().collect::<Vec<_>>(), is.encodings().collect()];
                encodings.iter_mut().for_each(|it| it.sort_unstable());
                assert_eq!(encodings[1], encodings[0], "column {column}");
                assert_eq!(is.dictionary_page_offset().is_some(), was.dictionary_page_offset().is_some());
                assert_eq!(is.column_index_offset().is_some(), was.column_index_offset().is_some());
                let kinds = |it: &ColumnChunkMetaData| {
                    it.page_encoding_stats().unwrap().iter().map(|page| page.page_type).collect::<Vec<_>>()
                };
                assert_eq!(kinds(is), kinds(was));
            }
        }
    }
}

#[test]
fn row_groups_without_a_row_are_copied_as_bytes() {
    let order = order("id", &["7"], Treatment::Delete);
    let filtered = WriterProperties::builder().set_bloom_filter_enabled(true).set_bloom_filter_max_ndv(100).build();
    let before = object(filtered, &GROUPS);
    let after = erased(&before, &order);
    let (was, is) = (footer_of(&before), footer_of(&after));
    for group in [0, 2] {
        for column in 0..was.row_group(group).num_columns() {
            let bytes = |object: &[u8], footer: &ParquetMetaData| {
                let (start, length) = footer.row_group(group).column(column).byte_range();
                object[usize::try_from(start).unwrap()..][..usize::try_from(length).unwrap()].to_vec()
            };
            assert_eq!(bytes(&after, &is), bytes(&before, &was));
            assert_eq!(
                is.row_group(group).column(column).statistics(),
                was.row_group(group).column(column).statistics()
            );
            assert!(is.row_group(group).column(column).bloom_filter_offset().is_some());
        }
    }
    let filter = |footer: &ParquetMetaData, object: &[u8]| {
        let object = Bytes::copy_from_slice(object);
        let column = footer.row_group(1).column(0);
        parquet::bloom_filter::Sbbf::read_from_column_chunk(column, &object).unwrap().unwrap()
    };
    assert!(filter(&was, &before).check(&7_i64) && filter(&is, &after).check(&8_i64));
    assert!(!filter(&is, &after).check(&7_i64), "the filter knew the person");
    let statistics = WriterProperties::builder().set_statistics_enabled(EnabledStatistics::None).build();
    let after = erased(&object(statistics, &GROUPS), &order);
    assert!(footer_of(&after).row_group(1).column(0).statistics().is_none());
}

#[test]
fn fields_change_in_their_rows_alone_and_fit_their_columns() {
    let strategies = [
        ("note", Strategy::StringRewrite),
        ("n", Strategy::StringRewrite),
        ("tags", Strategy::StringRewrite),
        ("owner", Strategy::Delete),
    ];
    let order = order("id", &["7"], rewrites(&strategies));
    let before = object(settings(Compression::SNAPPY, true, WriterVersion::PARQUET_1_0), &GROUPS);
    let after = erased(&before, &order);
    let (was, is) = (rows(&before), rows(&after));
    assert_eq!(is.len(), was.len());
    for (was, is) in was.iter().zip(&is).filter(|(was, _)| !was.starts_with("{id: 7,")) {
        assert_eq!(is, was);
    }
    let of_person: Vec<&str> = is.iter().filter(|row| row.starts_with("{id: 7,")).map(String::as_str).collect();
    let redacted = "\"[REDACTED]\"";
    let tags = format!("[{redacted}, null, {redacted}]");
    let expected = [
        format!("{{id: 7, n: 0, note: null, tags: {tags}, owner: {{name: \"\", id: null}}}}"),
        format!("{{id: 7, n: 0, note: {redacted}, tags: null, owner: {{name: \"\", id: null}}}}"),
        format!("{{id: 7, n: 0, note: {redacted}, tags: {tags}, owner: null}}"),
        format!("{{id: 7, n: 0, note: {redacted}, tags: null, owner: {{name: \"\", id: null}}}}"),
        format!("{{id: 7, n: 0, note: {redacted}, tags: {tags}, owner: null}}"),
    ];
    assert_eq!(of_person, expected);
    assert!(erased(&after, &order) == after, "erasing again changes nothing");
}

#[test]
fn rows_are_found_by_a_nested_field_and_from_any_row_on() {
    let order = order("owner.id", &["1006", "1010", "1016"], Treatment::Delete);
    let object = object(WriterProperties::builder().build(), &GROUPS);
    let (scope, wanted) = (Scope::of(&order.lookup).unwrap(), Wanted::new(order.lookup.values.clone()));
    let expected = [
        r#"{"id":7,"n":6,"note":null,"tags":["a6",null,"b"],"owner":{"name":"name 6","id":1006}}"#,
        r#"{"id":9,"n":10,"note":"note 3","tags":[],"owner":{"name":"name 10","id":1010}}"#,
        r#"{"id":7,"n":16,"note":"note 2","tags":null,"owner":{"name":"name 16","id":1016}}"#,
    ];
    for (from, first) in [(0, 0), (6, 0), (7, 1), (10, 1), (11, 2), (17, 3), (18, 3), (99, 3)] {
        let whole = super::super::rewriting::Whole(Bytes::from(object.clone()));
        let tail = Bytes::copy_from_slice(&object[object.len() - 9..]);
        let found = async {
            let mut table = Table::open(whole, (object.len() as u64, tail), Indexes::Skipped, 1).await.unwrap();
            let (mut at, mut rows) = (from, Vec::new());
            loop {
                let found = table.find(&scope, &wanted, at).await.unwrap();
                rows.extend(found.rows.iter().map(|row| String::from_utf8(row.to_json()).unwrap()));
                at = found.at;
                if found.is_done {
                    return rows;
                }
            }
        };
        assert_eq!(found.now_or_never().unwrap(), expected[first..], "from row {from}");
    }
}

#[test]
fn what_can_not_be_read_is_refused() {
    let (ours, missing) = (order("id", &["7"], Treatment::Delete), order("nobody", &["7"], Treatment::Delete));
    let object = object(WriterProperties::builder().build(), &GROUPS);
    let refused = |order: &ErasureOrder, object: &[u8]| {
        let error = rewrite_object(order, RowFormat::Parquet, "rows/a.parquet", object).unwrap_err();
        error.source.unwrap().to_string()
    };
    let told = "object 1 in listing order, line 1: not in Parquet form, cut off, or of a kind that is not read";
    for cut in [0, 3, 7, 8, 100, object.len() / 2, object.len() - 9, object.len() - 1] {
        assert_eq!(refused(&ours, &object[..cut]), told, "{cut} bytes");
    }
    assert_eq!(refused(&ours, b"id,n\n7,1\n7,2\n7,3\n"), told);
    assert!(refused(&missing, &object).ends_with("the header lacks the field that is looked up"));
}

#[test]
fn damage_is_refused_or_harmless_and_never_a_panic() {
    let order = order("id", &["7"], Treatment::Delete);
    let object = object(settings(Compression::SNAPPY, true, WriterVersion::PARQUET_1_0), &GROUPS[..2]);
    for place in 0..object.len() {
        let mut damaged = object.clone();
        damaged[place] ^= 1 << (place % 8);
        drop(rewrite_object(&order, RowFormat::Parquet, "rows/a.parquet", &damaged));
    }
}
