//! What a data set keeps as it stands: its k, l and t, whoever made it.

use super::cells::{Cells, Histograms};
use super::column::Column;
use super::diversity::{Whole, entropy};
use super::error::AnonymityError;

/// The promises that a data set keeps.
#[derive(Debug, Clone, PartialEq)]
pub struct Privacy {
    /// How many rows there are.
    pub rows: usize,
    /// How many groups of equal quasi-identifiers.
    pub classes: usize,
    /// The rows of the smallest group.
    pub k: usize,
    /// The fewest different sensitive values of a group; absent without a sensitive column.
    pub l: Option<usize>,
    /// The smallest entropy of a group, as the number of equally frequent values that have it.
    pub entropy_l: Option<f64>,
    /// The greatest distance of a group's sensitive values from those of the whole.
    pub t: Option<f64>,
}

/// Measures k, l and t of a data set as it stands.
///
/// # Errors
/// No quasi-identifier, columns of unequal length, or more than 4 billion rows.
pub fn measure(quasi: &[Column], sensitive: &[Column]) -> Result<Privacy, AnonymityError> {
    let rows = equal_rows(quasi, sensitive)?;
    let codes: Vec<&[u32]> = quasi.iter().map(|column| column.codes.as_slice()).collect();
    let cells = Cells::group(&codes, rows)?;
    Ok(privacy(&cells.of_row, &cells.weights, sensitive))
}

/// The number of rows, if all columns agree on it.
pub(super) fn equal_rows(quasi: &[Column], sensitive: &[Column]) -> Result<usize, AnonymityError> {
    let expected = quasi.first().ok_or(AnonymityError::NoQuasiIdentifier)?.codes.len();
    for column in quasi.iter().chain(sensitive) {
        let rows = column.codes.len();
        if rows != expected {
            return Err(AnonymityError::UnequalColumns { column: column.name.clone(), rows, expected });
        }
    }
    Ok(expected)
}

/// The promises kept by groups of rows; rows whose group has no weight here are not part of it.
pub(super) fn privacy(of_row: &[u32], weights: &[u32], sensitive: &[Column]) -> Privacy {
    let mut found = Privacy {
        rows: weights.iter().map(|weight| *weight as usize).sum(),
        classes: weights.len(),
        k: weights.iter().min().map_or(0, |least| *least as usize),
        l: None,
        entropy_l: None,
        t: None,
    };
    for column in sensitive {
        let whole = Whole::of(column);
        let histograms = Histograms::count(of_row, weights.len(), &column.codes);
        let (mut l, mut least_entropy, mut t) = (usize::MAX, f64::INFINITY, 0.0_f64);
        for group in (0_u32..).take(weights.len()) {
            let pairs = histograms.of(group);
            l = l.min(pairs.len());
            least_entropy = least_entropy.min(entropy(pairs));
            t = t.max(whole.distance(pairs));
        }
        if !weights.is_empty() {
            let (entropy_l, before) = (least_entropy.exp(), &found);
            found = Privacy {
                l: Some(before.l.map_or(l, |other| other.min(l))),
                entropy_l: Some(before.entropy_l.map_or(entropy_l, |other| other.min(entropy_l))),
                t: Some(before.t.map_or(t, |other| other.max(t))),
                ..found
            };
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::anonymity::Kind;

    #[test]
    fn a_small_table_has_the_figures_counted_by_hand() {
        let of = |name, texts: [&'static str; 6]| Column::of(name, &Kind::Categorical, texts.map(Some)).unwrap();
        let city = of("city", ["A", "A", "A", "B", "B", "B"]);
        let ill = of("ill", ["flu", "flu", "cold", "flu", "cold", "gout"]);
        let found = measure(&[city], &[ill]).unwrap();
        assert_eq!((found.rows, found.classes, found.k, found.l), (6, 2, 3, Some(2)));
        // Class A: flu 2/3 against 1/2; cold 1/3 against 1/3.
        assert!((found.t.unwrap() - 1.0 / 6.0).abs() < 1e-12);
        let entropy = -(2.0_f64 / 3.0) * (2.0_f64 / 3.0).ln() - (1.0_f64 / 3.0) * (1.0_f64 / 3.0).ln();
        assert!((found.entropy_l.unwrap() - entropy.exp()).abs() < 1e-12);
    }

    #[test]
    fn columns_of_unequal_length_are_refused() {
        let of = |texts: &[&'static str]| Column::of("x", &Kind::Categorical, texts.iter().copied().map(Some)).unwrap();
        assert!(matches!(measure(&[of(&["a"]), of(&[])], &[]), Err(AnonymityError::UnequalColumns { .. })));
        assert_eq!(measure(&[], &[]), Err(AnonymityError::NoQuasiIdentifier));
        assert_eq!(measure(&[of(&[])], &[]).unwrap().k, 0);
    }
}
