//! A flat column chunk looked at without reading all its values: each value of a dictionary once, and of pages those asked.

use domain::datum::Datum;
use parquet::basic::Type;
use parquet::column::page::Page;
use parquet::data_type::Int96;

use super::super::chunk::Chunk;
use super::super::shape::Entry;
use super::super::value::{Meaning, Value as _, is_wanted_bytes};
use super::page::Data;
use super::plain::{Layout, Plain};
use crate::wanted::Wanted;

/// Marks the records that hold a wanted value; nothing where the chunk is to be read value by value.
pub(super) fn mark(chunk: &Chunk<'_>, wanted: &Wanted, marks: &mut [bool]) -> Option<()> {
    let (layout, max_definition) = flat(chunk)?;
    let is_wanted = |bytes: &[u8]| is_wanted(bytes, chunk, wanted);
    let (mut dictionary, mut first) = (Vec::new(), 0);
    for page in chunk.pages().ok()? {
        let page = match page.ok()? {
            Page::DictionaryPage { buf, num_values, .. } => {
                let values = dictionary_of(buf, layout, num_values)?;
                dictionary = (0..values.count()).map(|place| is_wanted(values.value(place))).collect();
                continue;
            }
            page @ (Page::DataPage { .. } | Page::DataPageV2 { .. }) => page,
        };
        let data = Data::of(page, max_definition)?;
        let marks = marks.get_mut(first..first + data.rows)?;
        first += data.rows;
        let count = data.present(max_definition);
        if data.is_listed() {
            if dictionary.contains(&true) {
                let places = data.places(count, dictionary.len())?;
                mark_page(&data, (count, max_definition), |at| dictionary[places[at] as usize], marks);
            }
        } else {
            let values = data.plain(layout, count)?;
            mark_page(&data, (count, max_definition), |at| is_wanted(values.value(at)), marks);
        }
    }
    (first == marks.len()).then_some(())
}

fn mark_page(data: &Data, (count, max): (usize, u32), is_wanted: impl Fn(usize) -> bool, marks: &mut [bool]) {
    if count == marks.len() {
        marks.iter_mut().enumerate().for_each(|(row, mark)| *mark |= is_wanted(row));
        return;
    }
    let mut value = 0;
    for (row, mark) in marks.iter_mut().enumerate() {
        if data.definition(row) == max {
            *mark |= is_wanted(value);
            value += 1;
        }
    }
}

/// What the chunk says of each of these records, which are in order; nothing where it is to be read value by value.
pub(super) fn entries(chunk: &Chunk<'_>, picks: &[usize]) -> Option<Vec<Vec<Entry>>> {
    let (layout, max_definition) = flat(chunk)?;
    let mut all = Vec::with_capacity(picks.len());
    let (mut dictionary, mut first, mut picks) = (None, 0, picks);
    for page in chunk.pages().ok()? {
        let page = match page.ok()? {
            Page::DictionaryPage { buf, num_values, .. } => {
                dictionary = Some(dictionary_of(buf, layout, num_values)?);
                continue;
            }
            page @ (Page::DataPage { .. } | Page::DataPageV2 { .. }) => page,
        };
        let data = Data::of(page, max_definition)?;
        let (here, later) = picks.split_at(picks.partition_point(|row| *row < first + data.rows));
        let cut = data.cut(first, here, max_definition);
        let (values, places) = if data.is_listed() {
            let values = dictionary.as_ref()?;
            (values, data.places(cut.values, values.count())?)
        } else {
            (&data.plain(layout, cut.values)?, Vec::new())
        };
        let mut present = cut.values_gone.iter();
        for row in here {
            let level = data.definition(row - first);
            let present = if level == max_definition { present.next() } else { None };
            let value = match present {
                Some(at) => {
                    let at = places.get(*at).map_or(*at, |place| *place as usize);
                    Some(datum(values.value(at), chunk.of.column_type(), chunk.meaning)?)
                }
                None => None,
            };
            all.push(vec![Entry { definition: i16::try_from(level).ok()?, repetition: 0, value }]);
        }
        (picks, first) = (later, first + data.rows);
    }
    picks.is_empty().then_some(all)
}

fn flat(chunk: &Chunk<'_>) -> Option<(Layout, u32)> {
    let column = chunk.of.column_descr();
    let layout = Layout::of(column).filter(|_| column.max_rep_level() == 0)?;
    Some((layout, u32::try_from(column.max_def_level()).ok()?))
}

fn dictionary_of(bytes: bytes::Bytes, layout: Layout, count: u32) -> Option<Plain> {
    Plain::of(bytes, layout, usize::try_from(count).ok()?).filter(|_| layout != Layout::Bits)
}

fn is_wanted(bytes: &[u8], chunk: &Chunk<'_>, wanted: &Wanted) -> bool {
    match chunk.of.column_type() {
        Type::BYTE_ARRAY | Type::FIXED_LEN_BYTE_ARRAY => is_wanted_bytes(bytes, chunk.meaning, wanted),
        kind @ (Type::BOOLEAN | Type::INT32 | Type::INT64 | Type::INT96 | Type::FLOAT | Type::DOUBLE) => {
            datum(bytes, kind, chunk.meaning).is_some_and(|value| wanted.has(&value))
        }
    }
}

fn datum(bytes: &[u8], kind: Type, meaning: Meaning) -> Option<Datum> {
    Some(match kind {
        Type::BOOLEAN => (bytes == [1]).datum(meaning),
        Type::INT32 => i32::from_le_bytes(*bytes.first_chunk()?).datum(meaning),
        Type::INT64 => i64::from_le_bytes(*bytes.first_chunk()?).datum(meaning),
        Type::FLOAT => f32::from_le_bytes(*bytes.first_chunk()?).datum(meaning),
        Type::DOUBLE => f64::from_le_bytes(*bytes.first_chunk()?).datum(meaning),
        Type::INT96 => {
            let word = |at: usize| Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?));
            let mut value = Int96::new();
            value.set_data(word(0)?, word(4)?, word(8)?);
            value.datum(meaning)
        }
        Type::BYTE_ARRAY | Type::FIXED_LEN_BYTE_ARRAY => meaning.of_bytes(bytes),
    })
}
