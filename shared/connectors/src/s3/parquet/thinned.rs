//! A flat column chunk without the rows that go, page by page: values are neither read nor encoded anew.
//!
//! The rest of a page is packed again; its dictionary loses what only rows that go had. Not done here, but value by
//! value: nested columns, encodings but plain and dictionary, bloom filters, and a bound that no row has any more.

use bytes::Bytes;
use parquet::basic::Encoding;
use parquet::column::page::{CompressedPage, Page, PageWriter as _};
use parquet::column::writer::ColumnCloseResult;
use parquet::file::metadata::PageEncodingStats;
use parquet::file::writer::{SerializedPageWriter, TrackedWrite};

use self::codec::Codec;
use self::dictionary::Dictionary;
use self::page::{Cut, Data, Values};
use self::plain::Layout;
pub(super) use self::told::PageIndexes;
use self::told::Told;
use super::chunk::{Chunk, guarded};
use super::shape::Entry;
use crate::wanted::Wanted;

mod bounds;
mod codec;
mod dictionary;
mod hybrid;
mod page;
mod plain;
mod read;
mod told;

/// The new chunk, and what is to be said of it; nothing where it is to be written value by value.
pub(super) fn thinned(
    chunk: &Chunk<'_>,
    indexes: PageIndexes<'_>,
    gone: &[usize],
) -> Option<(Bytes, ColumnCloseResult)> {
    guarded(|| Ok(thin(chunk, indexes, gone))).ok().flatten()
}

/// Marks the records that hold a wanted value; nothing where the chunk is to be read value by value.
pub(super) fn mark(chunk: &Chunk<'_>, wanted: &Wanted, marks: &mut [bool]) -> Option<()> {
    guarded(|| Ok(read::mark(chunk, wanted, marks))).ok().flatten()
}

/// What a chunk says of some records; nothing where it is to be read value by value.
pub(super) fn entries(chunk: &Chunk<'_>, picks: &[usize]) -> Option<Vec<Vec<Entry>>> {
    guarded(|| Ok(read::entries(chunk, picks))).ok().flatten()
}

fn thin(chunk: &Chunk<'_>, indexes: PageIndexes<'_>, gone: &[usize]) -> Option<(Bytes, ColumnCloseResult)> {
    let of = chunk.of;
    let is_flat = of.column_descr().max_rep_level() == 0 && of.repetition_level_histogram().is_none();
    if !is_flat || of.bloom_filter_offset().is_some() || of.geo_statistics().is_some() {
        return None;
    }
    let layout = Layout::of(of.column_descr())?;
    let max_definition = u32::try_from(of.column_descr().max_def_level()).ok()?;
    let dictionary = Dictionary::of(chunk, layout, max_definition, gone)?;
    let mut told = Told::new(of, indexes, layout)?;
    let mut bytes = TrackedWrite::new(Vec::new());
    let mut out = Out::new(&mut bytes, Codec::of(of.compression())?);
    let mut pages = chunk.pages().ok()?;
    if let Some(dictionary) = &dictionary
        && let Some(Ok(Page::DictionaryPage { encoding, is_sorted, .. })) = pages.next()
    {
        out.put_dictionary(dictionary, encoding, is_sorted)?;
    }
    let (mut first, mut gone) = (0, gone);
    for page in pages {
        let data = Data::of(page.ok()?, max_definition)?;
        let (here, later) = gone.split_at(gone.partition_point(|row| *row < first + data.rows));
        let cut = data.cut(first, here, max_definition);
        let values = data.values(layout, dictionary.as_ref(), cut.values)?;
        told.page(here.len(), &cut, &values)?;
        if cut.rows_left > 0 {
            out.put(&data, (&cut, &values), max_definition, &mut told)?;
        }
        gone = later;
        first += data.rows;
    }
    if first != chunk.rows || out.data_offset.is_none() {
        return None;
    }
    let close = out.end(told, dictionary.as_ref())?;
    Some((Bytes::from(bytes.into_inner().ok()?), close))
}

/// Pages on their way out.
struct Out<'a> {
    writer: SerializedPageWriter<'a, Vec<u8>>,
    codec: Codec,
    /// The page that is being put together.
    page: Vec<u8>,
    packed: usize,
    unpacked: usize,
    rows: usize,
    dictionary_offset: Option<u64>,
    data_offset: Option<u64>,
    /// Pages of each kind and encoding.
    kinds: Vec<PageEncodingStats>,
}

