//! Tables of every kind thinned: what is left is what a writer would make of the rows that stay.

use std::sync::Arc;

use bytes::Bytes;
use parquet::basic::{Compression, GzipLevel, ZstdLevel};
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DataType, DoubleType, FixedLenByteArray};
use parquet::data_type::{FixedLenByteArrayType, Int64Type};
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData};
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterVersion};
use parquet::file::reader::{FileReader as _, SerializedFileReader};
use parquet::file::serialized_reader::ReadOptionsBuilder;
use parquet::file::statistics::Statistics;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;

use super::super::blob::Blob;
use super::super::chunk::typed;
use super::super::rewritten::{Edits, rewritten};
use super::super::settings;
use super::super::value::Meaning;
use super::*;
use parquet::column::reader::ColumnReader;

const SCHEMA: &str = "message rows { required int64 id; optional binary text (UTF8); optional double amount;
    optional boolean flag; required fixed_len_byte_array(3) code; required binary kind; }";
const COLUMNS: usize = 6;

#[derive(Clone, Debug)]
struct Row {
    id: i64,
    text: Option<String>,
    amount: Option<f64>,
    flag: Option<bool>,
    code: [u8; 3],
    kind: String,
}

struct Drawn(u64);

impl Drawn {
    fn below(&mut self, below: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % below
    }

    fn rows(&mut self) -> Vec<Row> {
        let (count, different, nulls) = (1 + self.below(300), 1 + self.below(80), 1 + self.below(5));
        let long = if self.below(3) == 0 { "long ".repeat(20) } else { String::new() };
        (0..count)
            .map(|number| {
                let drawn = self.below(different);
                let is_null = |it: usize| nulls > 1 && it == 0;
                Row {
                    id: if self.below(3) == 0 {
                        i64::try_from(number).unwrap()
                    } else {
                        -i64::try_from(drawn).unwrap()
                    },
                    text: (!is_null(self.below(nulls))).then(|| format!("{long}text {drawn}")),
                    amount: (!is_null(self.below(nulls))).then(|| [0.0, -0.0, f64::NAN, 1.5, -7.0][drawn % 5]),
                    flag: (!is_null(self.below(nulls))).then_some(drawn.is_multiple_of(2)),
                    code: [b'a', b'b', u8::try_from(drawn).unwrap()],
                    kind: "kind".repeat(drawn % 3),
                }
            })
            .collect()
    }

    fn settings(&mut self) -> WriterProperties {
        let codecs = [
            Compression::UNCOMPRESSED,
            Compression::SNAPPY,
            Compression::GZIP(GzipLevel::default()),
            Compression::ZSTD(ZstdLevel::default()),
        ];
        let statistics = [EnabledStatistics::None, EnabledStatistics::Chunk, EnabledStatistics::Page];
        WriterProperties::builder()
            .set_compression(codecs[self.below(4)])
            .set_dictionary_enabled(self.below(3) > 0)
            .set_dictionary_page_size_limit([100, 1 << 20][self.below(2)])
            .set_data_page_row_count_limit(5 + self.below(60))
            .set_write_batch_size(1 + self.below(9))
            .set_writer_version([WriterVersion::PARQUET_1_0, WriterVersion::PARQUET_2_0][self.below(2)])
            .set_encoding(Encoding::PLAIN)
            .set_statistics_enabled(statistics[self.below(3)])
            .set_offset_index_disabled(self.below(4) == 0)
            .build()
    }
}

/// One row group.
fn table(rows: &[Row], settings: &WriterProperties) -> Bytes {
    fn put<T: DataType>(
        group: &mut parquet::file::writer::SerializedRowGroupWriter<'_, Vec<u8>>,
        values: &[Option<T::T>],
        is_optional: bool,
    ) {
        let levels: Vec<i16> = values.iter().map(|value| i16::from(value.is_some())).collect();
        let values: Vec<T::T> = values.iter().flatten().cloned().collect();
        let mut column = group.next_column().unwrap().unwrap();
        column.typed::<T>().write_batch(&values, is_optional.then_some(&levels), None).unwrap();
        column.close().unwrap();
    }
    let schema = Arc::new(parse_message_type(SCHEMA).unwrap());
    let mut writer = SerializedFileWriter::new(Vec::new(), schema, Arc::new(settings.clone())).unwrap();
    let mut group = writer.next_row_group().unwrap();
    let bytes = |text: &str| ByteArray::from(text);
    put::<Int64Type>(&mut group, &rows.iter().map(|row| Some(row.id)).collect::<Vec<_>>(), false);
    let texts: Vec<_> = rows.iter().map(|row| row.text.as_deref().map(bytes)).collect();
    put::<ByteArrayType>(&mut group, &texts, true);
    put::<DoubleType>(&mut group, &rows.iter().map(|row| row.amount).collect::<Vec<_>>(), true);
    put::<BoolType>(&mut group, &rows.iter().map(|row| row.flag).collect::<Vec<_>>(), true);
    let codes: Vec<_> = rows.iter().map(|row| Some(FixedLenByteArray::from(row.code.to_vec()))).collect();
    put::<FixedLenByteArrayType>(&mut group, &codes, false);
    put::<ByteArrayType>(&mut group, &rows.iter().map(|row| Some(bytes(&row.kind))).collect::<Vec<_>>(), false);
    group.close().unwrap();
    Bytes::from(writer.into_inner().unwrap())
}

