//! Rows with the same codes become one cell with a weight; nothing here knows what a code means.

use super::error::AnonymityError;

/// Rows that are looked at to tell whether grouping is worth its time.
const SAMPLE: usize = 1 << 14;

/// Where the code of one column stands in the words of a row.
#[derive(Debug, Clone, Copy)]
pub(super) struct Field {
    word: usize,
    shift: u32,
    mask: u64,
}

impl Field {
    /// The code in the words of a row.
    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "a code has 32 bits at most")]
    pub(super) fn of(self, words: &[u64]) -> usize {
        ((words[self.word] >> self.shift) & self.mask) as usize
    }
}

/// Rows grouped by their codes, in order of first appearance.
#[derive(Debug)]
pub(super) struct Cells {
    /// How many words a cell has.
    pub(super) stride: usize,
    /// Where each column stands in them.
    pub(super) fields: Vec<Field>,
    /// The codes, packed, cell after cell.
    pub(super) words: Vec<u64>,
    /// How many rows each cell holds.
    pub(super) weights: Vec<u32>,
    /// The cell of each row.
    pub(super) of_row: Vec<u32>,
}

impl Cells {
    /// Groups equal rows of columns of equal length.
    pub(super) fn group(columns: &[&[u32]], rows: usize) -> Result<Self, AnonymityError> {
        let all = Self::one_per_row(columns, rows)?;
        let is_sparse = all.is_nearly_distinct();
        Ok(all.grouped(is_sparse))
    }

    /// Groups equal rows where there are enough of them; what comes out of strict cuts is the same.
    pub(super) fn for_cutting(columns: &[&[u32]], rows: usize) -> Result<Self, AnonymityError> {
        let all = Self::one_per_row(columns, rows)?;
        Ok(if all.is_nearly_distinct() { all } else { all.grouped(false) })
    }

    /// Makes every row a cell of its own.
    pub(super) fn one_per_row(columns: &[&[u32]], rows: usize) -> Result<Self, AnonymityError> {
        // One is kept free: tables store cell + 1.
        let all = u32::try_from(rows).ok().filter(|all| *all < u32::MAX).ok_or(AnonymityError::TooLarge)?;
        let (fields, stride) = layout(columns);
        let mut words = vec![0; rows * stride];
        for (field, column) in fields.iter().zip(columns) {
            for (cell, code) in words.chunks_exact_mut(stride).zip(*column) {
                cell[field.word] |= u64::from(*code) << field.shift;
            }
        }
        Ok(Self { stride, fields, words, weights: vec![1; rows], of_row: (0..all).collect() })
    }

    /// The words of a cell.
    pub(super) fn words_of(&self, cell: u32) -> &[u64] {
        &self.words[cell as usize * self.stride..(cell as usize + 1) * self.stride]
    }

    /// Whether hardly two of some rows from all over the set are equal.
    fn is_nearly_distinct(&self) -> bool {
        let rows = self.weights.len();
        if rows <= SAMPLE {
            return false;
        }
        let step = rows / SAMPLE;
        let mut hashes: Vec<u64> = self.words.chunks_exact(self.stride).step_by(step).map(hash_of).collect();
        let looked_at = hashes.len();
        hashes.sort_unstable();
        hashes.dedup();
        hashes.len() * 50 > looked_at * 49
    }

    /// Brings equal rows together; `is_sparse` says that nearly all of them differ.
    fn grouped(self, is_sparse: bool) -> Self {
        let (rows, stride) = (self.weights.len(), self.stride);
        let (words, weights, of_row) = (Vec::new(), Vec::new(), Vec::with_capacity(rows));
        let mut cells = Self { stride, fields: self.fields, words, weights, of_row };
        let mut table = Table(vec![0; if is_sparse { (rows * 2).next_power_of_two() } else { 4096 }]);
        for key in self.words.chunks_exact(stride) {
            if cells.weights.len() * 2 >= table.0.len() {
                table = Table::over(&cells, table.0.len() * 4);
            }
            let cell = match table.find(&cells, key) {
                Ok(cell) => cell,
                Err((slot, entry)) => {
                    let cell = cells.add(key);
                    table.0[slot] = entry | (u64::from(cell) + 1);
                    cell
                }
            };
            cells.weights[cell as usize] += 1;
            cells.of_row.push(cell);
        }
        cells
    }

    fn add(&mut self, key: &[u64]) -> u32 {
        let cell = u32::try_from(self.weights.len()).expect("there are no more cells than rows, which were counted");
        self.words.extend_from_slice(key);
        self.weights.push(0);
        cell
    }
}

/// Open addressing: the upper half of an entry is that of the hash, the lower one the cell and one more.
struct Table(Vec<u64>);

impl Table {
    fn over(cells: &Cells, slots: usize) -> Self {
        let mut table = Self(vec![0; slots]);
        for (entry, key) in (1_u64..).zip(cells.words.chunks_exact(cells.stride)) {
            let hash = hash_of(key);
            let mut slot = table.slot_of(hash);
            while table.0[slot] != 0 {
                slot = (slot + 1) & (slots - 1);
            }
            table.0[slot] = (hash & TAG) | entry;
        }
        table
    }

    /// The cell with this key, or where its entry belongs and the upper half of it.
    #[inline]
    fn find(&self, cells: &Cells, key: &[u64]) -> Result<u32, (usize, u64)> {
        let hash = hash_of(key);
        let mut slot = self.slot_of(hash);
        loop {
            let entry = self.0[slot];
            if entry == 0 {
                return Err((slot, hash & TAG));
            }
            let cell = (entry & !TAG) as u32 - 1;
            if entry & TAG == hash & TAG && cells.words_of(cell) == key {
                return Ok(cell);
            }
            slot = (slot + 1) & (self.0.len() - 1);
        }
    }

