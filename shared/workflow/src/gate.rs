//! When packaging may start: everything is located and every shard is collected. A consistent query, no counter.

use domain::ids::{JobId, TenantId};
use domain::key::Partition;
use domain::record::Record;
use domain::step::{Checkpoint, Nudge, Step, StepKind, StepState};

use crate::ports::{JobStore, PortError};

/// The steps of a job, in the order of their keys.
///
/// # Errors
/// When the store fails.
pub async fn steps_of(store: &dyn JobStore, tenant: &TenantId, job: &JobId) -> Result<Vec<Step>, PortError> {
    let found = store.query(tenant, &Partition::Job(job.clone()), "step#").await?;
    Ok(found.into_iter().filter_map(Record::into_step).map(|boxed| *boxed).collect())
}

/// Whether everything is located and collected.
///
/// # Errors
/// When the store fails.
pub async fn all_collected(store: &dyn JobStore, tenant: &TenantId, job: &JobId) -> Result<bool, PortError> {
    Ok(is_complete(&steps_of(store, tenant, job).await?))
}

/// Whether `locate` is done and as many shards are done as it froze.
#[must_use]
pub fn is_complete(steps: &[Step]) -> bool {
    let Some(locate) = steps.iter().find(|step| step.kind == StepKind::Locate) else { return false };
    let Some(Checkpoint::Locate(frozen)) = &locate.checkpoint else { return false };
    let done = steps.iter().filter(|step| step.kind == StepKind::Collect && step.state == StepState::Done).count();
    locate.state == StepState::Done && done == frozen.shards.len()
}

/// A nudge for the package step.
#[must_use]
pub fn package_nudge(tenant: &TenantId, job: &JobId) -> Nudge {
    Nudge { v: 1, tenant: tenant.clone(), job: job.clone(), step: StepKind::Package, shard: 0, version: 0 }
}
