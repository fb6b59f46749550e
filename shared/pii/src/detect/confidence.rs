//! How sure a match is: a whole percent, so that it compares exactly and prints as it was set.

use serde::{Serialize, Serializer};

/// A confidence from 0 to 1 in steps of a hundredth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Confidence(u8);

impl Confidence {
    /// So many hundredths; more than 100 is 1.
    #[must_use]
    pub const fn percent(percent: u8) -> Self {
        Self(if percent > 100 { 100 } else { percent })
    }

    /// The value between 0 and 1.
    #[must_use]
    pub fn as_f64(self) -> f64 {
        f64::from(self.0) / 100.0
    }

    /// Raised by so many hundredths, at most to 0.99: nothing found by shape is certain.
    #[must_use]
    pub const fn raised(self, percent: u8) -> Self {
        let sum = self.0.saturating_add(percent);
        Self(if sum > 99 { 99 } else { sum })
    }

    /// Lowered by so many hundredths, at least to 0.
    #[must_use]
    pub const fn lowered(self, percent: u8) -> Self {
        Self(self.0.saturating_sub(percent))
    }
}

impl Serialize for Confidence {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.as_f64())
    }
}
