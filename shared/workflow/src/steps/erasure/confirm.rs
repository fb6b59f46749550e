//! Searches again with the finder that planned: what it would still change is not erased, and then the job is not done.

use async_trait::async_trait;
use datamap::Treatment;
use domain::job::Outcome;
use domain::step::{Checkpoint, ConfirmCheckpoint, Step, StepKind};

use super::processors::order_processors;
use super::{EraseOrder, Erasing, of_round};
use crate::advance_job::{Ran, RunStep};
use crate::corrected_identity::{CORRECTED_SINCE, was_corrected_since};
use crate::gate::{is_open, steps_of};
use crate::ports::Cursor;
use crate::step_context::{StepContext, unreadable};
use crate::step_error::StepError;

/// Confirms that nothing is left.
pub(super) struct Confirm {
    // Dependencies.
    /// The customer's systems.
    pub(super) erasing: Erasing,
}

#[async_trait]
impl RunStep for Confirm {
    fn kinds(&self) -> &'static [StepKind] {
        &[StepKind::Confirm]
    }

    async fn run(&self, context: &mut StepContext) -> Result<Ran, StepError> {
        let steps = steps_of(context.ports.store.as_ref(), &context.job.tenant, &context.job.id).await?;
        let round = context.step.shard;
        if !is_open(&steps, StepKind::Confirm, round) {
            return Err(StepError::Retry { source: None });
        }
        let mut state = match &context.step.checkpoint {
            Some(Checkpoint::Confirm(state)) => state.clone(),
            _ => ConfirmCheckpoint::default(),
        };
        let shards: Vec<&Step> = of_round(&steps, StepKind::Erase, round).collect();
        for step in shards.iter().skip(state.shards_done as usize) {
            state.residual += self.residual(context, step).await?;
            state.shards_done += 1;
            context.save(Checkpoint::Confirm(state.clone()), Vec::new()).await?;
            if context.time_is_short() && (state.shards_done as usize) < shards.len() {
                return Ok(Ran::Continue);
            }
        }
        if state.residual == 0 && !state.reported && was_corrected_since(context).await? {
            return Err(reported(context, CORRECTED_SINCE).await?);
        }
        if state.residual == 0 {
            let processors = order_processors(&self.erasing, context, &steps, round).await?;
            return Ok(Ran::Done(Outcome::Confirmed { processors }));
        }
        // What changed while it was erased is planned and approved anew; anything else a person must see first.
        if state.reported || shards.iter().any(|step| has_drifted(step)) {
            return Ok(Ran::Done(Outcome::PlanAgain));
        }
        let found = format!("searching again found {} records that should be gone", state.residual);
        Err(reported(context, found).await?)
    }
}

/// Parks, and remembers that it did: whoever starts the step again knows why, and is not stopped for it twice.
async fn reported(context: &mut StepContext, why: impl Into<String> + Send) -> Result<StepError, StepError> {
    let again = ConfirmCheckpoint { reported: true, ..ConfirmCheckpoint::default() };
    context.save(Checkpoint::Confirm(again), Vec::new()).await?;
    Ok(StepError::park(why))
}

impl Confirm {
    /// How much of one shard is still there.
    async fn residual(&self, context: &mut StepContext, step: &Step) -> Result<u64, StepError> {
        let input = step.input.as_ref().ok_or_else(|| unreadable("plan"))?;
        let order: EraseOrder = self.erasing.plans.read(context, input).await?;
        let shard = self.erasing.open(context, &order.shard).await?;
        let mut found = 0;
        for lookup in &shard.plan.lookups {
            let (_, order) = shard.order(context, lookup)?;
            if let Treatment::Keep { .. } = order.treatment {
                continue;
            }
            let mut cursor: Option<Cursor> = None;
            loop {
                let page = self.erasing.eraser.plan(&order, cursor.as_ref()).await?;
                found += page.targets.iter().map(|target| target.rows).sum::<u64>();
                cursor = page.next;
                if cursor.is_none() {
                    break;
                }
            }
        }
        Ok(found)
    }
}

fn has_drifted(step: &Step) -> bool {
    let Some(Checkpoint::Erase(erased)) = &step.checkpoint else { return false };
    erased.sources.iter().any(|source| source.drifted > 0)
}
