//! Where one class may be divided: the values of each column counted, and the division that saves most information.

use super::cells::Field;
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

/// Cells from which on a column of few codes is counted in several tables.
const MANY: usize = 256;
const FEW_CODES: usize = 64;

/// Counts in turn into four tables: the same code again and again would wait for itself.
fn count_few(counts: &mut [u32], order: &mut Vec<u32>, field: Field, (words, weights): (&[u64], &[u32])) {
    let mut tables = [[0_u32; FEW_CODES]; 4];
    let (words, last_words) = words.as_chunks::<4>();
    let (weights, last_weights) = weights.as_chunks::<4>();
    for (words, weights) in words.iter().zip(weights) {
        for ((table, word), weight) in tables.iter_mut().zip(words).zip(weights) {
            table[field.of(&[*word]) % FEW_CODES] += weight;
        }
    }
    for (word, weight) in last_words.iter().zip(last_weights) {
        tables[0][field.of(&[*word]) % FEW_CODES] += weight;
    }
    for (code, count) in (0_u32..).zip(counts) {
        *count = tables.iter().map(|table| table[code as usize]).sum();
        if *count > 0 {
            order.push(code);
        }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "codes are of 32 bits")]
fn count_any(counts: &mut [u32], order: &mut Vec<u32>, cells: impl Iterator<Item = (usize, u32)>) {
    for (code, weight) in cells {
        let count = &mut counts[code];
        if *count == 0 {
            order.push(code as u32);
        }
        *count += weight;
    }
}

/// The values present in one class, per column, in the order in which they are divided.
#[derive(Debug)]
pub(super) struct Present {
    /// Rows per code; zero for all codes between two classes.
    counts: Vec<Vec<u32>>,
    /// The codes of the class: numbers ascending, categories by frequency, names of a hierarchy together.
    orders: Vec<Vec<u32>>,
    rows: u64,
    /// Room to sort in.
    keys: Vec<u64>,
}

/// The columns in which a class may have more than one value; what is one value in a class is so in all its parts.
#[derive(Debug, Clone, Copy)]
pub(super) struct Varied(u64);

impl Varied {
    pub(super) const ALL: Self = Self(u64::MAX);

    /// Columns beyond the bits of a word always may.
    fn may(self, column: usize) -> bool {
        column >= u64::BITS as usize || self.0 >> column & 1 == 1
    }
}

impl Present {
    pub(super) fn new(columns: &[Column]) -> Self {
        Self {
            counts: columns.iter().map(|column| vec![0; column.labels.len()]).collect(),
            orders: vec![Vec::new(); columns.len()],
            rows: 0,
            keys: Vec::new(),
        }
    }

    /// Counts the rows of some cells, forgets the class before, and says which columns have more than one value.
    pub(super) fn count(&mut self, fields: &[Field], words: &[u64], weights: &[u32], varied: Varied) -> Varied {
        self.rows = weights.iter().map(|weight| u64::from(*weight)).sum();
        let stride = (words.len() / weights.len().max(1)).max(1);
        let mut still = 0;
        for (index, ((counts, order), field)) in self.counts.iter_mut().zip(&mut self.orders).zip(fields).enumerate() {
            for code in order.drain(..) {
                counts[code as usize] = 0;
            }
            if !varied.may(index) {
                let rows = u32::try_from(self.rows).expect("there are no more rows than were counted before");
                count_any(counts, order, words.chunks(stride).take(1).map(|cell| (field.of(cell), rows)));
            } else if stride > 1 {
                count_any(
                    counts,
                    order,
                    words.chunks_exact(stride).map(|cell| field.of(cell)).zip(weights.iter().copied()),
                );
            } else if weights.len() >= MANY && counts.len() <= FEW_CODES {
                count_few(counts, order, *field, (words, weights));
            } else {
                count_any(counts, order, words.iter().map(|word| field.of(&[*word])).zip(weights.iter().copied()));
            }
            if order.len() > 1 && index < u64::BITS as usize {
                still |= 1 << index;
            }
        }
        Varied(still)
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
                sort_by_frequency(order, counts, &mut self.keys);
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
        match (&column.numbers, &column.tree) {
            (Some(shares), _) => {
                let share = |code: u32| shares[code as usize];
                let (first, last) = (share(order[0]), share(order[order.len() - 1]));
                let widths = |place: usize| (share(order[place - 1]) - first, last - share(order[place]));
                self.best_place(index, k, last - first, |place| Some(widths(place)))
            }
            (None, None) => {
                let codes = order.len();
                let one = column.set_width(2);
                let widths = |place: usize| ((place - 1) as f64 * one, (codes - place - 1) as f64 * one);
                self.best_place(index, k, (codes - 1) as f64 * one, |place| Some(widths(place)))
            }
            (None, Some(_)) => {
                let widths = |place: usize| {
                    let (before, after) = order.split_at(place);
                    (self.width_of(column, before), self.width_of(column, after))
                };
                let divided = |place: usize| is_between_groups(column, order, place).then(|| widths(place));
                self.best_place(index, k, self.width(column, index), divided)
            }
        }
    }

    /// The place in the order of a column that saves most; `widths` are those of both sides, where it may be divided.
    fn best_place(
        &self,
        index: usize,
        k: u64,
        width: f64,
        widths: impl Fn(usize) -> Option<(f64, f64)>,
    ) -> Option<Cut> {
        let (order, counts) = (&self.orders[index], &self.counts[index]);
        let whole = width * self.rows as f64;
        let mut best: Option<(Cut, u64)> = None;
        let mut left = 0;
        for place in 1..order.len() {
            left += u64::from(counts[order[place - 1] as usize]);
            let right = self.rows - left;
            if right < k {
                break;
            }
            if left < k {
                continue;
            }
            let Some((before, after)) = widths(place) else { continue };
            let gain = whole - (before * left as f64 + after * right as f64);
            // Of two equally good divisions the more even one leaves more to divide.
            let smaller = left.min(right);
            if best.is_none_or(|(other, even)| gain > other.gain || (gain >= other.gain && smaller > even)) {
                best = Some((Cut { column: index, place, gain }, smaller));
            }
        }
        best.map(|(cut, _)| cut)
    }
}

/// The most frequent first, of equally frequent ones the lower.
#[expect(clippy::cast_possible_truncation, reason = "the lower half of a key is the code")]
fn sort_by_frequency(order: &mut [u32], counts: &[u32], keys: &mut Vec<u64>) {
    keys.clear();
    keys.extend(order.iter().map(|code| u64::from(u32::MAX - counts[*code as usize]) << 32 | u64::from(*code)));
    keys.sort_unstable();
    for (code, key) in order.iter_mut().zip(keys) {
        *code = *key as u32;
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
