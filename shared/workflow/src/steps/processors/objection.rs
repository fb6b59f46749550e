//! Whom to tell that a person's data is no longer used for direct marketing (GDPR Art. 21(3)): whoever received something
//! of the collections in which the person is looked for.

use std::collections::BTreeSet;

use datamap::{DataMap, Walk};
use domain::step::ObjectRef;

use super::order::{ProcessorOrder, received, text_of};
use crate::step_context::StepContext;
use crate::step_error::StepError;
use crate::steps::plan::PlanStore;

/// Seals what each processor is told; nothing where the job is no objection to one use of the data.
pub(in crate::steps) async fn order_objection(
    plans: &PlanStore,
    context: &mut StepContext,
    map: &DataMap,
    walk: &Walk,
) -> Result<Vec<(u32, ObjectRef)>, StepError> {
    let objects = context.job.restriction.as_ref().is_some_and(|restriction| restriction.purpose.is_some());
    if !objects {
        return Ok(Vec::new());
    }
    let looked_in = walk.lookups(map).into_iter().filter(|lookup| !lookup.values.is_empty());
    let sources: BTreeSet<String> = looked_in.filter_map(|it| Some(map.collections.get(it.collection)?.id())).collect();
    let sources: Vec<String> = sources.into_iter().collect();
    let known: BTreeSet<(String, String)> =
        walk.found_identities().filter_map(|(kind, value)| Some((kind.to_owned(), text_of(value)?))).collect();
    let mut orders = Vec::new();
    for (number, processor) in map.processors_of(&sources) {
        let order = ProcessorOrder::of(processor, &known, received(map, processor, &sources), Vec::new());
        for (number, order) in order.in_calls(number) {
            let name = format!("processor-{number:03}");
            orders.push((number, plans.write(context, &name, order.identities.len(), &order).await?));
        }
    }
    Ok(orders)
}
