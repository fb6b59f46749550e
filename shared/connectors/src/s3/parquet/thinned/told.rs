//! What an object says of a column chunk and its pages (statistics, indexes), after rows went.
//!
//! A bound that was the value of a row that goes may be told on only where a row that stays has that value as well.

use std::cmp::Ordering;

use parquet::basic::{BoundaryOrder, Type};
use parquet::file::metadata::{ColumnChunkMetaData, ColumnIndexBuilder, LevelHistogram, OffsetIndexBuilder};
use parquet::file::page_index::column_index::ColumnIndexMetaData;
use parquet::file::page_index::offset_index::OffsetIndexMetaData;
use parquet::file::statistics::{Statistics, ValueStatistics};

use super::bounds::{Bounds, Kind, of_page};
use super::dictionary::Dictionary;
use super::page::{Cut, Values};
use super::plain::Layout;

/// What is told of the pages of a chunk.
#[derive(Clone, Copy)]
pub(in crate::s3::parquet) struct PageIndexes<'a> {
    pub(in crate::s3::parquet) columns: Option<&'a ColumnIndexMetaData>,
    pub(in crate::s3::parquet) offsets: Option<&'a OffsetIndexMetaData>,
}

impl PageIndexes<'_> {
    /// Whether both are of so many pages, as far as they are there.
    fn are_of(self, pages: usize) -> bool {
        self.columns.is_none_or(|it| it.num_pages() == pages as u64)
            && self.offsets.is_none_or(|it| it.page_locations().len() == pages)
    }
}

/// What went, and what is told of the pages that are left.
pub(super) struct Told<'a> {
    of: &'a ColumnChunkMetaData,
    indexes: PageIndexes<'a>,
    kind: Kind,
    bounds: Bounds,
    columns: ColumnIndexBuilder,
    offsets: OffsetIndexBuilder,
    pages: usize,
    /// Of the pages that are left.
    page_bounds: Vec<Bounds>,
    is_any_anew: bool,
    /// Whether both bounds of the chunk are still those of a row.
    is_held: (bool, bool),
    is_listed: bool,
    nulls_gone: u64,
    nans_gone: u64,
    bytes_gone: i64,
    /// Rows left by how far they are defined.
    levels: Vec<i64>,
}

impl<'a> Told<'a> {
    pub(super) fn new(of: &'a ColumnChunkMetaData, indexes: PageIndexes<'a>, layout: Layout) -> Option<Self> {
        let kind = Kind::of(of.column_descr(), layout);
        let levels = usize::try_from(of.column_descr().max_def_level()).ok()? + 1;
        let columns = ColumnIndexBuilder::new(of.column_type());
        let has_nans = of.statistics().and_then(Statistics::nan_count_opt).is_some();
        let is_half = of.column_type() == Type::FIXED_LEN_BYTE_ARRAY && has_nans;
        (!is_half).then(|| Self {
            of,
            indexes,
            kind,
            bounds: of.statistics().map(Bounds::of_chunk).unwrap_or_default(),
            columns,
            offsets: OffsetIndexBuilder::new(),
            pages: 0,
            page_bounds: Vec::new(),
            is_any_anew: false,
            is_held: (true, true),
            is_listed: true,
            nulls_gone: 0,
            nans_gone: 0,
            bytes_gone: 0,
            levels: vec![0; levels],
        })
    }

