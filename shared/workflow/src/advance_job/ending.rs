//! How a claim ends without an outcome: the slice is over, the step failed, a person must look, the job has ended.

use domain::job::{Job, JobStatus, NUDGE_GRACE};
use domain::step::{Nudge, Step, StepKind, StepState};
use domain::transition::{Cause, Expect};
use jiff::{SignedDuration, Timestamp};

use super::holding::end_claims;
use super::{AdvanceJob, MAX_DECISIONS, MAX_STALLS, Ran};
use crate::following::done_step;
use crate::nudging::{nudge_best_effort, nudge_later};
use crate::ports::{Alert, CommitError, PortError};
use crate::step_context::StepContext;
use crate::step_error::StepError;

/// How soon the alert of a parked step is repeated.
const ALERT_AGAIN: SignedDuration = SignedDuration::from_mins(5);

/// When a released step comes again.
#[derive(Debug, Clone, Copy)]
enum Again {
    /// At once.
    Now,
    /// In so many seconds.
    In(u32),
    /// At a time.
    At(Timestamp),
}

impl AdvanceJob {
    /// Ends a claim as its run ended.
    pub(super) async fn end(&self, context: &StepContext, ended: Result<Ran, StepError>) -> Result<(), StepError> {
        let ended = match ended {
            Ok(Ran::Done(outcome)) => self.finish(context, &outcome).await,
            Ok(Ran::Continue) => self.go_on(context).await,
            Ok(Ran::NotBefore(at)) => self.wait_until(context, at).await,
            Err(error) => Err(error),
        };
        let ended = match ended {
            Ok(()) => Ok(()),
            Err(StepError::Retry { source }) => self.try_again(context, source).await,
            Err(StepError::Park { reason }) => self.park(context, &reason).await,
            Err(StepError::Lost) => self.settle_if_ended(context).await,
        };
        self.look_after_holds(context).await;
        ended
    }

    /// Ends a slice: the step is ready again and nudges itself.
    async fn go_on(&self, context: &StepContext) -> Result<(), StepError> {
        let stalls = if context.progressed { 0 } else { context.step.stalls + 1 };
        if stalls >= MAX_STALLS {
            return Err(StepError::park(format!("{MAX_STALLS} slices ended without progress")));
        }
        let attempts = if context.progressed { 0 } else { context.step.attempts };
        self.release(context, Step { stalls, attempts, ..context.step.clone() }, Again::Now, "slice ended").await
    }

    async fn wait_until(&self, context: &StepContext, at: Timestamp) -> Result<(), StepError> {
        let step = Step { attempts: 0, ..context.step.clone() };
        self.release(context, step, Again::At(at), "too early").await
    }

    /// Gives the claim back and comes again later: 2, 4, 8 … seconds, five minutes at most.
    async fn try_again(&self, context: &StepContext, source: Option<PortError>) -> Result<(), StepError> {
        let delay = 2_u32.saturating_pow(context.step.attempts.min(8)).min(300);
        if let Some(error) = &source {
            tracing::warn!(error = %error, job = %context.job.id, step = %context.step.kind, "step will be tried again");
        }
        match self.release(context, context.step.clone(), Again::In(delay), "failed, will be tried again").await {
            Ok(()) => Ok(()),
            Err(StepError::Lost) => self.settle_if_ended(context).await,
            Err(StepError::Retry { .. } | StepError::Park { .. }) => Err(StepError::Retry { source }),
        }
    }

