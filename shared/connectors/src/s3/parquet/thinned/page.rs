//! A data page of a flat column taken apart: levels and values, and which of them go with the rows that go.

use bytes::Bytes;
use parquet::basic::Encoding;
use parquet::column::page::Page;

use super::dictionary::Dictionary;
use super::hybrid;
use super::plain::{Layout, Plain, kept};

/// Rows of a page; more than a writer makes, so that a damaged page claims no memory.
const MAX_ROWS: usize = 1 << 24;

/// What a page says.
pub(super) struct Data {
    pub(super) rows: usize,
    pub(super) encoding: Encoding,
    pub(super) is_second: bool,
    /// How far each row is defined; empty where every row has a value by the schema.
    definitions: Vec<u32>,
    body: Bytes,
}

/// Which rows and values of a page go, by position, and what is left of the levels.
pub(super) struct Cut {
    /// Values before anything went.
    pub(super) values: usize,
    pub(super) values_gone: Vec<usize>,
    pub(super) rows_left: usize,
    pub(super) definitions_left: Vec<u32>,
}

impl Cut {
    pub(super) const fn values_left(&self) -> usize {
        self.values - self.values_gone.len()
    }

    /// Runs of values that stay.
    pub(super) fn kept(&self) -> impl Iterator<Item = std::ops::Range<usize>> {
        kept(self.values, &self.values_gone)
    }
}

impl Data {
    /// Nothing where a page is of a kind that is not taken apart.
    pub(super) fn of(page: Page, max_definition: u32) -> Option<Self> {
        match page {
            Page::DataPage { buf, num_values, encoding, def_level_encoding, .. } => {
                let mut length = 0;
                let mut levels = Bytes::new();
                if max_definition > 0 {
                    if def_level_encoding != Encoding::RLE {
                        return None;
                    }
                    let told = usize::try_from(u32::from_le_bytes(*buf.first_chunk::<4>()?)).ok()?;
                    length = told.checked_add(4).filter(|end| *end <= buf.len())?;
                    levels = buf.slice(4..length);
                }
                Self::read((buf.slice(length..), num_values, encoding, false), &levels, max_definition)
            }
            Page::DataPageV2 {
                buf, num_values, encoding, num_rows, def_levels_byte_len, rep_levels_byte_len, ..
            } => {
                let length = usize::try_from(def_levels_byte_len).ok().filter(|length| *length <= buf.len())?;
                if rep_levels_byte_len != 0 || num_rows != num_values {
                    return None;
                }
                let levels = buf.slice(..length);
                Self::read((buf.slice(length..), num_values, encoding, true), &levels, max_definition)
            }
            Page::DictionaryPage { .. } => None,
        }
    }

    fn read(
        (body, rows, encoding, is_second): (Bytes, u32, Encoding, bool),
        levels: &[u8],
        max_definition: u32,
    ) -> Option<Self> {
        let rows = usize::try_from(rows).ok().filter(|rows| *rows <= MAX_ROWS)?;
        let mut definitions = Vec::new();
        if max_definition > 0 {
            hybrid::read(levels, width(max_definition), rows, &mut definitions)?;
        }
        Some(Self { rows, encoding, is_second, definitions, body })
    }

    /// What goes with these rows, which are told from the first of the chunk as the page is.
    pub(super) fn cut(&self, first: usize, gone: &[usize], max_definition: u32) -> Cut {
        let rows_gone: Vec<usize> = gone.iter().map(|row| row - first).collect();
        let rows_left = self.rows - rows_gone.len();
        if max_definition == 0 {
            return Cut { values: self.rows, values_gone: rows_gone, rows_left, definitions_left: Vec::new() };
        }
        let values = self.present(max_definition);
        let mut definitions_left = Vec::with_capacity(rows_left);
        for run in kept(self.rows, &rows_gone) {
            definitions_left.extend_from_slice(&self.definitions[run]);
        }
        let mut values_gone = Vec::with_capacity(rows_gone.len());
        if values == self.rows {
            values_gone = rows_gone;
        } else {
            let (mut row, mut value) = (0, 0);
            for gone in rows_gone {
                value += present(&self.definitions[row..gone], max_definition);
                row = gone;
                if self.definitions[gone] == max_definition {
                    values_gone.push(value);
                }
            }
        }
        Cut { values, values_gone, rows_left, definitions_left }
    }

    /// The values of the page.
    pub(super) fn values<'a>(
        &self,
        layout: Layout,
        dictionary: Option<&'a Dictionary>,
        count: usize,
    ) -> Option<Values<'a>> {
        if self.is_listed() {
            let dictionary = dictionary?;
            return Some(Values::Listed { dictionary, places: self.places(count, dictionary.count())? });
        }
        self.plain(layout, count).map(Values::Plain)
    }

    /// The values of a page that has them one after the other.
    pub(super) fn plain(&self, layout: Layout, count: usize) -> Option<Plain> {
        let is_plain = self.encoding == Encoding::PLAIN;
        Plain::of(self.body.clone(), layout, count).filter(|_| is_plain)
    }

    /// How far a row is defined.
    pub(super) fn definition(&self, row: usize) -> u32 {
        self.definitions.get(row).copied().unwrap_or(0)
    }

    /// How many rows have a value.
    pub(super) fn present(&self, max_definition: u32) -> usize {
        if max_definition == 0 { self.rows } else { present(&self.definitions, max_definition) }
    }

    /// Whether values are told by their places in a dictionary.
    pub(super) fn is_listed(&self) -> bool {
        matches!(self.encoding, Encoding::RLE_DICTIONARY | Encoding::PLAIN_DICTIONARY)
    }

    /// The places of the values in a dictionary of so many.
    pub(super) fn places(&self, count: usize, dictionary: usize) -> Option<Vec<u32>> {
        let mut places = Vec::new();
        if count > 0 {
            let (width, rest) = self.body.split_first()?;
            hybrid::read(rest, u32::from(*width), count, &mut places)?;
        }
        let most = places.iter().copied().max().unwrap_or(0);
        (places.is_empty() || usize::try_from(most).ok()? < dictionary).then_some(places)
    }
}

fn present(levels: &[u32], max_definition: u32) -> usize {
    levels.iter().filter(|level| **level == max_definition).count()
}

/// Bits that the greatest of some numbers takes.
pub(super) const fn width(greatest: u32) -> u32 {
    u32::BITS - greatest.leading_zeros()
}

/// The values of a page, each as its bytes.
pub(super) enum Values<'a> {
    Plain(Plain),
    Listed { dictionary: &'a Dictionary, places: Vec<u32> },
}

impl Values<'_> {
    pub(super) fn value(&self, position: usize) -> &[u8] {
        match self {
            Self::Plain(plain) => plain.value(position),
            Self::Listed { dictionary, places } => dictionary.value(places[position]),
        }
    }

    /// Writes those that stay, in the same encoding.
    pub(super) fn put_kept(&self, cut: &Cut, out: &mut Vec<u8>) {
        match self {
            Self::Plain(plain) => plain.keep(cut.kept(), out),
            Self::Listed { dictionary, places } => {
                let mut left = Vec::with_capacity(cut.values_left());
                for run in cut.kept() {
                    left.extend_from_slice(&places[run]);
                }
                dictionary.renumber(&mut left);
                let width = dictionary.width();
                out.push(width.to_le_bytes()[0]);
                hybrid::write(&left, width, out);
            }
        }
    }
}
