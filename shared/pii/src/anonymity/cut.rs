//! Where one class may be divided: the values of each column counted, and the division that saves most information.

use super::cells::Cells;
use super::column::Column;

/// A division of a class by one column.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cut {
    /// Which column.
    pub(super) column: usize,
    /// The values before this place in the column's order go to the left.
    pub(super) place: usize,
    /// The information saved, in rows times share of the domain.
    pub(super) gain: f64,
}

/// The values present in one class, per column, in the order in which they are divided.
#[derive(Debug)]
pub(super) struct Present {
    /// Rows per code; zero for all codes between two classes.
    counts: Vec<Vec<u32>>,
    /// The codes of the class: numbers ascending, categories by frequency, names of a hierarchy together.
    orders: Vec<Vec<u32>>,
    rows: u64,
}

impl Present {
    pub(super) fn new(columns: &[Column]) -> Self {
        Self {
            counts: columns.iter().map(|column| vec![0; column.labels.len()]).collect(),
            orders: vec![Vec::new(); columns.len()],
            rows: 0,
        }
    }

    /// Counts the rows of `members` and forgets the class before.
    pub(super) fn count(&mut self, cells: &Cells, members: &[u32]) {
        for (counts, order) in self.counts.iter_mut().zip(&mut self.orders) {
            for code in order.drain(..) {
                counts[code as usize] = 0;
            }
        }
        self.rows = 0;
        for cell in members {
            let weight = cells.weights[*cell as usize];
            self.rows += u64::from(weight);
            for ((counts, order), code) in self.counts.iter_mut().zip(&mut self.orders).zip(cells.codes_of(*cell)) {
                let count = &mut counts[*code as usize];
                if *count == 0 {
                    order.push(*code);
                }
                *count += weight;
            }
        }
    }

    /// The rows counted.
    pub(super) fn rows(&self) -> u64 {
        self.rows
    }

    /// The codes of one column in their order.
    pub(super) fn order(&self, column: usize) -> &[u32] {
        &self.orders[column]
    }

    /// The rows with one value.
    pub(super) fn rows_with(&self, column: usize, code: u32) -> u64 {
        u64::from(self.counts[column][code as usize])
    }

    /// Brings the codes of every column into the order in which they are divided.
    pub(super) fn arrange(&mut self, columns: &[Column]) {
        for ((column, counts), order) in columns.iter().zip(&self.counts).zip(&mut self.orders) {
            if order.len() < 2 {
                continue;
            }
            if column.numbers.is_some() {
                sort_codes(order, counts);
            } else if let Some(tree) = &column.tree {
                let below = tree.meeting_level(order).saturating_sub(1);
                order.sort_unstable_by_key(|code| (tree.node(*code, below), *code));
                let mut groups: Vec<(u64, Vec<u32>)> = order
                    .chunk_by(|a, b| tree.node(*a, below) == tree.node(*b, below))
                    .map(|group| (group.iter().map(|code| u64::from(counts[*code as usize])).sum(), group.to_vec()))
                    .collect();
                groups.sort_by_key(|(rows, _)| std::cmp::Reverse(*rows));
                order.clear();
                order.extend(groups.into_iter().flat_map(|(_, group)| group));
            } else {
                order.sort_unstable_by_key(|code| (std::cmp::Reverse(counts[*code as usize]), *code));
            }
        }
    }

    /// The share of the domain that the class leaves open in a column.
    pub(super) fn width(&self, column: &Column, index: usize) -> f64 {
        self.width_of(column, &self.orders[index])
    }

    /// The width of some codes in the order of the column.
    pub(super) fn width_of(&self, column: &Column, codes: &[u32]) -> f64 {
        let (Some(first), Some(last)) = (codes.first(), codes.last()) else { return 0.0 };
        if column.numbers.is_some() {
            return column.range_width(*first, *last);
        }
        match &column.tree {
            Some(tree) => tree.width(tree.node(*first, tree.meeting_level(codes))),
            None => column.set_width(codes.len()),
        }
    }

    /// The best division of each column with at least `k` rows on both sides, the best column first.
    pub(super) fn cuts(&self, columns: &[Column], k: u64, cuts: &mut Vec<Cut>) {
        cuts.clear();
        for (index, column) in columns.iter().enumerate() {
            cuts.extend(self.best_cut(column, index, k));
        }
        cuts.sort_by(|a, b| b.gain.total_cmp(&a.gain).then(a.column.cmp(&b.column)));
    }

    fn best_cut(&self, column: &Column, index: usize, k: u64) -> Option<Cut> {
        let order = &self.orders[index];
        if order.len() < 2 {
            return None;
        }
        let whole = self.width(column, index) * self.rows as f64;
        let mut best: Option<(Cut, u64)> = None;
        let mut left = 0;
        for place in 1..order.len() {
            left += self.rows_with(index, order[place - 1]);
            let right = self.rows - left;
            if right < k {
                break;
            }
            if left < k || !is_between_groups(column, order, place) {
                continue;
            }
            let (before, after) = order.split_at(place);
            let kept = self.width_of(column, before) * left as f64 + self.width_of(column, after) * right as f64;
            let cut = Cut { column: index, place, gain: whole - kept };
            // Of two equally good divisions the more even one leaves more to divide.
            let smaller = left.min(right);
            if best.is_none_or(|(other, even)| cut.gain > other.gain || (cut.gain >= other.gain && smaller > even)) {
                best = Some((cut, smaller));
            }
        }
        best.map(|(cut, _)| cut)
    }
}

/// Ascending; by a walk over the domain where most of it is present.
fn sort_codes(order: &mut Vec<u32>, counts: &[u32]) {
    if order.len() > 64 && order.len() > counts.len() / 16 {
        order.clear();
        order.extend((0_u32..).zip(counts).filter(|(_, count)| **count > 0).map(|(code, _)| code));
    } else {
        order.sort_unstable();
    }
}

/// Whether no name of the hierarchy would be torn by a division at `place`.
fn is_between_groups(column: &Column, order: &[u32], place: usize) -> bool {
    let Some(tree) = &column.tree else { return true };
    let below = tree.meeting_level(order).saturating_sub(1);
    tree.node(order[place - 1], below) != tree.node(order[place], below)
}
