//! Tells processors of an erasure, a rectification or an objection, and waits for their answers (GDPR Art. 19), one step for each.
//!
//! The id of a notice is that of the step, so that a processor that is told twice after a crash knows it by its id.
//! Who can't be reached is tried again until its time is over; officers hear of it, and the receipt does not wait for it.

use std::sync::Arc;

use async_trait::async_trait;
use domain::job::Outcome;
use domain::processor::{ProcessorCheckpoint, ProcessorStatus};
use domain::step::{Checkpoint, Step, StepKind};
use jiff::{SignedDuration, Timestamp};

use super::again::wait_after;
use super::plan::PlanStore;
use crate::advance_job::{Ran, RunStep};
use crate::gate::{gate_nudge, is_open, steps_of};
use crate::nudging::nudge_best_effort;
use crate::ports::{Alert, Alerts, OutgoingCalls, PortErrorKind, Secrets};
use crate::step_context::StepContext;
use crate::step_error::StepError;

mod answer;
mod objection;
mod order;
mod words;

pub(crate) use self::answer::{Answered, hear_callback, is_signed};
pub(super) use self::objection::order_objection;
pub(super) use self::order::{ProcessorOrder, ToldCorrection, received, text_of};
use self::words::Spoken;
pub(crate) use self::words::{answer_proof, subject_request_id};

/// Tries after which a processor counts as unreachable: the receipt goes out and names it.
const UNREACHABLE_AFTER: u32 = 4;
/// How often officers hear again of an answer that is overdue.
const REMIND: SignedDuration = SignedDuration::from_hours(7 * 24);
/// How long they do.
const REMIND_FOR: SignedDuration = SignedDuration::from_hours(365 * 24);

/// Tells processors.
pub struct TellProcessors {
    // Dependencies.
    /// Sealed objects.
    pub plans: PlanStore,
    /// Calls the processors.
    pub calls: Arc<dyn OutgoingCalls>,
    /// What calls are signed with.
    pub secrets: Arc<dyn Secrets>,
    /// Where officers hear of processors that don't answer.
    pub alerts: Arc<dyn Alerts>,
    // Configuration.
    /// Where the API is reached from outside.
    pub public_url: String,
}

#[async_trait]
impl RunStep for TellProcessors {
    fn kinds(&self) -> &'static [StepKind] {
        &[StepKind::TellProcessor]
    }

    async fn run(&self, context: &mut StepContext) -> Result<Ran, StepError> {
        let known = match &context.step.checkpoint {
            Some(Checkpoint::Processor(known)) => Some(known.clone()),
            _ => None,
        };
        match known {
            Some(known) if known.told_at.is_some() => self.await_answer(context, known).await,
            known => self.tell(context, known).await,
        }
    }
}

/// Nothing follows from a processor's answer but what is kept with the step.
const OVER: Ran = Ran::Done(Outcome::Nothing);

impl TellProcessors {
    /// One try. The processor's own time begins when it has taken the notice.
    async fn tell(&self, context: &mut StepContext, known: Option<ProcessorCheckpoint>) -> Result<Ran, StepError> {
        let input = context.step.input.clone().ok_or_else(|| StepError::park("nothing says whom to tell"))?;
        let order: ProcessorOrder = self.plans.read(context, &input).await?;
        let days = SignedDuration::from_hours(24 * i64::from(order.processor.answer_within_days));
        let mut state = known.unwrap_or_else(|| order.untold(context.step.created_at + days));
        if state.answer_by <= context.now && state.rounds > 0 {
            self.alert(context, "a processor could not be told in time");
            context.step.checkpoint = Some(Checkpoint::Processor(state));
            return Ok(OVER);
        }
        let restriction = context.job.restriction.as_deref();
        let is_over = restriction.is_some_and(|it| !it.stands()).then_some("taken_back");
        if let Some(reason) = is_over.or_else(|| order.obstacle(restriction.is_some())) {
            if is_over.is_none() {
                self.alert(context, "a processor can't be told");
            }
            state.status = ProcessorStatus::Unreachable;
            state.reason = Some(reason.to_owned());
            context.step.checkpoint = Some(Checkpoint::Processor(state));
            return Ok(OVER);
        }
        match self.call(context, &order).await? {
            Ok(answered) => {
                let now = context.ports.clock.now();
                state.told_at = Some(now);
                state.answer_by = now + days;
                state.reason = None;
                answered.keep_in(&mut state, now);
                self.told(context, state).await
            }
            Err(reason) => self.failed(context, state, reason).await,
        }
    }

