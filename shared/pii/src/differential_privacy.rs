//! Counts, sums and means with differential privacy: integer noise drawn exactly, and a budget that can't be overspent.
//!
//! No floating point touches the noise (Mironov 2012); timing of the sampling is not hidden.

mod answer;
mod ledger;
mod sample;

pub use answer::{Bounds, PrivacyError, Tally, count, mean, sum};
pub use ledger::{Cost, Ledger, Overspent};
pub use sample::{DiscreteGaussian, DiscreteLaplace, RandomBytes};