    /// Goes on by one page; nothing where its bounds can't be told.
    pub(super) fn page(&mut self, rows_gone: usize, cut: &Cut, values: &Values<'_>) -> Option<()> {
        let place = self.pages;
        self.pages += 1;
        let gone = || cut.values_gone.iter().map(|position| values.value(*position));
        self.nulls_gone += (rows_gone - cut.values_gone.len()) as u64;
        let nans = gone().filter(|value| self.kind.is_nan(value)).count();
        self.nans_gone += nans as u64;
        let bytes: usize = if self.kind.is_bytes { gone().map(<[u8]>::len).sum() } else { 0 };
        let bytes = i64::try_from(bytes).ok()?;
        self.bytes_gone += bytes;
        let (is_min_held, is_max_held) = self.bounds.are_held(self.kind, cut, values, true);
        self.is_held = (self.is_held.0 && is_min_held, self.is_held.1 && is_max_held);
        self.is_listed &= matches!(values, Values::Listed { .. });
        if cut.rows_left == 0 {
            return Some(());
        }
        let levels = self.count_levels(cut)?;
        let nulls = i64::try_from(cut.rows_left - cut.values_left()).ok()?;
        if let Some(index) = self.indexes.columns {
            if place as u64 >= index.num_pages() {
                return None;
            }
            let (bounds, is_anew) = of_page(index, place).of_rest(self.kind, cut, values)?;
            self.is_any_anew |= is_anew;
            let nans = index.nan_count(place).map(|count| count - i64::try_from(nans).unwrap_or(0));
            let (min, max) = bounds.bytes();
            self.page_bounds.push(bounds);
            self.columns.append(index.is_null_page(place), min, max, nulls, nans);
            if index.definition_level_histogram(place).is_some() {
                self.columns.append_histograms(&None, &Some(LevelHistogram::from(levels)));
            }
        }
        if let Some(index) = self.indexes.offsets {
            let before = index.unencoded_byte_array_data_bytes().and_then(|it| it.get(place));
            self.offsets.append_unencoded_byte_array_data_bytes(before.map(|before| before - bytes));
        }
        Some(())
    }

    fn count_levels(&mut self, cut: &Cut) -> Option<Vec<i64>> {
        let mut levels = vec![0; self.levels.len()];
        if let [only] = levels.as_mut_slice() {
            *only = i64::try_from(cut.rows_left).ok()?;
        } else {
            for level in &cut.definitions_left {
                *levels.get_mut(*level as usize)? += 1;
            }
        }
        self.levels.iter_mut().zip(&levels).for_each(|(all, own)| *all += own);
        Some(levels)
    }

    /// Where the page that was gone on to last was written.
    pub(super) fn written(&mut self, offset: u64, length: usize, rows: usize) -> Option<()> {
        self.offsets.append_offset_and_size(i64::try_from(offset).ok()?, i32::try_from(length).ok()?);
        self.offsets.append_row_count(i64::try_from(rows).ok()?);
        Some(())
    }

    /// What is told of the chunk after all; nothing where what was told of it before was not of these pages.
    pub(super) fn end(
        mut self,
        dictionary: Option<&Dictionary>,
    ) -> Option<(ColumnChunkMetaData, Option<ColumnIndexMetaData>, Option<OffsetIndexMetaData>)> {
        if !self.indexes.are_of(self.pages) {
            return None;
        }
        let of = self.of;
        let anew = self.bounds_anew(dictionary)?;
        let is_old = of.statistics().is_some_and(Statistics::is_min_max_deprecated);
        if is_old && (anew.min.is_some() || anew.max.is_some()) {
            return None;
        }
        self.columns.set_boundary_order(self.order());
        let builder = of
            .clone()
            .into_builder()
            .set_unencoded_byte_array_data_bytes(of.unencoded_byte_array_data_bytes().map(|it| it - self.bytes_gone))
            .set_definition_level_histogram(of.definition_level_histogram().map(|_| LevelHistogram::from(self.levels)));
        let builder = match of.statistics() {
            Some(before) => builder.set_statistics(after(before, anew, (self.nulls_gone, self.nans_gone))),
            None => builder,
        };
        let columns = match self.indexes.columns {
            Some(_) => Some(self.columns.build().ok()?),
            None => None,
        };
        Some((builder.build().ok()?, columns, self.indexes.offsets.map(|_| self.offsets.build())))
    }

    /// The bounds of the chunk that are no row's any more, as they are now.
    fn bounds_anew(&self, dictionary: Option<&Dictionary>) -> Option<Bounds> {
        let one = |is_held: bool, is_max: bool| -> Option<Option<Vec<u8>>> {
            if is_held {
                return Some(None);
            }
            if let Some(dictionary) = dictionary.filter(|_| self.is_listed) {
                return self.kind.furthest(dictionary.left(), is_max).map(Some);
            }
            // Bounds of pages may be cut off where values are of any length.
            self.indexes.columns.filter(|_| !self.kind.is_bytes)?;
            let bounds =
                self.page_bounds.iter().filter_map(|it| if is_max { it.max.as_ref() } else { it.min.as_ref() });
            self.kind.furthest(bounds.map(Vec::as_slice), is_max).map(Some)
        };
        Some(Bounds { min: one(self.is_held.0, false)?, max: one(self.is_held.1, true)? })
    }