    fn slot_of(&self, hash: u64) -> usize {
        // A power of two, so that the low bits of the hash name a slot.
        usize::try_from(hash & 0xFFFF_FFFF).map_or(0, |low| low & (self.0.len() - 1))
    }
}

const TAG: u64 = 0xFFFF_FFFF_0000_0000;

#[inline]
fn hash_of(key: &[u64]) -> u64 {
    let mut hash = 0x243F_6A88_85A3_08D3_u64;
    for word in key {
        let mixed = (hash ^ word).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        hash = (mixed ^ (mixed >> 32)).wrapping_mul(0xD6E8_FEB8_6659_FD93);
    }
    hash ^ (hash >> 32)
}

/// Columns side by side in words of 64 bits, none of them in two words.
fn layout(columns: &[&[u32]]) -> (Vec<Field>, usize) {
    let (mut word, mut used) = (0, 0);
    let fields = columns.iter().map(|column| {
        let bits = u32::BITS - column.iter().copied().max().unwrap_or(0).leading_zeros();
        if used + bits > u64::BITS {
            (word, used) = (word + 1, 0);
        }
        // A column of one value has no bits, and must not be shifted out of its word.
        let field = Field { word, shift: used % u64::BITS, mask: (1 << bits) - 1 };
        used += bits;
        field
    });
    (fields.collect(), word + 1)
}

/// How often each value of one sensitive column stands in each group.
#[derive(Debug)]
pub(super) struct Histograms {
    starts: Vec<u32>,
    /// Value and count, ascending by value within a group.
    pairs: Vec<(u32, u32)>,
}

impl Histograms {
    /// Counts `values` by the group of their row; rows whose group is not below `groups` are left out.
    pub(super) fn count(of_row: &[u32], groups: usize, values: &[u32]) -> Self {
        let mut ends = vec![0_u32; groups + 1];
        for group in of_row.iter().filter(|group| (**group as usize) < groups) {
            ends[*group as usize + 1] += 1;
        }
        for group in 0..groups {
            ends[group + 1] += ends[group];
        }
        let mut sorted = vec![0_u32; ends[groups] as usize];
        let mut next = ends.clone();
        for (group, value) in of_row.iter().zip(values).filter(|(group, _)| (**group as usize) < groups) {
            let place = &mut next[*group as usize];
            sorted[*place as usize] = *value;
            *place += 1;
        }
        let (mut starts, mut pairs) = (Vec::with_capacity(groups + 1), Vec::new());
        starts.push(0);
        for group in 0..groups {
            let own = &mut sorted[ends[group] as usize..ends[group + 1] as usize];
            own.sort_unstable();
            pairs.extend(own.chunk_by(|a, b| a == b).map(|run| {
                (run[0], u32::try_from(run.len()).expect("a group has no more rows than the set, which were counted"))
            }));
            starts.push(u32::try_from(pairs.len()).expect("there are no more pairs than rows, which were counted"));
        }
        Self { starts, pairs }
    }

    /// The values of a group, ascending, with their counts.
    pub(super) fn of(&self, group: u32) -> &[(u32, u32)] {
        &self.pairs[self.starts[group as usize] as usize..self.starts[group as usize + 1] as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_rows_share_a_cell_through_every_growth_of_the_table() {
        let first: Vec<u32> = (0..50_000).map(|row| row % 20_000).collect();
        let second: Vec<u32> = first.iter().map(|code| code / 7).collect();
        let cells = Cells::group(&[&first, &second], first.len()).unwrap();
        assert_eq!(cells.weights.len(), 20_000);
        assert!(cells.of_row.iter().zip(&first).all(|(cell, code)| cell == code));
        assert_eq!(cells.weights.iter().sum::<u32>(), 50_000);
    }

    #[test]
    fn codes_of_any_size_come_out_of_their_words() {
        let columns: [Vec<u32>; 5] =
            [vec![u32::MAX, 0, 7], vec![0, 0, 0], vec![5, 1 << 31, 2], vec![1, 0, 1], vec![9, 9, 8]];
        let codes: Vec<&[u32]> = columns.iter().map(Vec::as_slice).collect();
        let cells = Cells::one_per_row(&codes, 3).unwrap();
        assert_eq!(cells.stride, 2);
        for row in 0..3_u32 {
            for (field, column) in cells.fields.iter().zip(&columns) {
                assert_eq!(field.of(cells.words_of(row)), column[row as usize] as usize);
            }
        }
    }

    #[test]
    fn nearly_distinct_rows_are_cut_as_they_are_and_counted_as_groups() {
        let column: Vec<u32> = (0..40_000).map(|row| if row % 1000 == 1 { 0 } else { row }).collect();
        let cells = Cells::for_cutting(&[&column], column.len()).unwrap();
        assert_eq!(cells.weights.len(), 40_000);
        assert_eq!(Cells::group(&[&column], column.len()).unwrap().weights.len(), 39_960);
    }

    #[test]
    fn histograms_count_by_group() {
        let histograms = Histograms::count(&[1, 0, 1, 9, 1], 2, &[5, 7, 4, 1, 5]);
        assert_eq!((histograms.of(0), histograms.of(1)), (&[(7, 1)][..], &[(4, 1), (5, 2)][..]));
    }
}
