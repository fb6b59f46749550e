//! Whom to tell of an erasure, and what: frozen in sealed objects when the erasure is confirmed, one for each processor.

use std::collections::BTreeSet;

use datamap::{DataMap, Processor, ProcessorProtocol, Treatment};
use domain::correction::Correction;
use domain::request::RequestType;
use domain::step::{Checkpoint, ObjectRef, Step, StepKind};

use super::{EraseOrder, Erasing, of_round};
use crate::step_context::{StepContext, unreadable};
use crate::step_error::StepError;
use crate::steps::locate::seeds;
use crate::steps::processors::{ProcessorOrder, ToldCorrection, received, text_of};

/// Calls that the steps of one transaction can make; more need a person.
const MOST_CALLS: usize = 40;

/// Seals what each processor concerned is told. None is where nothing of what went was ever given to one.
pub(super) async fn order_processors(
    erasing: &Erasing,
    context: &mut StepContext,
    steps: &[Step],
    round: u32,
) -> Result<Vec<(u32, ObjectRef)>, StepError> {
    let map = erasing.sources.map_of(&context.job).await?;
    if map.processors.is_empty() {
        return Ok(Vec::new());
    }
    let went = sources_that_went(steps);
    let concerned: Vec<(usize, &Processor)> = map.processors_of(&went).collect();
    if concerned.is_empty() {
        return Ok(Vec::new());
    }
    let mut known = identities(erasing, context, steps, round, &map).await?;
    let corrects = context.job.request_type == RequestType::Rectification;
    let corrections = if corrects { context.request_body().await?.corrections().to_vec() } else { Vec::new() };
    // Processors know the person by what is wrong; what is right is the correction.
    for renamed in corrections.iter().filter_map(Correction::renames) {
        known.remove(&(renamed.kind.to_string(), renamed.right.to_owned()));
    }
    // A request of OpenDSR is about one subject: an organisation is one, its members are many.
    let of_one = known.clone();
    known.extend(members(erasing, context, steps).await?);
    let mut orders = Vec::new();
    for (number, processor) in concerned {
        let sources = received(&map, processor, &went);
        let told = told_corrections(&map, &sources, &corrections)?;
        let known = if processor.protocol == ProcessorProtocol::OpenDsr { &of_one } else { &known };
        for (number, order) in ProcessorOrder::of(processor, known, sources, told).in_calls(number) {
            let name = format!("processor-{number:03}");
            let object = erasing.plans.write(context, &name, order.identities.len(), &order).await?;
            orders.push((number, object));
        }
    }
    if orders.len() > MOST_CALLS {
        return Err(StepError::park(format!("processors would be told in more than {MOST_CALLS} calls")));
    }
    Ok(orders)
}

/// The sources in which something went or was rewritten, in any plan of the job.
fn sources_that_went(steps: &[Step]) -> Vec<String> {
    let mut went = BTreeSet::new();
    for step in steps.iter().filter(|step| step.kind == StepKind::Erase) {
        let Some(Checkpoint::Erase(state)) = &step.checkpoint else { continue };
        let touched = state.sources.iter().filter(|one| one.deleted + one.anonymised + one.corrected + one.gone > 0);
        went.extend(touched.map(|one| one.source.clone()));
    }
    went.into_iter().collect()
}

/// What is right from now on in the fields of these sources.
fn told_corrections(
    map: &DataMap,
    sources: &[String],
    corrections: &[Correction],
) -> Result<Vec<ToldCorrection>, StepError> {
    let mut told = Vec::new();
    for source in sources {
        let Some(at) = map.collection(source) else { continue };
        for (field, correction) in map.corrected(at, corrections) {
            let value = serde_json::from_slice(&correction.value.to_json()).map_err(|_| unreadable("correction"))?;
            let data_categories = field.data_categories.clone();
            told.push(ToldCorrection { field: format!("{source}.{}", field.path), data_categories, value });
        }
    }
    Ok(told)
}

/// What the members of an organisation were known by in any plan of its erasure; nobody in other jobs.
async fn members(
    erasing: &Erasing,
    context: &mut StepContext,
    steps: &[Step],
) -> Result<BTreeSet<(String, String)>, StepError> {
    let mut members = BTreeSet::new();
    for step in steps.iter().filter(|step| step.kind == StepKind::Locate) {
        let Some(Checkpoint::Locate(located)) = &step.checkpoint else { continue };
        if let Some(people) = &located.people {
            let people: Vec<(String, String)> = erasing.plans.read(context, people).await?;
            members.extend(people);
        }
    }
    Ok(members)
}

/// What the person is known by, `(kind, value)`: what the request proved, and what the plan looked up.
async fn identities(
    erasing: &Erasing,
    context: &mut StepContext,
    steps: &[Step],
    round: u32,
    map: &DataMap,
) -> Result<BTreeSet<(String, String)>, StepError> {
    let mut known: BTreeSet<(String, String)> = BTreeSet::new();
    for (kind, value) in seeds(context).await? {
        known.extend(text_of(&value).map(|text| (kind, text)));
    }
    for step in of_round(steps, StepKind::Erase, round) {
        let input = step.input.as_ref().ok_or_else(|| unreadable("plan"))?;
        let order: EraseOrder = erasing.plans.read(context, input).await?;
        let shard = erasing.open(context, &order.shard).await?;
        for lookup in &shard.plan.lookups {
            let collection = map.collections.get(lookup.collection);
            let field = collection.and_then(|it| it.fields.get(it.field(&lookup.field)?));
            let Some(kind) = field.and_then(|field| field.identity.clone()) else { continue };
            // A row that is kept may be other people's as well.
            if matches!(map.treatment(lookup.collection, &lookup.field), Treatment::Keep { .. }) {
                continue;
            }
            known.extend(lookup.values.iter().filter_map(text_of).map(|text| (kind.clone(), text)));
        }
    }
    Ok(known)
}
