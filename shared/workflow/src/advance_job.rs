//! Runs one step of one job: look, claim, act, commit, nudge. Every crash between any two of these is repaired by the sweep.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use domain::job::{Decision, Job, Outcome, decide};
use domain::record::Record;
use domain::step::{Nudge, Step, StepKind, StepState};
use domain::transition::{Cause, Expect, TransitionBuilder};
use jiff::{SignedDuration, Timestamp};

use crate::following::{create_steps, done_step, settle_waiting};
use crate::gate::{gate_after, gate_is_open, gate_nudge, is_open, steps_of};
use crate::nudging::nudge_best_effort;
use crate::ports::{Alert, Alerts, CommitError, PortError};
use crate::step_context::{StepContext, StepPorts};
use crate::step_error::StepError;

mod ending;
mod holding;
mod pass;
mod signed;

pub use self::pass::{MOST_IN_PASS, Pass};

/// Claims without progress after which a person must look.
pub const MAX_ATTEMPTS: u32 = 10;
/// Slices without progress after which a person must look.
pub const MAX_STALLS: u32 = 3;
/// How often an outcome is decided anew because the job moved meanwhile.
const MAX_DECISIONS: u32 = 5;

/// How a run of a step ended, when it did not fail.
#[derive(Debug)]
pub enum Ran {
    /// The step is done.
    Done(Outcome),
    /// The slice is over; progress was saved with `StepContext::save`.
    Continue,
    /// It is too early; the step comes again then.
    NotBefore(Timestamp),
}

/// One kind of step. It may run twice; what it does outside our tables carries the key job + step.
#[async_trait]
pub trait RunStep: Send + Sync {
    /// The kinds it runs.
    fn kinds(&self) -> &'static [StepKind];

    /// Acts.
    async fn run(&self, context: &mut StepContext) -> Result<Ran, StepError>;

    /// Steps of the same kind, of other jobs of the tenant, that are best carried out in one go with this one.
    async fn companions(&self, _: &mut StepContext) -> Result<Vec<Nudge>, StepError> {
        Ok(Vec::new())
    }

    /// Acts for several claimed steps in one go, and ends each.
    async fn run_together(&self, pass: &mut Pass<'_>) {
        for place in 0..pass.len() {
            let Some(context) = pass.member(place) else { continue };
            let ended = self.run(context).await;
            pass.end(place, ended).await;
        }
    }
}

/// Advances jobs, one step per nudge.
pub struct AdvanceJob {
    // Dependencies.
    ports: StepPorts,
    alerts: Arc<dyn Alerts>,
    steps: BTreeMap<StepKind, Arc<dyn RunStep>>,
    // Configuration.
    lease: SignedDuration,
}

/// A claim that could not be had, and why that is fine.
enum NotClaimed {
    /// Nothing to do: done, leased by another, waiting, or gone.
    Stop,
    /// The store failed.
    Failed(StepError),
}

impl From<CommitError> for NotClaimed {
    fn from(error: CommitError) -> Self {
        match error {
            CommitError::Conflict { .. } | CommitError::LimitReached { .. } => Self::Stop,
            CommitError::Port(error) => Self::Failed(error.into()),
        }
    }
}

impl From<PortError> for NotClaimed {
    fn from(error: PortError) -> Self {
        Self::Failed(error.into())
    }
}

impl AdvanceJob {
    /// An engine that runs no step yet.
    #[must_use]
    pub const fn new(ports: StepPorts, alerts: Arc<dyn Alerts>, lease: SignedDuration) -> Self {
        Self { ports, alerts, steps: BTreeMap::new(), lease }
    }

    /// Lets the engine run a kind of step.
    #[must_use]
    pub fn runs(mut self, step: impl RunStep + 'static) -> Self {
        let step: Arc<dyn RunStep> = Arc::new(step);
        for kind in step.kinds() {
            self.steps.insert(*kind, Arc::clone(&step));
        }
        self
    }

