//! The demands on the sensitive values of a class, asked for the cells of one division.

use crate::anonymity::cells::{Cells, Histograms};
use crate::anonymity::column::Column;
use crate::anonymity::diversity::Whole;
use crate::anonymity::policy::Policy;
use crate::anonymity::verify::missed;

/// The sensitive columns, counted per cell; empty if the policy does not speak of them.
pub(super) struct Demands<'a> {
    policy: &'a Policy,
    watched: Vec<Watched>,
}

struct Watched {
    whole: Whole,
    per_cell: Histograms,
    counter: Counter,
}

/// Adds up the values of some cells.
struct Counter {
    counts: Vec<u32>,
    values: Vec<u32>,
    pairs: Vec<(u32, u32)>,
}

impl Counter {
    fn pairs(&mut self, per_cell: &Histograms, cells: &[u32]) -> &[(u32, u32)] {
        for cell in cells {
            for (value, count) in per_cell.of(*cell) {
                let sum = &mut self.counts[*value as usize];
                if *sum == 0 {
                    self.values.push(*value);
                }
                *sum += count;
            }
        }
        self.values.sort_unstable();
        self.pairs.clear();
        for value in self.values.drain(..) {
            self.pairs.push((value, std::mem::take(&mut self.counts[value as usize])));
        }
        &self.pairs
    }
}

impl<'a> Demands<'a> {
    pub(super) fn new(policy: &'a Policy, sensitive: &[Column], cells: &Cells) -> Self {
        let columns = if policy.l.is_some() || policy.t.is_some() { sensitive } else { &[] };
        let watched = columns.iter().map(|column| {
            let whole = Whole::of(column);
            let counter = Counter { counts: vec![0; whole.values()], values: Vec::new(), pairs: Vec::new() };
            Watched { whole, per_cell: Histograms::count(&cells.of_row, cells.weights.len(), &column.codes), counter }
        });
        Self { policy, watched: watched.collect() }
    }

    /// Which demand these cells as one class would miss.
    pub(super) fn missed_by(&mut self, cells: &[u32]) -> Option<&'static str> {
        let Self { policy, watched } = self;
        watched
            .iter_mut()
            .find_map(|column| missed(policy, &column.whole, column.counter.pairs(&column.per_cell, cells)))
    }

    /// Whether both sides of a division are fine; the smaller one is asked first, for it fails more often.
    pub(super) fn both_hold(&mut self, cells: &[u32], middle: usize) -> bool {
        if self.watched.is_empty() {
            return true;
        }
        let (left, right) = cells.split_at(middle);
        let (smaller, larger) = if left.len() < right.len() { (left, right) } else { (right, left) };
        self.missed_by(smaller).is_none() && self.missed_by(larger).is_none()
    }
}
