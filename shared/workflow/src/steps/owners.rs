//! Whose row it is, where several fields lead to one collection: the first lookup that finds it.

use std::collections::BTreeMap;
use std::sync::Arc;

use datamap::{Lookup, RowOwner};

use super::plan::ShardPlan;

/// Who owns the rows of the collections that several fields lead to.
pub(super) struct Owners(BTreeMap<usize, (Vec<String>, Arc<RowOwner>)>);

impl Owners {
    pub(super) fn of(plan: &ShardPlan, shared: &[Lookup]) -> Self {
        let mut owners = BTreeMap::new();
        for lookup in &plan.lookups {
            let inputs: Vec<Lookup> =
                shared.iter().filter(|input| input.collection == lookup.collection).cloned().collect();
            if inputs.len() > 1 {
                let fields = inputs.iter().map(|input| input.field.clone()).collect();
                owners.entry(lookup.collection).or_insert_with(|| (fields, Arc::new(RowOwner::new(&inputs))));
            }
        }
        Self(owners)
    }

    /// Whether the row is this lookup's to export.
    pub(super) fn belongs(&self, lookup: &Lookup, row: &domain::datum::Datum) -> bool {
        let Some((fields, owner)) = self.0.get(&lookup.collection) else { return true };
        let first = owner.owner(row).and_then(|position| fields.get(position));
        first == Some(&lookup.field)
    }

    /// Who owns the rows that a lookup finds and its place among the lookups, where several find them.
    pub(super) fn of_lookup(&self, lookup: &Lookup) -> Option<(Arc<RowOwner>, usize)> {
        let (fields, owner) = self.0.get(&lookup.collection)?;
        let place = fields.iter().position(|field| *field == lookup.field)?;
        Some((Arc::clone(owner), place))
    }
}
