//! Mondrian (`LeFevre` et al. 2006): the data set is divided again and again as long as both halves fulfil the policy.
//! Each division is the one that saves most information; the classes go to `classes` to be checked and published.

mod classes;
mod demands;
mod lines;

use super::cells::Cells;
use super::check::equal_rows;
use super::column::Column;
use super::cut::{Cut, Present, Varied};
use super::error::AnonymityError;
use super::policy::{Cutting, Policy};
use super::release::Release;
use classes::Classes;
use demands::Demands;
use lines::Lines;

/// Divides the rows into classes that fulfil `policy`, widens the quasi-identifiers, and checks the result.
///
/// # Errors
/// A policy out of range, fewer rows than k, or a policy that even the whole data set misses.
pub fn anonymize(quasi: &[Column], sensitive: &[Column], policy: &Policy) -> Result<Release, AnonymityError> {
    let rows = equal_rows(quasi, sensitive)?;
    policy.check(rows, sensitive.len())?;
    let codes: Vec<&[u32]> = quasi.iter().map(|column| column.codes.as_slice()).collect();
    let cells = match policy.cutting {
        Cutting::Strict => Cells::for_cutting(&codes, rows)?,
        Cutting::Relaxed => Cells::one_per_row(&codes, rows)?,
    };
    let mut demands = Demands::new(policy, sensitive, &cells);
    let lines = Lines::new(&cells, quasi);
    if let Some(reason) = demands.missed_by(lines.ids(0..lines.len())) {
        return Err(AnonymityError::Unreachable { reason });
    }
    let mut division = Division {
        cells: &cells,
        quasi,
        policy,
        demands,
        present: Present::new(quasi),
        lines,
        goes_left: quasi.iter().map(|column| vec![false; column.labels.len()]).collect(),
        suppressible: suppressible(policy, rows),
        classes: Classes::default(),
    };
    division.run();
    division.classes.release(&cells, quasi, sensitive, policy)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a share between 0 and 1 of the rows, checked by the policy"
)]
fn suppressible(policy: &Policy, rows: usize) -> u64 {
    (policy.suppression_limit * rows as f64) as u64
}

struct Division<'a> {
    cells: &'a Cells,
    quasi: &'a [Column],
    policy: &'a Policy,
    demands: Demands<'a>,
    present: Present,
    /// The cells, class by class.
    lines: Lines,
    goes_left: Vec<Vec<bool>>,
    /// How many more rows may lose everything.
    suppressible: u64,
    classes: Classes,
}

