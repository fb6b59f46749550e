//! What a person wants corrected (GDPR Art. 16): which fields, and the value that is right. Sealed wherever it is stored.

use serde::{Deserialize, Serialize};

use crate::datum::Datum;

/// Corrections of one request.
pub const MOST_CORRECTIONS: usize = 20;
/// Characters of one value.
pub const LONGEST_VALUE: usize = 2_000;

/// Which fields a correction is about.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Corrected {
    /// One field, as `dataset.collection.field`.
    Field(String),
    /// Every field of exactly this data category, in the rows of the person.
    Category(String),
}

/// One value to be corrected, wherever there is a copy of it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Correction {
    /// Which fields.
    pub of: Corrected,
    /// The value that is right: a text, a number or a truth value.
    pub value: Datum,
}

impl std::fmt::Debug for Correction {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let of = match &self.of {
            Corrected::Field(name) | Corrected::Category(name) => name,
        };
        out.debug_struct("Correction").field("of", of).finish_non_exhaustive()
    }
}
