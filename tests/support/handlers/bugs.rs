//! Wrong steps of an erasure, each a deliberate bug that the suites must catch.

use adapters_memory::{Mutant, Mutants};
use async_trait::async_trait;
use domain::job::Outcome;
use domain::record::{KeyRecord, Record, SuppressionRecord};
use domain::step::StepKind;
use domain::transition::{Cause, Expect};
use workflow::advance_job::{AdvanceJob, Ran, RunStep};
use workflow::step_context::StepContext;
use workflow::step_error::StepError;

/// Puts wrong steps in the place of the right ones.
pub(super) fn wrong_steps(mut engine: AdvanceJob, mutants: Mutants) -> AdvanceJob {
    if mutants.has(Mutant::PlanNotRechecked) {
        engine = engine.runs(PlanOnce);
    }
    if mutants.has(Mutant::ShredFirst) {
        engine = engine.runs(ShredFirst);
    }
    if mutants.has(Mutant::ReceiptBeforeConfirmation) {
        engine = engine.runs(ConfirmBlindly);
    }
    engine
}

/// The same for the notification worker.
pub(super) fn wrong_notices(engine: AdvanceJob, mutants: Mutants) -> AdvanceJob {
    if mutants.has(Mutant::ProcessorsNotTold) { engine.runs(ForgetProcessors) } else { engine }
}

/// When the grace period of the job ends; nothing to do before.
fn ends_later(context: &StepContext) -> Option<Ran> {
    let ends_at = context.job.erasure.as_ref().and_then(|erasure| erasure.grace_ends_at)?;
    (ends_at > context.now).then_some(Ran::NotBefore(ends_at))
}

struct PlanOnce;

#[async_trait]
impl RunStep for PlanOnce {
    fn kinds(&self) -> &'static [StepKind] {
        &[StepKind::Grace]
    }

    async fn run(&self, context: &mut StepContext) -> Result<Ran, StepError> {
        let plan = context.job.erasure.as_ref().and_then(|erasure| erasure.plan.clone());
        let plan = plan.ok_or_else(|| StepError::park("there is no plan"))?;
        Ok(ends_later(context).unwrap_or(Ran::Done(Outcome::PlanSealed { plan })))
    }
}

struct ShredFirst;

#[async_trait]
impl RunStep for ShredFirst {
    fn kinds(&self) -> &'static [StepKind] {
        &[StepKind::Grace]
    }

    async fn run(&self, context: &mut StepContext) -> Result<Ran, StepError> {
        if let Some(later) = ends_later(context) {
            return Ok(later);
        }
        let mut builder = context.transition(Cause::worker(context.now));
        for alias in context.job.erasure.iter().flat_map(|erasure| &erasure.aliases) {
            let record = SuppressionRecord {
                v: 1,
                tenant: context.job.tenant.clone(),
                alias: alias.clone(),
                job: context.job.id.clone(),
                op_nonce: builder.op_nonce().clone(),
                erased_at: context.now,
            };
            builder.put(Record::Suppression(record), Expect::Any);
            builder.delete(KeyRecord::key_of(&context.job.tenant, &KeyRecord::subject_owner(alias.as_str())));
        }
        context.ports.store.commit(&builder.build()).await?;
        Ok(Ran::Done(Outcome::PlanAgain))
    }
}

struct ConfirmBlindly;

#[async_trait]
impl RunStep for ConfirmBlindly {
    fn kinds(&self) -> &'static [StepKind] {
        &[StepKind::Confirm]
    }

    async fn run(&self, _: &mut StepContext) -> Result<Ran, StepError> {
        Ok(Ran::Done(Outcome::Confirmed { processors: Vec::new() }))
    }
}

struct ForgetProcessors;

#[async_trait]
impl RunStep for ForgetProcessors {
    fn kinds(&self) -> &'static [StepKind] {
        &[StepKind::TellProcessor]
    }

    async fn run(&self, _: &mut StepContext) -> Result<Ran, StepError> {
        Ok(Ran::Done(Outcome::Nothing))
    }
}
