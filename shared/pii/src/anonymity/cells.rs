//! Rows with the same codes become one cell with a weight; nothing here knows what a code means.

use super::error::AnonymityError;

/// Rows grouped by their codes, in order of first appearance.
#[derive(Debug)]
pub(super) struct Cells {
    /// How many codes a cell has.
    pub(super) stride: usize,
    /// The codes, cell after cell.
    pub(super) codes: Vec<u32>,
    /// How many rows each cell holds.
    pub(super) weights: Vec<u32>,
    /// The cell of each row.
    pub(super) of_row: Vec<u32>,
}

impl Cells {
    /// Groups equal rows of columns of equal length.
    pub(super) fn group(columns: &[&[u32]], rows: usize) -> Result<Self, AnonymityError> {
        let hashes = hash_rows(columns, rows)?;
        let mut cells =
            Self { stride: columns.len(), codes: Vec::new(), weights: Vec::new(), of_row: Vec::with_capacity(rows) };
        let mut table = vec![0_u32; 4096];
        let mut of_cell: Vec<u64> = Vec::new();
        for (row, hash) in hashes.iter().enumerate() {
            if cells.weights.len() * 2 >= table.len() {
                table = rebuilt(table.len() * 4, &of_cell);
            }
            let mut slot = slot_of(*hash, table.len());
            let cell = loop {
                let Some(cell) = table[slot].checked_sub(1) else {
                    let cell = cells.add(columns, row);
                    of_cell.push(*hash);
                    table[slot] = cell + 1;
                    break cell;
                };
                if of_cell[cell as usize] == *hash && cells.is_row(cell, columns, row) {
                    break cell;
                }
                slot = (slot + 1) % table.len();
            };
            cells.weights[cell as usize] += 1;
            cells.of_row.push(cell);
        }
        Ok(cells)
    }

    /// Makes every row a cell of its own.
    pub(super) fn one_per_row(columns: &[&[u32]], rows: usize) -> Result<Self, AnonymityError> {
        let all = u32::try_from(rows).map_err(|_| AnonymityError::TooLarge)?;
        let mut codes = vec![0; rows * columns.len()];
        for (index, column) in columns.iter().enumerate() {
            for (cell, code) in codes.chunks_exact_mut(columns.len()).zip(*column) {
                cell[index] = *code;
            }
        }
        Ok(Self { stride: columns.len(), codes, weights: vec![1; rows], of_row: (0..all).collect() })
    }

    /// The codes of a cell.
    pub(super) fn codes_of(&self, cell: u32) -> &[u32] {
        &self.codes[cell as usize * self.stride..(cell as usize + 1) * self.stride]
    }

    fn is_row(&self, cell: u32, columns: &[&[u32]], row: usize) -> bool {
        self.codes_of(cell).iter().zip(columns).all(|(code, column)| *code == column[row])
    }

    fn add(&mut self, columns: &[&[u32]], row: usize) -> u32 {
        let cell = u32::try_from(self.weights.len()).expect("there are no more cells than rows, which were counted");
        self.codes.extend(columns.iter().map(|column| column[row]));
        self.weights.push(0);
        cell
    }
}

fn hash_rows(columns: &[&[u32]], rows: usize) -> Result<Vec<u64>, AnonymityError> {
    // One is kept free: the table stores cell + 1.
    if u32::try_from(rows).map_err(|_| AnonymityError::TooLarge)? == u32::MAX {
        return Err(AnonymityError::TooLarge);
    }
    let mut hashes = vec![0x243F_6A88_85A3_08D3_u64; rows];
    for column in columns {
        for (hash, code) in hashes.iter_mut().zip(*column) {
            let mixed = (*hash ^ u64::from(*code)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
            *hash = mixed ^ (mixed >> 29);
        }
    }
    Ok(hashes)
}

fn slot_of(hash: u64, slots: usize) -> usize {
    // A power of two, so that the low bits of a whole number below 2^44 name a slot.
    usize::try_from(hash.wrapping_mul(0xD6E8_FEB8_6659_FD93) >> 20).map_or(0, |mixed| mixed & (slots - 1))
}

fn rebuilt(slots: usize, of_cell: &[u64]) -> Vec<u32> {
    let mut table = vec![0; slots];
    for (cell, hash) in (1_u32..).zip(of_cell) {
        let mut slot = slot_of(*hash, slots);
        while table[slot] != 0 {
            slot = (slot + 1) % slots;
        }
        table[slot] = cell;
    }
    table
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
    fn histograms_count_by_group() {
        let histograms = Histograms::count(&[1, 0, 1, 9, 1], 2, &[5, 7, 4, 1, 5]);
        assert_eq!((histograms.of(0), histograms.of(1)), (&[(7, 1)][..], &[(4, 1), (5, 2)][..]));
    }
}
