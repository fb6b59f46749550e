//! Noisy answers about whole numbers: what each person can change at most decides the noise.
//! Amounts with fractions are given in their smallest unit, such as cents; whoever asks spends the cost first.

use super::ledger::Cost;
use super::sample::{DiscreteLaplace, RandomBytes};

const MICROS: u64 = 1_000_000;

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PrivacyError {
    /// The lower bound is above the upper.
    #[error("the lower bound is above the upper")]
    BoundsCrossed,
    /// A person with no row has nothing to protect.
    #[error("a person has at least one row")]
    NoRowsPerPerson,
    /// The noise would not fit into 64 bits.
    #[error("bounds, rows per person and epsilon ask for more noise than 64 bits hold")]
    NoiseTooLarge,
    /// Epsilon can't be divided between sum and count.
    #[error("epsilon is too small for two answers")]
    EpsilonTooSmall,
}

/// The range to which values are cut; chosen without looking at the data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    low: i64,
    high: i64,
}

impl Bounds {
    /// Both ends belong to it.
    ///
    /// # Errors
    /// The lower bound is above the upper.
    pub fn new(low: i64, high: i64) -> Result<Self, PrivacyError> {
        if low > high { Err(PrivacyError::BoundsCrossed) } else { Ok(Self { low, high }) }
    }

    /// The most that adding or removing one value changes a sum.
    fn reach(self) -> u64 {
        self.low.unsigned_abs().max(self.high.unsigned_abs())
    }
}

/// Values added up one by one, each cut to the bounds: what sums and means need of them, however many there are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// The exact sum: not to be shown.
    pub sum: i128,
    /// The exact count: not to be shown.
    pub count: u64,
}

impl Tally {
    /// Adds a value.
    pub fn add(&mut self, value: i64, bounds: Bounds) {
        self.sum = self.sum.saturating_add(i128::from(value.clamp(bounds.low, bounds.high)));
        self.count = self.count.saturating_add(1);
    }

    /// The tally of these values.
    #[must_use]
    pub fn of(values: &[i64], bounds: Bounds) -> Self {
        let mut tally = Self::default();
        values.iter().for_each(|value| tally.add(*value, bounds));
        tally
    }

    /// The sum with noise.
    ///
    /// # Errors
    /// No rows per person, or noise beyond 64 bits.
    pub fn noisy_sum(
        self,
        bounds: Bounds,
        rows_per_person: u32,
        cost: Cost,
        random: &mut dyn RandomBytes,
    ) -> Result<i128, PrivacyError> {
        let drawn = noise(bounds.reach(), rows_per_person, cost)?.map_or(0, |noise| noise.draw(random));
        Ok(self.sum.saturating_add(drawn))
    }

    /// The mean with noise, within the bounds: half of the cost goes to the sum, half to the count.
    ///
    /// # Errors
    /// As for the sum, and where the cost can't be halved.
    pub fn noisy_mean(
        self,
        bounds: Bounds,
        rows_per_person: u32,
        cost: Cost,
        random: &mut dyn RandomBytes,
    ) -> Result<f64, PrivacyError> {
        let (for_sum, for_count) = cost.halves().ok_or(PrivacyError::EpsilonTooSmall)?;
        let sum = self.noisy_sum(bounds, rows_per_person, for_sum, random)?;
        let count = count(self.count, rows_per_person, for_count, random)?.max(1);
        Ok((sum as f64 / count as f64).clamp(bounds.low as f64, bounds.high as f64))
    }
}

/// Noise for answers that one person changes by at most `reach` for each of their rows.
fn noise(reach: u64, rows_per_person: u32, cost: Cost) -> Result<Option<DiscreteLaplace>, PrivacyError> {
    if rows_per_person == 0 {
        return Err(PrivacyError::NoRowsPerPerson);
    }
    let change = reach.checked_mul(u64::from(rows_per_person)).and_then(|change| change.checked_mul(MICROS));
    Ok(DiscreteLaplace::new(change.ok_or(PrivacyError::NoiseTooLarge)?, cost.as_micros()))
}