    /// How the bounds of the pages are ordered.
    fn order(&self) -> BoundaryOrder {
        let before = self.indexes.columns.and_then(ColumnIndexMetaData::get_boundary_order);
        let before = before.unwrap_or(BoundaryOrder::UNORDERED);
        let wrong = match before {
            BoundaryOrder::ASCENDING => Ordering::Greater,
            BoundaryOrder::DESCENDING => Ordering::Less,
            BoundaryOrder::UNORDERED => return before,
        };
        let is_right = |one: Option<&Vec<u8>>, next: Option<&Vec<u8>>| {
            one.zip(next).and_then(|(one, next)| self.kind.compare(one, next)).is_some_and(|order| order != wrong)
        };
        let all: Vec<&Bounds> = self.page_bounds.iter().filter(|it| it.min.is_some()).collect();
        let is_kept = |pair: &[&Bounds]| {
            is_right(pair[0].min.as_ref(), pair[1].min.as_ref()) && is_right(pair[0].max.as_ref(), pair[1].max.as_ref())
        };
        if self.is_any_anew && !all.windows(2).all(is_kept) { BoundaryOrder::UNORDERED } else { before }
    }
}

/// What is told of a chunk without so many nulls and NaN, and with bounds that are others now; how many values differ is
/// not known any more.
fn after(before: &Statistics, anew: Bounds, (nulls_gone, nans_gone): (u64, u64)) -> Statistics {
    fn of<T: Clone>(
        before: &ValueStatistics<T>,
        (min, max): (Option<T>, Option<T>),
        (nulls_gone, nans_gone, is_old): (u64, u64, bool),
    ) -> Statistics
    where
        Statistics: From<ValueStatistics<T>>,
    {
        let nulls = before.null_count_opt().map(|count| count.saturating_sub(nulls_gone));
        let is_exact = (min.is_some() || before.min_is_exact(), max.is_some() || before.max_is_exact());
        let (min, max) = (min.or_else(|| before.min_opt().cloned()), max.or_else(|| before.max_opt().cloned()));
        let after = ValueStatistics::new(min, max, None, nulls, is_old)
            .with_min_is_exact(is_exact.0)
            .with_max_is_exact(is_exact.1)
            .with_backwards_compatible_min_max(before.is_min_max_backwards_compatible())
            .with_nan_count(before.nan_count_opt().map(|count| count.saturating_sub(nans_gone)));
        Statistics::from(after)
    }
    fn both<T>(anew: Bounds, read: impl Fn(&[u8]) -> Option<T>) -> (Option<T>, Option<T>) {
        (anew.min.and_then(|bytes| read(&bytes)), anew.max.and_then(|bytes| read(&bytes)))
    }
    let went = (nulls_gone, nans_gone, before.is_min_max_deprecated());
    match before {
        Statistics::Boolean(it) => of(it, both(anew, |bytes| Some(bytes == [1])), went),
        Statistics::Int32(it) => of(it, both(anew, |bytes| Some(i32::from_le_bytes(*bytes.first_chunk()?))), went),
        Statistics::Int64(it) => of(it, both(anew, |bytes| Some(i64::from_le_bytes(*bytes.first_chunk()?))), went),
        Statistics::Int96(it) => of(it, (None, None), went),
        Statistics::Float(it) => of(it, both(anew, |bytes| Some(f32::from_le_bytes(*bytes.first_chunk()?))), went),
        Statistics::Double(it) => of(it, both(anew, |bytes| Some(f64::from_le_bytes(*bytes.first_chunk()?))), went),
        Statistics::ByteArray(it) => of(it, both(anew, |bytes| Some(bytes.to_vec().into())), went),
        Statistics::FixedLenByteArray(it) => of(it, both(anew, |bytes| Some(bytes.to_vec().into())), went),
    }
}
