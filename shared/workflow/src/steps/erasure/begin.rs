//! Starts the irreversible part: one erase step for each shard of the approved plan, a batch with each checkpoint.

use async_trait::async_trait;
use domain::job::{Outcome, erase_shard};
use domain::step::{BeginErasureCheckpoint, Checkpoint, ObjectRef, StepKind};

use super::of_round;
use crate::advance_job::{Ran, RunStep};
use crate::corrected_identity::carry_over;
use crate::gate::steps_of;
use crate::step_context::{StepContext, unreadable};
use crate::step_error::StepError;

/// Shard steps made in one transaction: two items each, and the store takes a hundred.
const STEPS_AT_ONCE: usize = 40;

/// Makes the erase steps.
pub(super) struct BeginErasure;

#[async_trait]
impl RunStep for BeginErasure {
    fn kinds(&self) -> &'static [StepKind] {
        &[StepKind::BeginErasure]
    }

    async fn run(&self, context: &mut StepContext) -> Result<Ran, StepError> {
        let erasure = context.job.erasure.as_deref().filter(|erasure| erasure.is_approved());
        // Looked at once more, though the job says so: nothing irreversible starts without an approval of this very plan.
        let erasure = erasure.ok_or_else(|| StepError::park("the plan is not the one that was approved"))?;
        if erasure.begun_at.is_none() || erasure.generation != context.step.shard {
            return Err(StepError::park("the erasure has not begun"));
        }
        // Before anything is written under the right value: what stands under the wrong one.
        carry_over(context).await?;
        let shards = self.shards(context).await?;
        let mut state = match &context.step.checkpoint {
            Some(Checkpoint::BeginErasure(state)) => state.clone(),
            _ => BeginErasureCheckpoint::default(),
        };
        state.shards = u32::try_from(shards.len()).unwrap_or(u32::MAX);
        loop {
            let now = context.ports.clock.now();
            let batch: Vec<_> = shards.iter().skip(state.created as usize).take(STEPS_AT_ONCE).cloned().collect();
            let is_last = state.created as usize + batch.len() == shards.len();
            state.created += u32::try_from(batch.len()).unwrap_or(u32::MAX);
            let seeds = batch.into_iter().map(|(shard, order)| erase_shard(shard, order, now)).collect();
            context.save(Checkpoint::BeginErasure(state.clone()), seeds).await?;
            if is_last {
                return Ok(Ran::Done(Outcome::Begun));
            }
        }
    }
}

impl BeginErasure {
    /// The shards of the plan with what each erases.
    async fn shards(&self, context: &StepContext) -> Result<Vec<(u32, ObjectRef)>, StepError> {
        let steps = steps_of(context.ports.store.as_ref(), &context.job.tenant, &context.job.id).await?;
        let order = |step: &domain::step::Step| match &step.checkpoint {
            Some(Checkpoint::PlanErasure(planned)) => Some((step.shard, planned.order.clone()?)),
            _ => None,
        };
        of_round(&steps, StepKind::PlanErasure, context.step.shard)
            .map(|step| order(step).ok_or_else(|| unreadable("plan")))
            .collect()
    }
}