impl<'a> Out<'a> {
    fn new(bytes: &'a mut TrackedWrite<Vec<u8>>, codec: Codec) -> Self {
        Self {
            writer: SerializedPageWriter::new(bytes),
            codec,
            page: Vec::new(),
            packed: 0,
            unpacked: 0,
            rows: 0,
            dictionary_offset: None,
            data_offset: None,
            kinds: Vec::new(),
        }
    }

    fn put_dictionary(&mut self, dictionary: &Dictionary, encoding: Encoding, is_sorted: bool) -> Option<()> {
        let plain = dictionary.written();
        let buf = self.codec.packed(&plain).ok()?.map_or_else(|| plain.clone(), Bytes::from);
        let num_values = u32::try_from(dictionary.used()).ok()?;
        let page = Page::DictionaryPage { buf, num_values, encoding, is_sorted };
        let (offset, _) = self.write(page, plain.len())?;
        self.dictionary_offset = Some(offset);
        Some(())
    }

    fn put(&mut self, data: &Data, (cut, values): (&Cut, &Values<'_>), max: u32, told: &mut Told<'_>) -> Option<()> {
        let mut page = std::mem::take(&mut self.page);
        page.clear();
        if max > 0 {
            if !data.is_second {
                page.extend_from_slice(&[0; 4]);
            }
            hybrid::write(&cut.definitions_left, page::width(max), &mut page);
        }
        let levels = page.len();
        values.put_kept(cut, &mut page);
        let num_values = u32::try_from(cut.rows_left).ok()?;
        let written = if data.is_second {
            let buf = self.codec.packed(&page[levels..]).ok()?.filter(|packed| packed.len() < page.len() - levels);
            let is_compressed = buf.is_some();
            let buf = buf.map(|packed| Bytes::from([&page[..levels], &packed].concat()));
            Page::DataPageV2 {
                buf: buf.unwrap_or_else(|| Bytes::copy_from_slice(&page)),
                num_values,
                encoding: data.encoding,
                num_nulls: u32::try_from(cut.rows_left - cut.values_left()).ok()?,
                num_rows: num_values,
                def_levels_byte_len: u32::try_from(levels).ok()?,
                rep_levels_byte_len: 0,
                is_compressed,
                statistics: None,
            }
        } else {
            if max > 0 {
                page[..4].copy_from_slice(&u32::try_from(levels - 4).ok()?.to_le_bytes());
            }
            let buf = self.codec.packed(&page).ok()?.map_or_else(|| Bytes::copy_from_slice(&page), Bytes::from);
            let (def_level_encoding, rep_level_encoding) = (Encoding::RLE, Encoding::RLE);
            let encoding = data.encoding;
            Page::DataPage { buf, num_values, encoding, def_level_encoding, rep_level_encoding, statistics: None }
        };
        let (offset, length) = self.write(written, page.len())?;
        self.data_offset.get_or_insert(offset);
        self.rows += cut.rows_left;
        self.page = page;
        told.written(offset, length, cut.rows_left)
    }

    /// Where the page begins and how long it is with its header.
    fn write(&mut self, page: Page, unpacked: usize) -> Option<(u64, usize)> {
        let (page_type, encoding) = (page.page_type(), page.encoding());
        let spec = self.writer.write_page(CompressedPage::new(page, unpacked)).ok()?;
        self.packed += spec.compressed_size;
        self.unpacked += spec.uncompressed_size;
        match self.kinds.iter_mut().find(|it| (it.page_type, it.encoding) == (page_type, encoding)) {
            Some(kind) => kind.count += 1,
            None => self.kinds.push(PageEncodingStats { page_type, encoding, count: 1 }),
        }
        Some((spec.offset, spec.compressed_size))
    }

    fn end(self, told: Told<'_>, dictionary: Option<&Dictionary>) -> Option<ColumnCloseResult> {
        let (before, column_index, offset_index) = told.end(dictionary)?;
        let has_kinds = before.page_encoding_stats().is_some();
        let offset = |offset: u64| i64::try_from(offset).ok();
        let mut builder = before
            .into_builder()
            .set_num_values(i64::try_from(self.rows).ok()?)
            .set_total_compressed_size(i64::try_from(self.packed).ok()?)
            .set_total_uncompressed_size(i64::try_from(self.unpacked).ok()?)
            .set_dictionary_page_offset(self.dictionary_offset.and_then(offset))
            .set_data_page_offset(offset(self.data_offset?)?);
        if has_kinds {
            builder = builder.set_page_encoding_stats(self.kinds);
        }
        Some(ColumnCloseResult {
            bytes_written: self.packed as u64,
            rows_written: self.rows as u64,
            metadata: builder.build().ok()?,
            bloom_filter: None,
            column_index,
            offset_index,
        })
    }
}

#[cfg(test)]
mod tests;