impl Division<'_> {
    fn run(&mut self) {
        let mut open = vec![(0, self.lines.len(), Varied::ALL)];
        let mut cuts = Vec::new();
        while let Some((start, end, varied)) = open.pop() {
            let (words, weights) = (self.lines.words(start..end), self.lines.weights(start..end));
            let rows: u64 = weights.iter().map(|weight| u64::from(*weight)).sum();
            if rows < 2 * self.policy.k as u64 && self.suppressible == 0 {
                self.close(start, end, rows);
                continue;
            }
            let varied = self.present.count(&self.cells.fields, words, weights, varied);
            self.present.arrange(self.quasi);
            let middle = self
                .strict_cut(start, end, &mut cuts)
                .or_else(|| self.relaxed_cut(start, end))
                .map(|middle| (middle, true))
                .or_else(|| self.suppressing_cut(start, end).map(|middle| (middle, false)));
            match middle {
                Some((middle, is_class)) => {
                    open.push((start, middle, varied));
                    if is_class {
                        open.push((middle, end, varied));
                    } else {
                        self.classes.suppress(self.lines.ids(middle..end));
                    }
                }
                None => self.close(start, end, rows),
            }
        }
    }

    /// Ends a class.
    fn close(&mut self, start: usize, end: usize, rows: u64) {
        let all = start..end;
        let members = (self.lines.ids(all.clone()), self.lines.words(all));
        self.classes.close(members, &self.cells.fields, rows, self.quasi);
    }

    fn strict_cut(&mut self, start: usize, end: usize, cuts: &mut Vec<Cut>) -> Option<usize> {
        let k = self.policy.k as u64;
        if self.present.rows() < 2 * k {
            return None;
        }
        self.present.cuts(self.quasi, k, cuts);
        for cut in cuts.iter() {
            let middle = self.part(start, end, cut.column, cut.place);
            if self.demands.both_hold(self.lines.ids(start..end), middle - start) {
                return Some(middle);
            }
        }
        None
    }

    /// Brings the cells whose value stands before `place` to the front and returns where the others begin.
    fn part(&mut self, start: usize, end: usize, column: usize, place: usize) -> usize {
        let left = &self.present.order(column)[..place];
        let goes_left = &mut self.goes_left[column];
        for code in left {
            goes_left[*code as usize] = true;
        }
        let middle = self.lines.part(start..end, self.cells.fields[column], goes_left);
        for code in left {
            goes_left[*code as usize] = false;
        }
        middle
    }

    /// Halves the rows along the widest column, whatever their values, if that narrows either half.
    fn relaxed_cut(&mut self, start: usize, end: usize) -> Option<usize> {
        let k = self.policy.k as u64;
        if self.policy.cutting == Cutting::Strict || self.present.rows() < 2 * k {
            return None;
        }
        let widths = self.quasi.iter().enumerate().map(|(index, column)| (index, self.present.width(column, index)));
        let (widest, width) = widths.max_by(|a, b| a.1.total_cmp(&b.1))?;
        let values = self.present.order(widest);
        let middle = start + (end - start) / 2;
        let mut reached = 0;
        let before = values.iter().position(|code| {
            reached += self.present.rows_with(widest, *code);
            reached >= (middle - start) as u64
        })?;
        let narrowed = self.present.width_of(&self.quasi[widest], &values[..=before]) < width
            || self.present.width_of(&self.quasi[widest], &values[before..]) < width;
        if width <= 0.0 || !narrowed {
            return None;
        }
        let mut rank = vec![0_usize; self.quasi[widest].labels.len()];
        for (place, code) in values.iter().enumerate() {
            rank[*code as usize] = place;
        }
        self.lines.sort(start..end, self.cells.fields[widest], &rank, self.cells);
        self.demands.both_hold(self.lines.ids(start..end), middle - start).then_some(middle)
    }

    /// Takes out fewer than k rows of rare values where the others gain more than these lose.
    fn suppressing_cut(&mut self, start: usize, end: usize) -> Option<usize> {
        let most = self.suppressible.min(self.policy.k as u64 - 1);
        let least_left = self.policy.k as u64;
        let rows = self.present.rows();
        if most == 0 || rows <= least_left {
            return None;
        }
        let widths: Vec<f64> =
            self.quasi.iter().enumerate().map(|(index, column)| self.present.width(column, index)).collect();
        let lost_per_row: f64 = widths.iter().map(|width| 1.0 - width).sum();
        let mut best: Option<Cut> = None;
        for (index, column) in self.quasi.iter().enumerate() {
            let values = self.present.order(index);
            let mut out = 0;
            for place in (1..values.len()).rev() {
                out += self.present.rows_with(index, values[place]);
                if out > most || rows - out < least_left {
                    break;
                }
                let narrowed = widths[index] - self.present.width_of(column, &values[..place]);
                let gain = narrowed * (rows - out) as f64 - lost_per_row * out as f64;
                if gain > best.map_or(0.0, |cut| cut.gain) {
                    best = Some(Cut { column: index, place, gain });
                }
            }
        }
        let cut = best?;
        let middle = self.part(start, end, cut.column, cut.place);
        if self.demands.missed_by(self.lines.ids(start..middle)).is_some() {
            return None;
        }
        let out = self.lines.weights(middle..end).iter().map(|weight| u64::from(*weight)).sum();
        self.suppressible = self.suppressible.saturating_sub(out);
        Some(middle)
    }
}
