//! When a step that waits for others may start: a consistent query over the steps of the job, no counter.

use domain::erasure::SHARDS_PER_GENERATION;
use domain::ids::{JobId, TenantId};
use domain::key::Partition;
use domain::processor::ProcessorStatus;
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

/// Whether the step waits for others and they are done.
///
/// # Errors
/// When the store fails.
pub async fn gate_is_open(store: &dyn JobStore, gate: &Step) -> Result<bool, PortError> {
    Ok(is_open(&steps_of(store, &gate.tenant, &gate.job).await?, gate.kind, gate.shard))
}

/// Whether everything that a gate waits for is done; `round` is the gate's own shard number.
#[must_use]
pub fn is_open(steps: &[Step], gate: StepKind, round: u32) -> bool {
    if gate == StepKind::Conclude {
        return steps.iter().filter(|step| step.kind == StepKind::TellProcessor).all(is_told);
    }
    // The rows of a collection and the events of a period are read by one step, without a walk before it.
    let reads_alone = |kind| matches!(kind, StepKind::Anonymize | StepKind::ExportEvents);
    let is_reader = |step: &&Step| gate == StepKind::Package && reads_alone(step.kind);
    if let Some(reader) = steps.iter().find(is_reader) {
        return reader.state == StepState::Done;
    }
    let Some((opener, worker)) = waits_for(gate) else { return true };
    let Some(opener) = steps.iter().find(|step| step.kind == opener && step.shard == round) else { return false };
    let Some(wanted) = shards_made_by(opener) else { return false };
    let done = steps.iter().filter(|step| step.kind == worker && step.state == StepState::Done);
    opener.state == StepState::Done && done.filter(|step| round_of(step) == round).count() == wanted
}

/// Whether the receipt need not wait for a processor any more: it was told, could not be reached, or a person must look.
#[must_use]
pub fn is_told(step: &Step) -> bool {
    let ended = matches!(step.state, StepState::Done | StepState::Parked);
    ended || matches!(&step.checkpoint, Some(Checkpoint::Processor(told)) if told.status != ProcessorStatus::Waiting)
}

/// The step that makes the shards, and the kind of those shards.
const fn waits_for(gate: StepKind) -> Option<(StepKind, StepKind)> {
    match gate {
        StepKind::Package => Some((StepKind::Locate, StepKind::Collect)),
        StepKind::SealPlan => Some((StepKind::Locate, StepKind::PlanErasure)),
        StepKind::Confirm => Some((StepKind::BeginErasure, StepKind::Erase)),
        StepKind::Screen
        | StepKind::Verify
        | StepKind::Locate
        | StepKind::Collect
        | StepKind::Anonymize
        | StepKind::ExportEvents
        | StepKind::PlanErasure
        | StepKind::Approve
        | StepKind::Grace
        | StepKind::Quarantine
        | StepKind::LiftQuarantine
        | StepKind::RevokeTokens
        | StepKind::BeginErasure
        | StepKind::Erase
        | StepKind::TellProcessor
        | StepKind::Conclude
        | StepKind::NotifyReceived
        | StepKind::NotifyCode
        | StepKind::NotifyReady
        | StepKind::NotifyScheduled
        | StepKind::NotifyErased
        | StepKind::NotifyDecided
        | StepKind::NotifyLifting
        | StepKind::NotifyExtended
        | StepKind::NotifyPaused
        | StepKind::NotifyResumed
        | StepKind::NotifyRejected
        | StepKind::NotifyCancelled
        | StepKind::NotifyApproval
        | StepKind::NotifyUndelivered
        | StepKind::NotifyDeadline
        | StepKind::Expire => None,
    }
}

/// How many shards a step has made; none before it has frozen them.
fn shards_made_by(step: &Step) -> Option<usize> {
    match step.checkpoint.as_ref()? {
        Checkpoint::Locate(frozen) => Some(frozen.shards.len()),
        Checkpoint::BeginErasure(begun) => usize::try_from(begun.shards).ok(),
        Checkpoint::Collect(_)
        | Checkpoint::Anonymize(_)
        | Checkpoint::Package(_)
        | Checkpoint::PlanErasure(_)
        | Checkpoint::SealPlan(_)
        | Checkpoint::Erase(_)
        | Checkpoint::Confirm(_)
        | Checkpoint::Notify(_)
        | Checkpoint::Processor(_)
        | Checkpoint::Revoke(_)
        | Checkpoint::Quarantine(_)
        | Checkpoint::Lift(_) => None,
    }
}

/// The plan a shard belongs to; exports have only one.
const fn round_of(step: &Step) -> u32 {
    step.shard / SHARDS_PER_GENERATION
}

/// The gate that may have opened now that a step is done.
#[must_use]
pub const fn gate_after(kind: StepKind, erasing: bool) -> Option<StepKind> {
    match kind {
        StepKind::Locate if erasing => Some(StepKind::SealPlan),
        StepKind::Locate | StepKind::Collect | StepKind::ExportEvents => Some(StepKind::Package),
        StepKind::PlanErasure => Some(StepKind::SealPlan),
        StepKind::BeginErasure | StepKind::Erase => Some(StepKind::Confirm),
        StepKind::TellProcessor => Some(StepKind::Conclude),
        StepKind::Screen
        | StepKind::Verify
        | StepKind::Anonymize
        | StepKind::Package
        | StepKind::SealPlan
        | StepKind::Approve
        | StepKind::Grace
        | StepKind::Quarantine
        | StepKind::LiftQuarantine
        | StepKind::RevokeTokens
        | StepKind::Confirm
        | StepKind::Conclude
        | StepKind::NotifyReceived
        | StepKind::NotifyCode
        | StepKind::NotifyReady
        | StepKind::NotifyScheduled
        | StepKind::NotifyErased
        | StepKind::NotifyDecided
        | StepKind::NotifyLifting
        | StepKind::NotifyExtended
        | StepKind::NotifyPaused
        | StepKind::NotifyResumed
        | StepKind::NotifyRejected
        | StepKind::NotifyCancelled
        | StepKind::NotifyApproval
        | StepKind::NotifyUndelivered
        | StepKind::NotifyDeadline
        | StepKind::Expire => None,
    }
}

/// A nudge for a gate.
#[must_use]
pub fn gate_nudge(tenant: &TenantId, job: &JobId, gate: StepKind, round: u32) -> Nudge {
    Nudge { v: 1, tenant: tenant.clone(), job: job.clone(), step: gate, shard: round, version: 0 }
}