    async fn release(&self, context: &StepContext, step: Step, again: Again, reason: &str) -> Result<(), StepError> {
        let now = self.ports.clock.now();
        let (state, at) = match again {
            Again::Now => (StepState::Ready, now + NUDGE_GRACE),
            Again::In(seconds) => (StepState::Waiting, now + SignedDuration::from_secs(i64::from(seconds))),
            Again::At(at) => (StepState::Waiting, at),
        };
        let not_before = (state == StepState::Waiting).then_some(at);
        let after = Step { state, lease_until: None, not_before, next_check_at: Some(at), ..step };
        let mut builder = context.transition(Cause::worker(now).because(reason));
        builder.update_step(&context.step, after.clone(), Expect::Fence(context.step.fence));
        if context.step.kind.needs_open_job() {
            builder.check(context.job.key(), Expect::OpenJob);
        }
        end_claims(&mut builder, &context.job, &context.step);
        self.ports.store.commit(&builder.build()).await?;
        let nudge = [Nudge::for_step(&after)];
        match again {
            Again::Now => nudge_best_effort(self.ports.queue.as_ref(), &nudge).await,
            Again::In(seconds) => nudge_later(self.ports.queue.as_ref(), &nudge, seconds).await,
            // The sweep's index remembers; a queue can't wait that long.
            Again::At(_) => {}
        }
        Ok(())
    }

    pub(super) async fn park(&self, context: &StepContext, reason: &str) -> Result<(), StepError> {
        match self.park_expecting(context, reason, Expect::Fence(context.step.fence)).await {
            Err(StepError::Lost) => self.settle_if_ended(context).await,
            ended => ended,
        }
    }

    /// Commits "a person must look", with the alert's line in the log.
    pub(super) async fn park_expecting(
        &self,
        context: &StepContext,
        reason: &str,
        expect: Expect,
    ) -> Result<(), StepError> {
        for _ in 0..MAX_DECISIONS {
            let (job, _) = self.reload(context).await?;
            if context.step.kind.needs_open_job() && !job.is_open() {
                return self.settle(context, expect).await;
            }
            let now = self.ports.clock.now();
            // The sweep keeps looking at a parked step, so that its alert is repeated until somebody has acted.
            let parked = Step {
                state: StepState::Parked,
                lease_until: None,
                next_check_at: Some(now + ALERT_AGAIN),
                ..context.step.clone()
            };
            let mut builder = context.transition(Cause::worker(now).because(reason));
            builder.update_step(&context.step, parked, expect);
            if context.step.kind.decides_job() && job.is_open() {
                builder.update_job(&job, needs_human(&job, context.step.kind, reason));
            }
            end_claims(&mut builder, &context.job, &context.step);
            match self.ports.store.commit(&builder.build()).await {
                Ok(()) => {
                    let reason = Some(reason.to_owned());
                    self.alerts.raise(&Alert { job: job.id, step: context.step.kind, reason });
                    return Ok(());
                }
                Err(CommitError::Conflict { at }) if at.contains(&1) && at.len() == 1 => return Err(StepError::Lost),
                Err(CommitError::Conflict { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(StepError::Retry { source: None })
    }

    /// After a lost claim: if the job has ended under the step, the step is over too.
    pub(super) async fn settle_if_ended(&self, context: &StepContext) -> Result<(), StepError> {
        let (job, step) = match self.reload(context).await {
            Ok(current) => current,
            Err(StepError::Lost) => return Ok(()),
            Err(error) => return Err(error),
        };
        let ours = step.fence == context.step.fence && step.version == context.step.version;
        if ours && step.kind.needs_open_job() && !job.is_open() {
            return self.settle(context, Expect::Fence(context.step.fence)).await;
        }
        Ok(())
    }

    pub(super) async fn settle(&self, context: &StepContext, expect: Expect) -> Result<(), StepError> {
        let now = self.ports.clock.now();
        let mut builder = context.transition(Cause::worker(now).because("the job has ended"));
        builder.update_step(&context.step, done_step(&context.step, now), expect);
        match self.ports.store.commit(&builder.build()).await {
            Ok(()) | Err(CommitError::Conflict { .. } | CommitError::LimitReached { .. }) => Ok(()),
            Err(CommitError::Port(error)) => Err(error.into()),
        }
    }
}

/// The job of a step that is parked. One that needs a person already is written too: whoever starts it again meanwhile
/// has not seen this step, and must look again.
fn needs_human(job: &Job, kind: StepKind, reason: &str) -> Job {
    if !job.status.may_become(JobStatus::NeedsHuman) {
        return job.clone();
    }
    Job { status: JobStatus::NeedsHuman, parked_because: Some(format!("{kind}: {reason}")), ..job.clone() }
}
