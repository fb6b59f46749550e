//! Joins the plans of all shards to one: counts by source, and the hash that is approved.

use std::collections::BTreeMap;

use async_trait::async_trait;
use domain::erasure::{ErasurePlan, PlannedSource};
use domain::job::Outcome;
use domain::step::{Checkpoint, StepKind};
use sha2::{Digest, Sha256};

use super::of_round;
use crate::advance_job::{Ran, RunStep};
use crate::gate::{is_open, steps_of};
use crate::sealing::hexadecimal;
use crate::step_context::{StepContext, unreadable};
use crate::step_error::StepError;

/// Freezes the plan.
pub(super) struct SealPlan;

#[async_trait]
impl RunStep for SealPlan {
    fn kinds(&self) -> &'static [StepKind] {
        &[StepKind::SealPlan]
    }

    async fn run(&self, context: &mut StepContext) -> Result<Ran, StepError> {
        let steps = steps_of(context.ports.store.as_ref(), &context.job.tenant, &context.job.id).await?;
        let round = context.step.shard;
        if !is_open(&steps, StepKind::SealPlan, round) {
            return Err(StepError::Retry { source: None });
        }
        let mut hash = Sha256::new();
        let mut sources: BTreeMap<String, PlannedSource> = BTreeMap::new();
        for step in of_round(&steps, StepKind::PlanErasure, round) {
            let Some(Checkpoint::PlanErasure(shard)) = &step.checkpoint else { return Err(unreadable("plan")) };
            hash.update(shard.hash.as_deref().ok_or_else(|| unreadable("plan"))?);
            for source in &shard.sources {
                add(sources.entry(source.source.clone()).or_default(), source);
            }
        }
        let sources: Vec<PlannedSource> = sources.into_values().collect();
        for source in &sources {
            // What stays is part of what is approved; it has no targets.
            hash.update(format!("{}\n{}\n", source.source, source.would_keep));
        }
        let plan = ErasurePlan { hash: hexadecimal(&hash.finalize()), planned_at: context.now, sources };
        Ok(Ran::Done(Outcome::PlanSealed { plan }))
    }
}

fn add(sum: &mut PlannedSource, one: &PlannedSource) {
    sum.source.clone_from(&one.source);
    sum.would_delete += one.would_delete;
    sum.would_anonymise += one.would_anonymise;
    sum.would_correct += one.would_correct;
    sum.would_keep += one.would_keep;
    sum.targets += one.targets;
    sum.other_rows += one.other_rows;
    sum.revokes |= one.revokes;
    sum.quarantines |= one.quarantines;
    if sum.reason.is_none() {
        sum.reason.clone_from(&one.reason);
    }
}
