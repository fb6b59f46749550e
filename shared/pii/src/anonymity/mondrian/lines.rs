//! The cells in the order of their classes, each with its codes and rows beside it: what is looked at together lies together.

use std::ops::Range;

use crate::anonymity::cells::{Cells, Field};
use crate::anonymity::column::Column;

/// Domains up to this many values are put in order faster than they are kept in order.
const SMALL_DOMAIN: usize = 64;

/// Cells that are moved about as classes are divided.
#[derive(Debug)]
pub(super) struct Lines {
    stride: usize,
    ids: Vec<u32>,
    words: Vec<u64>,
    weights: Vec<u32>,
    /// Room for the cells that go to the right.
    spare: (Vec<u32>, Vec<u64>, Vec<u32>),
}

impl Lines {
    /// All cells, ascending by the numeric column with most values: divisions keep that order, so that it is made once.
    pub(super) fn new(cells: &Cells, quasi: &[Column]) -> Self {
        let numeric = quasi.iter().enumerate().filter(|(_, column)| column.numbers.is_some());
        let longest = numeric.max_by_key(|(_, column)| column.labels.len());
        let longest = longest.filter(|(_, column)| column.labels.len() > SMALL_DOMAIN);
        let ids: Vec<u32> = match longest {
            Some((index, column)) => ascending(cells, cells.fields[index], column.labels.len()),
            None => (0_u32..).take(cells.weights.len()).collect(),
        };
        let words = ids.iter().flat_map(|id| cells.words_of(*id)).copied().collect();
        let weights = ids.iter().map(|id| cells.weights[*id as usize]).collect();
        Self { stride: cells.stride, ids, words, weights, spare: Default::default() }
    }

    pub(super) fn len(&self) -> usize {
        self.ids.len()
    }

    pub(super) fn ids(&self, range: Range<usize>) -> &[u32] {
        &self.ids[range]
    }

    pub(super) fn words(&self, range: Range<usize>) -> &[u64] {
        &self.words[range.start * self.stride..range.end * self.stride]
    }

    pub(super) fn weights(&self, range: Range<usize>) -> &[u32] {
        &self.weights[range]
    }

    /// Brings the cells whose code goes left to the front, both sides in their order, and returns where the others begin.
    pub(super) fn part(&mut self, range: Range<usize>, field: Field, goes_left: &[bool]) -> usize {
        let (stride, count) = (self.stride, range.len());
        let (ids, weights) = (&mut self.ids[range.clone()], &mut self.weights[range.clone()]);
        let words = &mut self.words[range.start * stride..range.end * stride];
        let (spare_ids, spare_words, spare_weights) = &mut self.spare;
        for (spare, needed) in [(&mut *spare_ids, count), (&mut *spare_weights, count)] {
            spare.resize(spare.len().max(needed), 0);
        }
        spare_words.resize(spare_words.len().max(count * stride), 0);
        // Each cell is written to both sides, and stays on one: which one it is can't be foreseen by the processor.
        let (mut left, mut right) = (0, 0);
        for at in 0..count {
            let is_left = goes_left[field.of(&words[at * stride..(at + 1) * stride])];
            for word in 0..stride {
                let own = words[at * stride + word];
                words[left * stride + word] = own;
                spare_words[right * stride + word] = own;
            }
            let (id, weight) = (ids[at], weights[at]);
            (ids[left], weights[left]) = (id, weight);
            (spare_ids[right], spare_weights[right]) = (id, weight);
            left += usize::from(is_left);
            right += usize::from(!is_left);
        }
        ids[left..].copy_from_slice(&spare_ids[..right]);
        weights[left..].copy_from_slice(&spare_weights[..right]);
        words[left * stride..].copy_from_slice(&spare_words[..right * stride]);
        range.start + left
    }

    /// Puts cells in the order of their ranks, equal ones as they stood.
    pub(super) fn sort(&mut self, range: Range<usize>, field: Field, rank: &[usize], cells: &Cells) {
        self.ids[range.clone()].sort_by_key(|id| rank[field.of(cells.words_of(*id))]);
        for at in range {
            let id = self.ids[at];
            self.weights[at] = cells.weights[id as usize];
            self.words[at * self.stride..(at + 1) * self.stride].copy_from_slice(cells.words_of(id));
        }
    }
}

/// The cells by the code of one column, counted into their places.
fn ascending(cells: &Cells, field: Field, codes: usize) -> Vec<u32> {
    let mut places = vec![0_usize; codes + 1];
    for cell in cells.words.chunks_exact(cells.stride) {
        places[field.of(cell) + 1] += 1;
    }
    for code in 0..codes {
        places[code + 1] += places[code];
    }
    let mut ids = vec![0; cells.weights.len()];
    for (id, cell) in (0_u32..).zip(cells.words.chunks_exact(cells.stride)) {
        let place = &mut places[field.of(cell)];
        ids[*place] = id;
        *place += 1;
    }
    ids
}