    /// Looks at the step a nudge names and runs it if it is due. May be called any number of times.
    ///
    /// # Errors
    /// `Retry` if the message should come again; everything else is committed and acknowledged.
    pub async fn once(&self, nudge: &Nudge, slice_ends_at: Timestamp) -> Result<(), StepError> {
        let now = self.ports.clock.now();
        // On the heap, as what runs it: both are much larger than what waits for them.
        let context = match Box::pin(self.claim(nudge, now, slice_ends_at)).await {
            Ok(context) => context,
            Err(NotClaimed::Stop) => return Ok(()),
            Err(NotClaimed::Failed(StepError::Park { .. } | StepError::Lost)) => return Ok(()),
            Err(NotClaimed::Failed(error)) => return Err(error),
        };
        let Some(step) = self.steps.get(&context.step.kind) else {
            return self.park(&context, "no function runs this step").await;
        };
        Box::pin(self.run_claimed(step.as_ref(), context)).await
    }

    async fn claim(&self, nudge: &Nudge, now: Timestamp, slice_ends_at: Timestamp) -> Result<StepContext, NotClaimed> {
        let job_key = domain::key::TenantKey::job(&nudge.tenant, &nudge.job);
        let found = self.ports.store.load(&[job_key, nudge.step_key()]).await?;
        let mut found = found.into_iter();
        let (Some(Some(Record::Job(job))), Some(Some(Record::Step(step)))) = (found.next(), found.next()) else {
            return Err(NotClaimed::Stop);
        };
        let (job, step) = (*job, *step);
        if step.state == StepState::Parked {
            return Err(self.parked_still(job, step, now, slice_ends_at).await);
        }
        if !self.is_due(&step, now).await? {
            return Err(NotClaimed::Stop);
        }
        let unclaimed = StepContext::new(self.ports.clone(), job, step, now, slice_ends_at, self.lease);
        if unclaimed.step.kind.needs_open_job() && !unclaimed.job.is_open() {
            self.settle(&unclaimed, Expect::Version(unclaimed.step.version)).await.map_err(NotClaimed::Failed)?;
            return Err(NotClaimed::Stop);
        }
        if unclaimed.step.attempts >= MAX_ATTEMPTS {
            let reason = format!("gave up after {MAX_ATTEMPTS} attempts");
            let expect = Expect::Version(unclaimed.step.version);
            self.park_expecting(&unclaimed, &reason, expect).await.map_err(NotClaimed::Failed)?;
            return Err(NotClaimed::Stop);
        }
        self.take_lease(unclaimed).await
    }

    /// A parked step goes quiet once its job has ended; until then its alert is repeated.
    async fn parked_still(&self, job: Job, step: Step, now: Timestamp, slice_ends_at: Timestamp) -> NotClaimed {
        if job.is_open() {
            self.alerts.raise(&Alert { job: job.id, step: step.kind, reason: None });
            return NotClaimed::Stop;
        }
        let expect = Expect::Version(step.version);
        let context = StepContext::new(self.ports.clone(), job, step, now, slice_ends_at, self.lease);
        self.settle(&context, expect).await.map_or_else(NotClaimed::Failed, |()| NotClaimed::Stop)
    }

    async fn is_due(&self, step: &Step, now: Timestamp) -> Result<bool, NotClaimed> {
        if step.kind.is_gate() && step.state == StepState::Waiting {
            return Ok(gate_is_open(self.ports.store.as_ref(), step).await?);
        }
        Ok(step.is_claimable(now))
    }

    async fn take_lease(&self, mut context: StepContext) -> Result<StepContext, NotClaimed> {
        let lease_until = context.now + self.lease;
        let before = context.step.clone();
        let claimed = Step {
            state: StepState::Claimed,
            fence: before.fence + 1,
            attempts: before.attempts + 1,
            lease_until: Some(lease_until),
            next_check_at: Some(lease_until),
            ..before.clone()
        };
        let mut builder = context.transition(Cause::worker(context.now));
        let nonce = builder.op_nonce().clone();
        builder.update_step(&before, claimed.clone(), Expect::Version(before.version));
        let job = holding::claim(&mut builder, &context.job, &claimed, lease_until);
        let transition = builder.build();
        match self.ports.store.commit(&transition).await {
            Ok(()) => {}
            Err(CommitError::Conflict { at }) => return Err(self.refused_claim(&context, &transition, &at).await),
            Err(error) => return Err(error.into()),
        }
        context.step = Step { version: before.version + 1, op_nonce: nonce.clone(), ..claimed };
        if let Some(job) = job {
            context.job = Job { version: job.version + 1, op_nonce: nonce, ..job };
        }
        Ok(context)
    }

