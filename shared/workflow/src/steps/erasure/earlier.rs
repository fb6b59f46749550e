//! What earlier plans of an erasure that has begun looked up.
//!
//! Once the row with the person's address is gone, a walk from that address finds nothing: what is left is found by what
//! was found before. Identities are not taken along, because an address that was given up may be somebody else's by now.

use std::collections::{BTreeMap, BTreeSet};

use datamap::{DataMap, Lookup};
use domain::datum::Datum;
use domain::erasure::SHARDS_PER_GENERATION;
use domain::step::StepKind;

use crate::gate::steps_of;
use crate::step_context::{StepContext, unreadable};
use crate::step_error::StepError;
use crate::steps::plan::{PlanStore, ShardPlan};

/// Values by collection and field, in map order as a walk gives them.
type Merged = BTreeMap<(usize, usize), BTreeSet<Datum>>;

/// The lookups of a walk together with those of earlier plans, where the erasure has begun.
///
/// # Errors
/// When a store fails or an earlier plan was tampered with.
pub(in crate::steps) async fn with_earlier(
    plans: &PlanStore,
    context: &mut StepContext,
    map: &DataMap,
    lookups: Vec<Lookup>,
) -> Result<Vec<Lookup>, StepError> {
    let generation = context.job.erasure.as_ref().filter(|erasure| erasure.begun_at.is_some()).map(|it| it.generation);
    let Some(generation) = generation.filter(|generation| *generation > 0) else { return Ok(lookups) };
    let mut merged = Merged::new();
    for lookup in lookups {
        take(&mut merged, map, lookup, true);
    }
    let steps = steps_of(context.ports.store.as_ref(), &context.job.tenant, &context.job.id).await?;
    let earlier = steps.iter().filter(|step| step.shard / SHARDS_PER_GENERATION < generation);
    for step in earlier.filter(|step| step.kind == StepKind::PlanErasure) {
        let input = step.input.as_ref().ok_or_else(|| unreadable("plan"))?;
        let shard: ShardPlan = plans.read(context, input).await?;
        for lookup in shard.lookups {
            take(&mut merged, map, lookup, false);
        }
    }
    let lookup = |((collection, field), values): ((usize, usize), BTreeSet<Datum>)| {
        let path = map.collections.get(collection)?.fields.get(field)?.path.clone();
        Some(Lookup { collection, field: path, values: values.into_iter().collect(), projection: Vec::new() })
    };
    Ok(merged.into_iter().filter_map(lookup).collect())
}

fn take(merged: &mut Merged, map: &DataMap, lookup: Lookup, also_identities: bool) {
    let Some(collection) = map.collections.get(lookup.collection) else { return };
    let Some(field) = collection.field(&lookup.field) else { return };
    let is_identity = collection.fields.get(field).is_some_and(|field| field.identity.is_some());
    if also_identities || !is_identity {
        merged.entry((lookup.collection, field)).or_default().extend(lookup.values);
    }
}