fn footer(table: &Bytes) -> ParquetMetaData {
    let options = ReadOptionsBuilder::new().with_page_index().with_encoding_stats_as_mask(false).build();
    SerializedFileReader::new_with_options(table.clone(), options).unwrap().metadata().clone()
}

fn printed(table: &Bytes) -> Vec<String> {
    let reader = SerializedFileReader::new(table.clone()).unwrap();
    reader.get_row_iter(None).unwrap().map(|row| row.unwrap().to_string()).collect()
}

/// The table without the rows that go, each column thinned where it can be; and how many were.
fn without(table: &Bytes, gone: &[usize]) -> (Bytes, usize) {
    let footer = footer(table);
    let schema = footer.file_metadata().schema_descr().root_schema_ptr();
    let mut writer = SerializedFileWriter::new(Vec::new(), schema, Arc::new(WriterProperties::default())).unwrap();
    let mut group = writer.next_row_group().unwrap();
    let (mut count, blob) = (0, Blob::ending(table.len() as u64, table.clone()));
    let rows = usize::try_from(footer.row_group(0).num_rows()).unwrap();
    for column in 0..COLUMNS {
        let of = footer.row_group(0).column(column);
        let chunk = Chunk { blob: &blob, of, meaning: Meaning::Plain, rows };
        let columns = footer.page_index().and_then(|it| it.column_index(0, column));
        let offsets = footer.page_index().and_then(|it| it.offset_index(0, column));
        let thin = thinned(&chunk, PageIndexes { columns, offsets }, gone);
        count += usize::from(thin.is_some());
        let (bytes, close) = thin.unwrap_or_else(|| {
            let edits = Edits { gone: gone.to_vec(), changed: Vec::new() };
            rewritten(&chunk, settings::of_chunk(of, rows - gone.len()), &edits, &[]).unwrap()
        });
        group.append_column(&bytes, close).unwrap();
    }
    group.close().unwrap();
    (Bytes::from(writer.into_inner().unwrap()), count)
}

/// What is told of a page is true of the rows that are in it.
fn check_pages(footer: &ParquetMetaData, rows: &[Row]) {
    let Some(indexes) = footer.page_index() else { return };
    let (Some(columns), Some(offsets)) = (indexes.column_index(0, 1), indexes.offset_index(0, 1)) else { return };
    let firsts = offsets.page_locations().iter().map(|it| usize::try_from(it.first_row_index).unwrap());
    let firsts: Vec<usize> = firsts.chain([rows.len()]).collect();
    let parquet::file::page_index::column_index::ColumnIndexMetaData::BYTE_ARRAY(index) = columns else { panic!() };
    for (page, range) in firsts.windows(2).enumerate() {
        let texts = rows[range[0]..range[1]].iter().map(|row| row.text.as_deref());
        assert_eq!(
            usize::try_from(columns.null_count(page).unwrap()).unwrap(),
            texts.clone().filter(Option::is_none).count()
        );
        let (min, max) = (texts.clone().flatten().min(), texts.flatten().max());
        assert_eq!(index.is_null_page(page), min.is_none());
        if min.is_some_and(|min| min.len() <= 64) {
            assert_eq!(index.min_value(page), min.map(str::as_bytes));
            assert_eq!(index.max_value(page), max.map(str::as_bytes));
        }
    }
}

