//! Which lookup a row belongs to, when several find it: the first in order, so that it is exported once without memory.

use std::collections::HashSet;

use domain::datum::Datum;

use crate::FieldPath;
use crate::value::{canonical, values_at};
use crate::walk::Lookup;

/// The lookups of one collection, ready to be asked for each row.
#[derive(Clone, Debug)]
pub struct RowOwner {
    inputs: Vec<(FieldPath, HashSet<Datum>)>,
}

impl RowOwner {
    /// Takes the lookups of one collection in their fixed order.
    #[must_use]
    pub fn new(lookups: &[Lookup]) -> Self {
        let values = |lookup: &Lookup| lookup.values.iter().map(|value| canonical(value).into_owned()).collect();
        Self { inputs: lookups.iter().map(|lookup| (lookup.field.clone(), values(lookup))).collect() }
    }

    /// The first lookup whose field in the row holds one of its values; none if the row is not the subject's at all.
    #[must_use]
    pub fn owner(&self, row: &Datum) -> Option<usize> {
        self.inputs.iter().position(|(path, values)| {
            let mut holds = false;
            values_at(row, path, &mut |value| {
                holds = holds || values.contains(canonical(value).as_ref());
            });
            holds
        })
    }
}

/// As [`RowOwner::owner`] for a single row; for many rows build the [`RowOwner`] once.
#[must_use]
pub fn owner_input(lookups: &[Lookup], row: &Datum) -> Option<usize> {
    RowOwner::new(lookups).owner(row)
}