    /// What the processor said; the inner error is why it was not told.
    async fn call(
        &self,
        context: &StepContext,
        order: &ProcessorOrder,
    ) -> Result<Result<Answered, &'static str>, StepError> {
        if order.identities.is_empty() {
            return Ok(Err("no_identity"));
        }
        let secret = match self.secrets.read(&context.job.tenant, &order.processor.secret).await {
            Ok(secret) => secret,
            Err(error) => {
                let (job, shard) = (&context.job.id, context.step.shard);
                tracing::warn!(%error, %job, shard, "the secret of a processor was not read");
                return Ok(Err(if error.kind == PortErrorKind::NotFound { "no_secret" } else { "secret_unreadable" }));
            }
        };
        let now = context.ports.clock.now();
        let tenant = context.ports.keyring.tenant(&context.job.tenant, now).await?;
        let spoken = Spoken::new(context, &tenant, &self.public_url);
        let Some(call) = spoken.call(order, &secret, now) else { return Ok(Err("bad_secret")) };
        match self.calls.call(&call).await {
            Ok(answer) => Ok(answer::hear(&order.processor, &spoken.request_id(), &answer)),
            Err(error) => {
                let (job, shard) = (&context.job.id, context.step.shard);
                tracing::warn!(%error, %job, shard, "a processor was not reached");
                Ok(Err(if error.kind == PortErrorKind::Denied { "address_refused" } else { "no_answer" }))
            }
        }
    }

    async fn told(&self, context: &mut StepContext, state: ProcessorCheckpoint) -> Result<Ran, StepError> {
        let answer_by = state.answer_by;
        if state.status.is_answer() {
            context.step.checkpoint = Some(Checkpoint::Processor(state));
            return Ok(OVER);
        }
        self.keep(context, state).await?;
        Ok(Ran::NotBefore(answer_by))
    }

    async fn failed(
        &self,
        context: &mut StepContext,
        mut state: ProcessorCheckpoint,
        reason: &'static str,
    ) -> Result<Ran, StepError> {
        let again_at = context.ports.clock.now() + wait_after(state.rounds);
        state.rounds += 1;
        state.reason = Some(reason.to_owned());
        if state.rounds >= UNREACHABLE_AFTER {
            state.status = ProcessorStatus::Unreachable;
            self.alert(context, "a processor can't be told");
        }
        let again_at = again_at.min(state.answer_by);
        self.keep(context, state).await?;
        Ok(Ran::NotBefore(again_at))
    }

    /// Keeps the state, and lets the receipt go out once nobody is to be told first.
    async fn keep(&self, context: &mut StepContext, state: ProcessorCheckpoint) -> Result<(), StepError> {
        context.save(Checkpoint::Processor(state), Vec::new()).await?;
        let (tenant, job) = (&context.job.tenant, &context.job.id);
        // Best effort like every nudge: the sweep looks at the waiting receipt as well.
        let steps: Vec<Step> = match steps_of(context.ports.store.as_ref(), tenant, job).await {
            Ok(steps) => steps,
            Err(error) => {
                tracing::warn!(%error, %job, "processors were not counted; the sweep will look");
                return Ok(());
            }
        };
        let waits = steps.iter().any(|step| step.kind == StepKind::Conclude && step.done_at.is_none());
        if waits && is_open(&steps, StepKind::Conclude, 0) {
            let nudge = gate_nudge(tenant, job, StepKind::Conclude, 0);
            nudge_best_effort(context.ports.queue.as_ref(), &[nudge]).await;
        }
        Ok(())
    }

    /// The processor was told. Looks at its time; the answer itself comes by the API.
    async fn await_answer(&self, context: &mut StepContext, mut state: ProcessorCheckpoint) -> Result<Ran, StepError> {
        if state.status.is_answer() || state.answer_by + REMIND_FOR <= context.now {
            return Ok(OVER);
        }
        if state.answer_by > context.now {
            return Ok(Ran::NotBefore(state.answer_by));
        }
        self.alert(context, "a processor has not answered in time");
        let again_at: Timestamp = context.now + REMIND;
        if state.status != ProcessorStatus::Overdue {
            state.status = ProcessorStatus::Overdue;
            context.save(Checkpoint::Processor(state), Vec::new()).await?;
        }
        Ok(Ran::NotBefore(again_at))
    }

    fn alert(&self, context: &StepContext, reason: &str) {
        let (job, step) = (context.job.id.clone(), context.step.kind);
        self.alerts.raise(&Alert { job, step, reason: Some(reason.to_owned()) });
    }
}
