//! Which erase steps of other jobs may share a pass with a claimed one: those whose plans name rows in the same objects'
//! collections. Two calls; none where the data map knows no rows in objects.

use std::collections::BTreeSet;

use datamap::{DataMap, Source};
use domain::erasure::SHARDS_PER_GENERATION;
use domain::job::{Job, JobStatus};
use domain::key::TenantKey;
use domain::record::Record;
use domain::step::{Checkpoint, Nudge, Step, StepKind};

use super::super::Erasing;
use crate::ports::JobFilter;
use crate::step_context::StepContext;
use crate::step_error::StepError;

/// Jobs looked at: two items of each, and the store gives a hundred at once.
const JOBS: usize = 49;

/// Erase steps that may be claimed now, of other jobs of the tenant.
///
/// The list of jobs may lag behind; what it misses is carried out alone. A step is looked for under the number of the
/// claimed one's share, which is where plans from one data map have the same sources.
pub(in crate::steps::erasure) async fn companions(
    erasing: &Erasing,
    context: &mut StepContext,
) -> Result<Vec<Nudge>, StepError> {
    let map = erasing.sources.map_of(&context.job).await?;
    if !map.collections.iter().any(|collection| matches!(collection.source, Source::S3Objects { .. })) {
        return Ok(Vec::new());
    }
    let (tenant, store) = (&context.job.tenant, context.ports.store.as_ref());
    let filter = JobFilter {
        request_type: Some(context.job.request_type),
        status: Some(JobStatus::InProgress),
        ..JobFilter::default()
    };
    let mut jobs = store.list_jobs(tenant, &filter, None, JOBS).await?.jobs;
    jobs.retain(|job| job.id != context.job.id && job.data_map == context.job.data_map);
    if jobs.is_empty() {
        return Ok(Vec::new());
    }
    let share = context.step.shard % SHARDS_PER_GENERATION;
    let mut keys = keys_of(&context.job, share).to_vec();
    keys.extend(jobs.iter().flat_map(|job| keys_of(job, share)));
    let mut found = store.load(&keys).await?.into_iter().map(|record| record.and_then(Record::into_step));
    let mut next = || {
        let (planned, erases) = (found.next().flatten(), found.next().flatten());
        planned.zip(erases)
    };
    let Some((own, _)) = next() else { return Ok(Vec::new()) };
    let own = in_objects(&map, &own);
    let mut companions = Vec::new();
    for _ in &jobs {
        let Some((planned, erases)) = next() else { continue };
        if erases.is_claimable(context.now) && !in_objects(&map, &planned).is_disjoint(&own) {
            companions.push(Nudge::for_step(&erases));
        }
    }
    Ok(companions)
}

/// The step that planned a share of a job's current plan, and the one that carries it out.
fn keys_of(job: &Job, share: u32) -> [TenantKey; 2] {
    let generation = job.erasure.as_ref().map_or(0, |erasure| erasure.generation);
    let shard = generation * SHARDS_PER_GENERATION + share;
    [StepKind::PlanErasure, StepKind::Erase].map(|kind| Step::key_of(&job.tenant, &job.id, kind, shard))
}

/// The sources of a planned share whose rows are in objects.
fn in_objects(map: &DataMap, planned: &Step) -> BTreeSet<String> {
    let Some(Checkpoint::PlanErasure(plan)) = &planned.checkpoint else { return BTreeSet::new() };
    let is_in_objects = |source: &str| {
        let collection = map.collection(source).and_then(|place| map.collections.get(place));
        collection.is_some_and(|collection| matches!(collection.source, Source::S3Objects { .. }))
    };
    let named = plan.sources.iter().filter(|source| source.targets > 0 && is_in_objects(&source.source));
    named.map(|source| source.source.clone()).collect()
}
