//! The least and the greatest value that an object tells of a chunk or a page, held against values that go.

use std::cmp::Ordering;

use parquet::basic::{SortOrder, Type};
use parquet::file::page_index::column_index::{ColumnIndexMetaData, PrimitiveColumnIndex};
use parquet::file::statistics::Statistics;
use parquet::schema::types::ColumnDescriptor;

use super::page::{Cut, Values};
use super::plain::Layout;

/// Bounds that no writer cuts off by default.
const SHORT_BYTES: usize = 60;

/// What matters of a column where its values are held against bounds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Kind {
    physical: Type,
    sorted: SortOrder,
    pub(super) is_bytes: bool,
}

impl Kind {
    pub(super) fn of(column: &ColumnDescriptor, layout: Layout) -> Self {
        Self { physical: column.physical_type(), sorted: column.sort_order(), is_bytes: layout == Layout::Lengths }
    }

    /// How two values are ordered, where that is plain.
    pub(super) fn compare(self, one: &[u8], other: &[u8]) -> Option<Ordering> {
        let four = |bytes: &[u8]| Some(i32::from_le_bytes(*bytes.first_chunk()?));
        let eight = |bytes: &[u8]| Some(i64::from_le_bytes(*bytes.first_chunk()?));
        match (self.physical, self.sorted) {
            (Type::INT32, SortOrder::SIGNED) => Some(four(one)?.cmp(&four(other)?)),
            (Type::INT32, SortOrder::UNSIGNED) => Some(four(one)?.cast_unsigned().cmp(&four(other)?.cast_unsigned())),
            (Type::INT64, SortOrder::SIGNED) => Some(eight(one)?.cmp(&eight(other)?)),
            (Type::INT64, SortOrder::UNSIGNED) => Some(eight(one)?.cast_unsigned().cmp(&eight(other)?.cast_unsigned())),
            (Type::FLOAT | Type::DOUBLE, _) => self.float(one)?.partial_cmp(&self.float(other)?),
            (Type::BOOLEAN | Type::BYTE_ARRAY | Type::FIXED_LEN_BYTE_ARRAY, SortOrder::UNSIGNED) => {
                Some(one.cmp(other))
            }
            (Type::BOOLEAN | Type::BYTE_ARRAY | Type::FIXED_LEN_BYTE_ARRAY, _)
            | (Type::INT32 | Type::INT64 | Type::INT96, _) => None,
        }
    }

    /// The least or the greatest of values. Nothing where writers would tell it in another way than it is: they cut long
    /// ones off and choose the sign of zero.
    #[expect(single_use_lifetimes, reason = "an argument that is `impl Trait` can't leave it out")]
    pub(super) fn furthest<'v>(self, values: impl Iterator<Item = &'v [u8]>, is_max: bool) -> Option<Vec<u8>> {
        let further = if is_max { Ordering::Greater } else { Ordering::Less };
        let mut furthest: Option<&[u8]> = None;
        for value in values.filter(|value| !self.is_nan(value)) {
            if furthest.map_or(Some(further), |so_far| self.compare(value, so_far))? == further {
                furthest = Some(value);
            }
        }
        let is_zero = |value: &&[u8]| self.float(value).is_some_and(|value| value.abs() < f64::MIN_POSITIVE);
        furthest.filter(|value| value.len() <= SHORT_BYTES && !is_zero(value)).map(<[u8]>::to_vec)
    }

    fn float(self, bytes: &[u8]) -> Option<f64> {
        match self.physical {
            Type::FLOAT => Some(f64::from(f32::from_le_bytes(*bytes.first_chunk()?))),
            Type::DOUBLE => Some(f64::from_le_bytes(*bytes.first_chunk()?)),
            Type::BOOLEAN | Type::INT32 | Type::INT64 | Type::INT96 => None,
            Type::BYTE_ARRAY | Type::FIXED_LEN_BYTE_ARRAY => None,
        }
    }

    pub(super) fn is_nan(self, value: &[u8]) -> bool {
        self.float(value).is_some_and(f64::is_nan)
    }

    /// Whether a value is a bound; both zeros are the same.
    #[expect(clippy::float_cmp, reason = "a bound is one of the values, bit for bit but for the sign of zero")]
    fn is(self, value: &[u8], bound: &[u8]) -> bool {
        value == bound || self.float(value).zip(self.float(bound)).is_some_and(|(one, other)| one == other)
    }

    /// Whether a bound is a value, or was cut off from it.
    fn may_be_of(self, value: &[u8], bound: &[u8]) -> bool {
        if self.is(value, bound) {
            return true;
        }
        // The last sign of a greatest value that was cut off is raised by one, and takes four bytes at most.
        let common = bound.iter().zip(value).take_while(|(one, other)| one == other).count();
        value.len() > bound.len()
            && !bound.is_empty()
            && common + 4 >= bound.len()
            && matches!(self.physical, Type::BYTE_ARRAY | Type::FIXED_LEN_BYTE_ARRAY)
    }
}