#[test]
fn what_is_left_is_what_a_writer_makes_of_the_rows_that_stay() {
    let mut drawn = Drawn(11);
    let mut thin = 0;
    for round in 0..150 {
        let (rows, settings) = (drawn.rows(), drawn.settings());
        let often = 2 + drawn.below(30);
        let gone: Vec<usize> = (0..rows.len()).filter(|_| drawn.below(often) == 0).collect();
        if gone.len() == rows.len() {
            continue;
        }
        let mut left = rows.clone();
        let mut at = 0..;
        left.retain(|_| gone.binary_search(&at.next().unwrap()).is_err());
        let before = table(&rows, &settings);
        let (after, count) = without(&before, &gone);
        thin += count;
        let expected = table(&left, &settings);
        assert_eq!(printed(&after), printed(&expected), "round {round}");
        let (was, is, fresh) = (footer(&before), footer(&after), footer(&expected));
        for column in 0..COLUMNS {
            let [was, is, fresh] = [&was, &is, &fresh].map(|it| it.row_group(0).column(column));
            // As text, since NaN is not itself.
            let told = |it: &ColumnChunkMetaData| {
                (format!("{:?}", it.statistics()), it.statistics().and_then(Statistics::nan_count_opt))
            };
            assert_eq!(told(is), told(fresh), "round {round}, column {column}");
            assert_eq!((is.num_values(), is.compression()), (fresh.num_values(), was.compression()));
            assert_eq!(is.definition_level_histogram(), fresh.definition_level_histogram());
            assert_eq!(is.unencoded_byte_array_data_bytes(), fresh.unencoded_byte_array_data_bytes());
            assert_eq!(is.dictionary_page_offset().is_some(), was.dictionary_page_offset().is_some());
        }
        check_pages(&is, &left);
    }
    assert!(thin > 500, "{thin} columns were thinned");
}

#[test]
fn nothing_of_a_row_that_went_is_left_in_dictionaries_pages_and_bounds() {
    let mut drawn = Drawn(5);
    for round in 0..80 {
        let (mut rows, settings) = (drawn.rows(), drawn.settings());
        let settings = settings.into_builder().set_compression(Compression::UNCOMPRESSED).build();
        let gone: Vec<usize> = (0..rows.len()).filter(|_| drawn.below(20) == 0).collect();
        for row in &gone {
            let mark = ["!", "m", "~", "text "][drawn.below(4)];
            rows[*row].text = Some(format!("{mark}secret{}", "x".repeat(drawn.below(2) * 80)));
            rows[*row].code = *b"~!~";
        }
        if gone.len() == rows.len() {
            continue;
        }
        let (after, _) = without(&table(&rows, &settings), &gone);
        for mark in [b"secret".as_slice(), b"~!~"] {
            assert!(memchr::memmem::find(&after, mark).is_none(), "round {round}");
        }
    }
}

#[test]
fn damaged_chunks_are_left_to_the_reader_and_never_a_panic() {
    let mut drawn = Drawn(23);
    for _ in 0..40 {
        let before = table(&drawn.rows(), &drawn.settings());
        let footer = footer(&before);
        let rows = usize::try_from(footer.row_group(0).num_rows()).unwrap();
        for column in 0..COLUMNS {
            let of = footer.row_group(0).column(column);
            let mut damaged = before.to_vec();
            let (start, length) = of.byte_range();
            let place = usize::try_from(start).unwrap() + drawn.below(usize::try_from(length).unwrap());
            damaged[place] ^= 1 << drawn.below(8);
            let blob = Blob::ending(damaged.len() as u64, Bytes::from(damaged));
            let chunk = Chunk { blob: &blob, of, meaning: Meaning::Plain, rows };
            let indexes = PageIndexes { columns: None, offsets: None };
            if let Some((_, close)) = thinned(&chunk, indexes, &[0]) {
                assert_eq!(close.rows_written, rows as u64 - 1);
            }
        }
    }
}

#[test]
fn rows_are_found_and_read_as_they_are_value_by_value() {
    let mut drawn = Drawn(31);
    let (mut marked, mut read) = (0, 0);
    for round in 0..60 {
        let before = table(&drawn.rows(), &drawn.settings());
        let footer = footer(&before);
        let rows = usize::try_from(footer.row_group(0).num_rows()).unwrap();
        let often = 1 + drawn.below(40);
        let picks: Vec<usize> = (0..rows).filter(|_| drawn.below(often) == 0).collect();
        let blob = Blob::ending(before.len() as u64, before.clone());
        for (column, meaning) in (0..COLUMNS).zip([Meaning::Plain, Meaning::Text].into_iter().cycle()) {
            let chunk = Chunk { blob: &blob, of: footer.row_group(0).column(column), meaning, rows };
            let slow = typed!(chunk.reader().unwrap(), |reader| chunk.entries_typed(reader, &picks)).unwrap();
            assert_eq!(entries(&chunk, &picks).unwrap(), slow, "round {round}, column {column}");
            read += slow.len();
            let wanted = Wanted::new(slow.into_iter().flatten().filter_map(|it| it.value).take(2));
            let (mut one, mut other) = (vec![false; rows], vec![false; rows]);
            typed!(chunk.reader().unwrap(), |reader| chunk.mark_typed(reader, &wanted, &mut one)).unwrap();
            mark(&chunk, &wanted, &mut other).unwrap();
            assert_eq!(one, other, "round {round}, column {column}");
            marked += one.iter().filter(|it| **it).count();
            assert!(mark(&chunk, &wanted, &mut vec![false; rows + 1]).is_none());
        }
    }
    assert!(read > 1000 && marked > 1000, "{read} read, {marked} marked");
}
