//! What a release costs: the normalised certainty penalty and the discernibility metric.

use super::column::Column;
use super::span::Span;

/// The mean share of the domain left open, over all rows and quasi-identifiers; 0 is the original, 1 is nothing left.
///
/// Rows without a class count as 1 (Xu et al. 2006).
pub(super) fn certainty_penalty(quasi: &[Column], spans: &[Vec<Span>], sizes: &[usize], rows: usize) -> f64 {
    let mut lost = 0.0;
    for (column, spans) in quasi.iter().zip(spans) {
        lost += spans.iter().zip(sizes).map(|(span, size)| span.width(column) * *size as f64).sum::<f64>();
    }
    let classed: usize = sizes.iter().sum();
    lost += ((rows - classed) * quasi.len()) as f64;
    lost / (rows * quasi.len()) as f64
}

/// The sum of squared class sizes, and the whole for each row removed (Bayardo and Agrawal 2005).
pub(super) fn discernibility(sizes: &[usize], rows: usize) -> u128 {
    let classed: usize = sizes.iter().sum();
    let squares: u128 = sizes.iter().map(|size| (*size as u128).pow(2)).sum();
    squares + (rows - classed) as u128 * rows as u128
}
