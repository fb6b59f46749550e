//! Joins the plans of all shards to one: counts by source, the hash that is approved, and how much it risks.

use std::collections::BTreeMap;

use async_trait::async_trait;
use domain::erasure::{ErasurePlan, PlannedSource};
use domain::job::Outcome;
use domain::risk::{AssessedRisk, RiskLevel, Sensitivity};
use domain::step::{Checkpoint, SealPlanCheckpoint, Step, StepKind};
use sha2::{Digest, Sha256};

use super::{Erasing, of_round};
use crate::advance_job::{Ran, RunStep};
use crate::gate::{is_open, steps_of};
use crate::risk::{Keeper, Touched, assessed_of, facts_of, risk_of};
use crate::sealing::hexadecimal;
use crate::step_context::{StepContext, unreadable};
use crate::step_error::StepError;

/// Freezes the plan.
pub(super) struct SealPlan {
    // Dependencies.
    /// The customer's systems.
    pub(super) erasing: Erasing,
}

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
        if let Some(risk) = self.assess(context, &steps, &sources).await? {
            // Committed with the plan.
            context.step.checkpoint = Some(Checkpoint::SealPlan(SealPlanCheckpoint { risk }));
        }
        let plan = ErasurePlan { hash: hexadecimal(&hash.finalize()), planned_at: context.now, sources };
        Ok(Ran::Done(Outcome::PlanSealed { plan }))
    }
}

impl SealPlan {
    /// How much carrying the plan out risks; keeps what bears on it where that is much.
    async fn assess(
        &self,
        context: &mut StepContext,
        steps: &[Step],
        sources: &[PlannedSource],
    ) -> Result<Option<AssessedRisk>, StepError> {
        let Some(mut facts) = facts_of(&context.job) else { return Ok(None) };
        let mut touched = Touched::default();
        for step in of_round(steps, StepKind::PlanErasure, context.step.shard) {
            touched.first_shard = touched.first_shard.or_else(|| step.input.clone());
            let Some(Checkpoint::PlanErasure(shard)) = &step.checkpoint else { continue };
            facts.sensitivity = facts.sensitivity.max(shard.sensitivity.unwrap_or(Sensitivity::Ordinary));
        }
        for source in sources.iter().filter(|source| source.changed() + source.would_keep > 0) {
            facts.records += source.changed();
            facts.records_of_others += source.other_rows;
            touched.collections.insert(source.source.clone());
        }
        let risk = risk_of(&facts);
        // Once rows have gone, what is left of the person says less than what was kept before.
        let has_begun = context.job.erasure.as_ref().is_some_and(|erasure| erasure.begun_at.is_some());
        let before = assessed_of(steps).filter(|_| has_begun);
        if let Some(before) = before.filter(|before| before.risk.score >= risk.score || before.kept.is_some()) {
            return Ok(Some(before.clone()));
        }
        let kept = if risk.level == RiskLevel::High {
            let keeper = Keeper { sources: &self.erasing.sources, plans: &self.erasing.plans };
            Some(keeper.keep(context, &touched).await?)
        } else {
            None
        };
        Ok(Some(AssessedRisk { risk, kept }))
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