    /// Commits an outcome with what follows from it; decides anew if the job moved meanwhile.
    async fn finish(&self, context: &StepContext, outcome: &Outcome) -> Result<(), StepError> {
        let mut job = context.job.clone();
        for _ in 0..MAX_DECISIONS {
            let now = self.ports.clock.now();
            let decision = decide(&job, outcome, now);
            let (mut builder, created) = self.outcome_transition(context, &job, &decision, now).await?;
            if let Some((event_type, receipt)) = signed::receipt_of(outcome) {
                builder.receipt_event(&job.id, event_type, &receipt.sha256);
            }
            match self.ports.store.commit(&builder.build()).await {
                Ok(()) => return self.after_finish(context, &created).await,
                Err(CommitError::Conflict { .. }) => {}
                Err(error) => return Err(error.into()),
            }
            let current = self.reload(context).await?;
            if current.1.fence != context.step.fence || current.1.version != context.step.version {
                return Err(StepError::Lost);
            }
            if context.step.kind.needs_open_job() && !current.0.is_open() {
                return Err(StepError::Lost);
            }
            job = current.0;
        }
        Err(StepError::Retry { source: None })
    }

    async fn outcome_transition(
        &self,
        context: &StepContext,
        job: &Job,
        decision: &Decision,
        now: Timestamp,
    ) -> Result<(TransitionBuilder, Vec<Step>), StepError> {
        let mut builder = context.transition(Cause::worker(now));
        let nonce = builder.op_nonce().clone();
        let done = done_step(&context.step, now);
        builder.update_step(&context.step, done, Expect::Fence(context.step.fence));
        if let Some(after) = &decision.job {
            builder.update_job(job, Job::clone(after));
        } else if context.step.kind.needs_open_job() {
            builder.check(job.key(), Expect::OpenJob);
        }
        let created = create_steps(&mut builder, job, decision, &nonce, now);
        holding::end_claims(&mut builder, &context.job, &context.step);
        holding::keep_free(&mut builder, context);
        let settles: Vec<StepKind> =
            decision.settles.iter().copied().filter(|kind| *kind != context.step.kind).collect();
        settle_waiting(&self.ports, &mut builder, job, &settles, now).await?;
        Ok((builder, created))
    }

    async fn after_finish(&self, context: &StepContext, created: &[Step]) -> Result<(), StepError> {
        let mut nudges: Vec<Nudge> =
            created.iter().filter(|step| step.state == StepState::Ready).map(Nudge::for_step).collect();
        nudges.extend(self.gate_if_open(context).await);
        nudge_best_effort(self.ports.queue.as_ref(), &nudges).await;
        Ok(())
    }

    /// Best effort like every nudge: the sweep looks at the waiting gate as well.
    async fn gate_if_open(&self, context: &StepContext) -> Option<Nudge> {
        let (tenant, job) = (&context.job.tenant, &context.job.id);
        if context.job.restriction.is_some() {
            // Nothing is collected, so nothing waits.
            return None;
        }
        let gate = gate_after(context.step.kind, context.job.erasure.is_some())?;
        // A plan may be made anew, the end of an erasure comes once.
        let plan = context.job.erasure.as_ref().map_or(0, |erasure| erasure.generation);
        let round = if gate == StepKind::Conclude { 0 } else { plan };
        match steps_of(self.ports.store.as_ref(), tenant, job).await {
            Ok(steps) => is_open(&steps, gate, round).then(|| gate_nudge(tenant, job, gate, round)),
            Err(error) => {
                tracing::warn!(error = %error, "shards were not counted; the sweep will look");
                None
            }
        }
    }

    async fn reload(&self, context: &StepContext) -> Result<(Job, Step), StepError> {
        let found = self.ports.store.load(&[context.job.key(), context.step.key()]).await?;
        let mut found = found.into_iter();
        match (found.next(), found.next()) {
            (Some(Some(Record::Job(job))), Some(Some(Record::Step(step)))) => Ok((*job, *step)),
            _ => Err(StepError::Lost),
        }
    }
}
