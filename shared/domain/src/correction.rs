//! What a person wants corrected (GDPR Art. 16): which fields, and the value that is right. Sealed wherever it is stored.

use serde::{Deserialize, Serialize};

use crate::datum::Datum;
use crate::hold::{Guard, GuardScope};
use crate::ids::TenantId;
use crate::key::TenantKey;
use crate::request::{Alias, IdentityKind};

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
    /// What the person is known by, wherever it is; the value that is right is normalised as well.
    Identity {
        /// What kind of identity it is.
        kind: IdentityKind,
        /// The value that is wrong, normalised.
        was: String,
    },
}

/// One value to be corrected, wherever there is a copy of it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Correction {
    /// Which fields.
    pub of: Corrected,
    /// The value that is right: a text, a number or a truth value.
    pub value: Datum,
}

/// An identity that is corrected.
#[derive(Clone, Copy)]
pub struct Renamed<'a> {
    /// What kind of identity it is.
    pub kind: IdentityKind,
    /// The value that is wrong, normalised.
    pub was: &'a str,
    /// The value that is right, normalised.
    pub right: &'a str,
}

impl Correction {
    /// The identity that is corrected; none where it is of other fields.
    #[must_use]
    pub fn renames(&self) -> Option<Renamed<'_>> {
        match (&self.of, &self.value) {
            (Corrected::Identity { kind, was }, Datum::Text(right)) => Some(Renamed { kind: *kind, was, right }),
            (Corrected::Identity { .. } | Corrected::Field(_) | Corrected::Category(_), _) => None,
        }
    }
}

/// The guard that names the corrections of an identity, by the value that was wrong and by the one that is right.
#[must_use]
pub fn guard_of(tenant: &TenantId, alias: &Alias) -> TenantKey {
    Guard::key_of(tenant, &GuardScope::corrected(alias), 0)
}

impl std::fmt::Debug for Correction {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let of = match &self.of {
            Corrected::Field(name) | Corrected::Category(name) => name.as_str(),
            Corrected::Identity { kind, .. } => kind.as_str(),
        };
        out.debug_struct("Correction").field("of", &of).finish_non_exhaustive()
    }
}
