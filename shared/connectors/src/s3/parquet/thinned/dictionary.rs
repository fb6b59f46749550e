//! The dictionary of a column chunk without the values that only rows that go have.

use bytes::Bytes;
use parquet::column::page::Page;

use super::super::chunk::Chunk;
use super::page::{Data, width};
use super::plain::{Layout, Plain, kept};

/// The values that are told by their places.
pub(super) struct Dictionary {
    values: Plain,
    bytes: Bytes,
    is_used: Vec<bool>,
    /// The new place of each value that is used; empty where all are.
    places: Vec<u32>,
    used: usize,
}

impl Dictionary {
    /// Reads the dictionary and which of its values are left; `Some(None)` for a chunk without one.
    pub(super) fn of(chunk: &Chunk<'_>, layout: Layout, max_definition: u32, gone: &[usize]) -> Option<Option<Self>> {
        if chunk.of.dictionary_page_offset().is_none() {
            return Some(None);
        }
        let mut pages = chunk.pages().ok()?;
        let Some(Ok(Page::DictionaryPage { buf, num_values, .. })) = pages.next() else { return None };
        let count = usize::try_from(num_values).ok()?;
        let values = Plain::of(buf.clone(), layout, count).filter(|_| layout != Layout::Bits)?;
        let (mut is_used, mut first, mut gone) = (vec![false; count], 0, gone);
        for page in pages {
            let data = Data::of(page.ok()?, max_definition)?;
            let (here, later) = gone.split_at(gone.partition_point(|row| *row < first + data.rows));
            if data.is_listed() {
                let cut = data.cut(first, here, max_definition);
                let places = data.places(cut.values, count)?;
                for run in cut.kept() {
                    for place in &places[run] {
                        is_used[*place as usize] = true;
                    }
                }
            }
            gone = later;
            first += data.rows;
        }
        let used = is_used.iter().filter(|it| **it).count();
        // A dictionary of nothing is no dictionary.
        if used == 0 {
            return None;
        }
        let places = if used == count { Vec::new() } else { renumbered(&is_used)? };
        Some(Some(Self { values, bytes: buf, is_used, places, used }))
    }

    /// Values before anything went.
    pub(super) const fn count(&self) -> usize {
        self.is_used.len()
    }

    /// Values that are left.
    pub(super) const fn used(&self) -> usize {
        self.used
    }

    /// A value by its place before anything went.
    pub(super) fn value(&self, place: u32) -> &[u8] {
        self.values.value(place as usize)
    }

    /// The values that are left.
    pub(super) fn left(&self) -> impl Iterator<Item = &[u8]> {
        let used = self.is_used.iter().enumerate().filter(|(_, is_used)| **is_used);
        used.map(|(place, _)| self.values.value(place))
    }

    /// The values that are left, as they are written.
    pub(super) fn written(&self) -> Bytes {
        if self.places.is_empty() {
            return self.bytes.clone();
        }
        let unused = self.is_used.iter().enumerate().filter(|(_, is_used)| !**is_used);
        let unused: Vec<usize> = unused.map(|(place, _)| place).collect();
        let mut out = Vec::with_capacity(self.bytes.len());
        self.values.keep(kept(self.count(), &unused), &mut out);
        Bytes::from(out)
    }

    /// Places become those in what is left.
    pub(super) fn renumber(&self, places: &mut [u32]) {
        if !self.places.is_empty() {
            places.iter_mut().for_each(|place| *place = self.places[*place as usize]);
        }
    }

    /// Bits that a place takes.
    pub(super) fn width(&self) -> u32 {
        width(u32::try_from(self.used.saturating_sub(1)).unwrap_or(u32::MAX))
    }
}

fn renumbered(is_used: &[bool]) -> Option<Vec<u32>> {
    u32::try_from(is_used.len()).ok()?;
    let mut next = 0;
    let place = |is_used: &bool| {
        let place = next;
        next += u32::from(*is_used);
        place
    };
    Some(is_used.iter().map(place).collect())
}
