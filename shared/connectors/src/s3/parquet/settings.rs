//! How a column chunk was written, so that its new one is written alike.
//!
//! Levels of compression and sizes of pages are not told by an object: those are the writer's own.

use std::sync::Arc;

use parquet::basic::{Encoding, PageType};
use parquet::file::metadata::{ColumnChunkMetaData, FileMetaData, RowGroupMetaData};
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterPropertiesPtr, WriterVersion};

/// Encodings that a writer must have been told to use.
const CHOSEN: [Encoding; 4] = [
    Encoding::DELTA_BINARY_PACKED,
    Encoding::DELTA_LENGTH_BYTE_ARRAY,
    Encoding::DELTA_BYTE_ARRAY,
    Encoding::BYTE_STREAM_SPLIT,
];

/// The settings of one chunk: codec, dictionary, encoding, version of pages, statistics, indexes and bloom filter.
pub(super) fn of_chunk(chunk: &ColumnChunkMetaData, rows: usize) -> WriterPropertiesPtr {
    let is_second = chunk
        .page_encoding_stats()
        .is_some_and(|pages| pages.iter().any(|page| page.page_type == PageType::DATA_PAGE_V2));
    let version = if is_second { WriterVersion::PARQUET_2_0 } else { WriterVersion::PARQUET_1_0 };
    let encoding = chunk.encodings().find(|encoding| CHOSEN.contains(encoding)).unwrap_or(Encoding::PLAIN);
    let statistics = match (chunk.column_index_offset(), chunk.statistics()) {
        (Some(_), _) => EnabledStatistics::Page,
        (None, Some(_)) => EnabledStatistics::Chunk,
        (None, None) => EnabledStatistics::None,
    };
    let builder = WriterProperties::builder()
        .set_writer_version(version)
        .set_compression(chunk.compression())
        .set_dictionary_enabled(chunk.dictionary_page_offset().is_some())
        .set_encoding(encoding)
        .set_statistics_enabled(statistics)
        .set_offset_index_disabled(chunk.offset_index_offset().is_none());
    let builder = if chunk.bloom_filter_offset().is_some() {
        builder.set_bloom_filter_enabled(true).set_bloom_filter_max_ndv(rows.max(1) as u64)
    } else {
        builder
    };
    Arc::new(builder.build())
}

/// The settings of the object: version, writer and what it says of itself, and the order of its rows where it stays.
pub(super) fn of_file(file: &FileMetaData, groups: &[RowGroupMetaData], is_order_kept: bool) -> WriterPropertiesPtr {
    let version = if file.version() >= 2 { WriterVersion::PARQUET_2_0 } else { WriterVersion::PARQUET_1_0 };
    let order = groups.first().and_then(RowGroupMetaData::sorting_columns).filter(|_| is_order_kept);
    let is_same = groups.iter().all(|group| group.sorting_columns() == order);
    let builder = WriterProperties::builder()
        .set_writer_version(version)
        .set_key_value_metadata(file.key_value_metadata().cloned())
        .set_sorting_columns(order.filter(|_| is_same).cloned());
    // Readers know faults of old writers by this name; what is copied has them still.
    let builder = match file.created_by() {
        Some(name) => builder.set_created_by(name.to_owned()),
        None => builder,
    };
    Arc::new(builder.build())
}