/// Both bounds, as far as they are told.
#[derive(Debug, Default)]
pub(super) struct Bounds {
    pub(super) min: Option<Vec<u8>>,
    pub(super) max: Option<Vec<u8>>,
}

impl Bounds {
    pub(super) fn of_chunk(statistics: &Statistics) -> Self {
        let owned = |bytes: Option<&[u8]>| bytes.map(<[u8]>::to_vec);
        Self { min: owned(statistics.min_bytes_opt()), max: owned(statistics.max_bytes_opt()) }
    }

    /// Both as an index has them; empty where there are none.
    pub(super) fn bytes(&self) -> (Vec<u8>, Vec<u8>) {
        (self.min.clone().unwrap_or_default(), self.max.clone().unwrap_or_default())
    }

    /// The bounds of a page after values went, and whether one of them is another; nothing where it can't be told.
    pub(super) fn of_rest(self, kind: Kind, cut: &Cut, values: &Values<'_>) -> Option<(Self, bool)> {
        let (is_min_held, is_max_held) = self.are_held(kind, cut, values, false);
        let anew = |is_max| kind.furthest(cut.kept().flatten().map(|position| values.value(position)), is_max);
        let min = if is_min_held { self.min } else { Some(anew(false)?) };
        let max = if is_max_held { self.max } else { Some(anew(true)?) };
        Some((Self { min, max }, !(is_min_held && is_max_held)))
    }

    /// Of each bound, whether no value that goes was it, or a value that stays is it as well: in this page, or of a
    /// whole chunk in any.
    pub(super) fn are_held(&self, kind: Kind, cut: &Cut, values: &Values<'_>, is_of_chunk: bool) -> (bool, bool) {
        let is_held = |bound: &Option<Vec<u8>>| {
            let Some(bound) = bound else { return true };
            let is_gone = cut.values_gone.iter().any(|position| kind.may_be_of(values.value(*position), bound));
            !is_gone
                || match values {
                    Values::Listed { dictionary, .. } if is_of_chunk => {
                        dictionary.left().any(|value| kind.is(value, bound))
                    }
                    Values::Listed { .. } | Values::Plain(_) => {
                        cut.kept().flatten().any(|position| kind.is(values.value(position), bound))
                    }
                }
        };
        (is_held(&self.min), is_held(&self.max))
    }
}

/// The bounds that an index tells of a page.
pub(super) fn of_page(index: &ColumnIndexMetaData, page: usize) -> Bounds {
    fn of<T>(index: &PrimitiveColumnIndex<T>, page: usize, bytes: impl Fn(&T) -> Vec<u8>) -> Bounds {
        Bounds { min: index.min_value(page).map(&bytes), max: index.max_value(page).map(&bytes) }
    }
    match index {
        ColumnIndexMetaData::BOOLEAN(it) => of(it, page, |value| vec![u8::from(*value)]),
        ColumnIndexMetaData::INT32(it) => of(it, page, |value| value.to_le_bytes().to_vec()),
        ColumnIndexMetaData::INT64(it) => of(it, page, |value| value.to_le_bytes().to_vec()),
        ColumnIndexMetaData::INT96(it) => {
            of(it, page, |value| value.data().iter().flat_map(|word| word.to_le_bytes()).collect())
        }
        ColumnIndexMetaData::FLOAT(it) => of(it, page, |value| value.to_le_bytes().to_vec()),
        ColumnIndexMetaData::DOUBLE(it) => of(it, page, |value| value.to_le_bytes().to_vec()),
        ColumnIndexMetaData::BYTE_ARRAY(it) | ColumnIndexMetaData::FIXED_LEN_BYTE_ARRAY(it) => {
            let owned = |bytes: Option<&[u8]>| bytes.map(<[u8]>::to_vec);
            Bounds { min: owned(it.min_value(page)), max: owned(it.max_value(page)) }
        }
    }
}
