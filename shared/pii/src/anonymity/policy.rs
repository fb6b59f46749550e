//! What a release has to fulfil.

use super::error::AnonymityError;

/// How rows with the same value may be divided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cutting {
    /// Rows with the same quasi-identifiers stay together.
    Strict,
    /// Where no strict cut is left, rows with the same value may go to both sides; classes come closer to k.
    Relaxed,
}

/// How varied the sensitive values of a class have to be (Machanavajjhala et al. 2007).
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Diversity {
    /// At least so many different values.
    Distinct(usize),
    /// An entropy of at least that of so many equally frequent values.
    Entropy(f64),
}

/// The demands on every class of a release.
#[derive(Debug, Clone, PartialEq)]
pub struct Policy {
    /// The smallest class (Sweeney 2002).
    pub k: usize,
    /// The diversity of each sensitive column.
    pub l: Option<Diversity>,
    /// The greatest distance of a class's sensitive values from those of the whole (Li et al. 2007).
    pub t: Option<f64>,
    /// How rows with equal values may be divided.
    pub cutting: Cutting,
    /// The greatest share of rows that may lose all their quasi-identifiers so that others keep more.
    pub suppression_limit: f64,
}

impl Policy {
    /// k-anonymity alone, strict, without suppression.
    #[must_use]
    pub fn k(k: usize) -> Self {
        Self { k, l: None, t: None, cutting: Cutting::Strict, suppression_limit: 0.0 }
    }

    pub(super) fn check(&self, rows: usize, sensitive: usize) -> Result<(), AnonymityError> {
        if self.k == 0 {
            return Err(AnonymityError::KIsZero);
        }
        if self.k > rows {
            return Err(AnonymityError::TooFewRows { k: self.k, rows });
        }
        let l_is_fine = match self.l {
            None => true,
            Some(Diversity::Distinct(l)) => l >= 1,
            Some(Diversity::Entropy(l)) => l.is_finite() && l >= 1.0,
        };
        if !l_is_fine {
            return Err(AnonymityError::LOutOfRange);
        }
        if self.t.is_some_and(|t| !(0.0..=1.0).contains(&t)) {
            return Err(AnonymityError::TOutOfRange);
        }
        if !(0.0..=1.0).contains(&self.suppression_limit) {
            return Err(AnonymityError::SuppressionOutOfRange);
        }
        if sensitive == 0 && (self.l.is_some() || self.t.is_some()) {
            return Err(AnonymityError::NoSensitiveColumn);
        }
        Ok(())
    }
}