/// The number of rows; may be negative, and cutting it at 0 afterwards costs nothing.
///
/// # Errors
/// No rows per person, or noise beyond 64 bits.
pub fn count(rows: u64, rows_per_person: u32, cost: Cost, random: &mut dyn RandomBytes) -> Result<i128, PrivacyError> {
    let drawn = noise(1, rows_per_person, cost)?.map_or(0, |noise| noise.draw(random));
    Ok(i128::from(rows).saturating_add(drawn))
}

/// The sum of the values, each cut to the bounds.
///
/// # Errors
/// No rows per person, or noise beyond 64 bits.
pub fn sum(
    values: &[i64],
    bounds: Bounds,
    rows_per_person: u32,
    cost: Cost,
    random: &mut dyn RandomBytes,
) -> Result<i128, PrivacyError> {
    Tally::of(values, bounds).noisy_sum(bounds, rows_per_person, cost, random)
}

/// The mean of the values within the bounds: half of the cost goes to the sum, half to the count.
///
/// The division and the cut to the bounds come after the noise and cost nothing.
///
/// # Errors
/// No rows per person, noise beyond 64 bits, or a cost that can't be divided.
pub fn mean(
    values: &[i64],
    bounds: Bounds,
    rows_per_person: u32,
    cost: Cost,
    random: &mut dyn RandomBytes,
) -> Result<f64, PrivacyError> {
    Tally::of(values, bounds).noisy_mean(bounds, rows_per_person, cost, random)
}

#[cfg(test)]
mod tests {
    use super::super::sample::tests::Seeded;
    use super::*;

    #[test]
    fn answers_are_near_and_never_the_same_noise() {
        let cost = Cost::epsilon(1.0).unwrap();
        let values: Vec<i64> = (0..10_000).map(|value| value % 100).collect();
        let bounds = Bounds::new(0, 99).unwrap();
        let mut random = Seeded(5);
        let counts: Vec<i128> = (0..50).map(|_| count(10_000, 1, cost, &mut random).unwrap()).collect();
        assert!(counts.iter().all(|count| (count - 10_000).abs() < 30));
        assert!(counts.iter().any(|count| *count != counts[0]));
        assert!((sum(&values, bounds, 1, cost, &mut random).unwrap() - 495_000).abs() < 3000);
        assert!((mean(&values, bounds, 1, cost, &mut random).unwrap() - 49.5).abs() < 1.0);
    }

    #[test]
    fn one_person_moves_a_sum_by_no_more_than_the_bounds() {
        let bounds = Bounds::new(-10, 20).unwrap();
        let cost = Cost::epsilon(2.0).unwrap();
        let ask = |values: &[i64]| sum(values, bounds, 1, cost, &mut Seeded(9)).unwrap();
        assert_eq!(ask(&[5, i64::MAX]) - ask(&[5]), 20);
        assert_eq!(ask(&[5, i64::MIN]) - ask(&[5]), -10);
    }

    #[test]
    fn impossible_questions_are_refused() {
        let cost = Cost::micros(1).unwrap();
        let random = &mut Seeded(1);
        assert_eq!(Bounds::new(2, 1), Err(PrivacyError::BoundsCrossed));
        assert_eq!(count(1, 0, cost, random), Err(PrivacyError::NoRowsPerPerson));
        let wide = Bounds::new(i64::MIN, i64::MAX).unwrap();
        assert_eq!(sum(&[1], wide, 1, cost, random), Err(PrivacyError::NoiseTooLarge));
        assert_eq!(mean(&[1], Bounds::new(0, 1).unwrap(), 1, cost, random), Err(PrivacyError::EpsilonTooSmall));
        let none = Bounds::new(0, 5).unwrap();
        assert!((0.0..=5.0).contains(&mean(&[], none, 1, Cost::epsilon(1.0).unwrap(), random).unwrap()));
    }
}
