//! What legal holds do to claims (INV-E1): whoever erases checks the guards in the claim's own transaction, and leaves
//! a claim item beside each, so that whoever places a hold finds what had begun before (INV-E2).

use std::collections::BTreeSet;

use domain::hold::{Claim, Guard, GuardScope};
use domain::job::{Job, JobStatus};
use domain::key::TenantKey;
use domain::record::Record;
use domain::step::{Nudge, Step, StepState};
use domain::transition::{Cause, Change, Expect, Transition, TransitionBuilder};
use jiff::{SignedDuration, Timestamp};

use super::{AdvanceJob, NotClaimed};
use crate::holds::{guards_of, settle_behind};
use crate::nudging::nudge_later;
use crate::ports::{CommitError, PortError};
use crate::step_context::StepContext;

/// How soon a step that is held looks again; a release wakes it at once.
const LOOK_AGAIN: SignedDuration = SignedDuration::from_mins(15);

/// Guards of what a step changes; none for steps that erase nothing, nor where a processor is told of an objection.
fn guards(job: &Job, step: &Step) -> BTreeSet<GuardScope> {
    if step.kind.erases() && job.restriction.is_none() { guards_of(job) } else { BTreeSet::new() }
}

/// Adds what a claim asks of its job and of the guards. A job that was held goes on with the claim: its next state.
pub(super) fn claim(builder: &mut TransitionBuilder, job: &Job, claimed: &Step, lease_until: Timestamp) -> Option<Job> {
    let goes_on = claimed.kind.erases() && job.status == JobStatus::OnHold;
    let after = goes_on.then(|| Job { status: JobStatus::InProgress, ..job.clone() });
    match &after {
        Some(after) => builder.update_job(job, after.clone()),
        None if claimed.kind.needs_open_job() => builder.check(job.key(), Expect::OpenJob),
        None => {}
    }
    for scope in guards(job, claimed) {
        builder.check(Guard::key_of(&job.tenant, &scope, Guard::copy_of(&job.id)), Expect::NoHold);
        builder.put(Record::Claim(Claim::of(claimed, scope, lease_until)), Expect::Any);
    }
    after
}

/// Removes the claim items of a step that is claimed no longer; only in the transaction that ends the claim.
pub(super) fn end_claims(builder: &mut TransitionBuilder, job: &Job, step: &Step) {
    for scope in guards(job, step) {
        builder.delete(Claim::key_of(step, &scope));
    }
}

/// Asks that nothing has come behind the guards that the outcome of a step was made without.
pub(super) fn keep_free(builder: &mut TransitionBuilder, context: &StepContext) {
    for guard in &context.needs_free {
        builder.check(guard.clone(), Expect::NoHold);
    }
}

/// The guards that refused a transition.
fn refused_guards(transition: &Transition, at: &[usize]) -> Vec<TenantKey> {
    let guard = |position: &usize| match transition.changes.get(*position) {
        Some(Change::Check { key, expect: Expect::NoHold }) => Some(key.clone()),
        Some(
            Change::Put { .. }
            | Change::Delete { .. }
            | Change::Add { .. }
            | Change::Guard { .. }
            | Change::Check { .. },
        )
        | None => None,
    };
    at.iter().filter_map(guard).collect()
}

impl AdvanceJob {
    /// After a refused claim: a held step waits, everything else is somebody else's.
    pub(super) async fn refused_claim(
        &self,
        context: &StepContext,
        transition: &Transition,
        at: &[usize],
    ) -> NotClaimed {
        let held_by = refused_guards(transition, at);
        if held_by.is_empty() {
            // Several shards of a job that was held go on at once; one moves the job, the others come again.
            if context.job.status == JobStatus::OnHold {
                nudge_later(self.ports.queue.as_ref(), &[Nudge::for_step(&context.step)], 1).await;
            }
            return NotClaimed::Stop;
        }
        if let Err(error) = self.hold_back(context).await {
            return error.into();
        }
        self.settle_holds(&held_by).await;
        NotClaimed::Stop
    }

    /// The step waits, its job is on hold. The fence of a claim whose lease has ended is raised: it is over for good.
    async fn hold_back(&self, context: &StepContext) -> Result<(), PortError> {
        let (job, before) = (&context.job, &context.step);
        let now = self.ports.clock.now();
        let at = now + LOOK_AGAIN;
        let waiting = Step {
            state: StepState::Waiting,
            fence: before.fence + u64::from(before.state == StepState::Claimed),
            lease_until: None,
            not_before: Some(at),
            next_check_at: Some(at),
            ..before.clone()
        };
        let mut builder = context.transition(Cause::worker(now).because("a legal hold stops it"));
        builder.update_step(before, waiting, Expect::Version(before.version));
        if job.status.may_become(JobStatus::OnHold) {
            builder.update_job(job, Job { status: JobStatus::OnHold, ..job.clone() });
        } else if before.kind.needs_open_job() {
            builder.check(job.key(), Expect::OpenJob);
        }
        end_claims(&mut builder, job, before);
        match self.ports.store.commit(&builder.build()).await {
            // Moved meanwhile: the sweep looks again.
            Ok(()) | Err(CommitError::Conflict { .. } | CommitError::LimitReached { .. }) => Ok(()),
            Err(CommitError::Port(error)) => Err(error),
        }
    }

    /// After a claim that erased: a hold that waited for its end may be effective now.
    pub(super) async fn look_after_holds(&self, context: &StepContext) {
        let (tenant, job) = (&context.job.tenant, &context.job);
        let scopes = guards(job, &context.step);
        let keys: Vec<TenantKey> =
            scopes.iter().map(|scope| Guard::key_of(tenant, scope, Guard::copy_of(&job.id))).collect();
        if !keys.is_empty() {
            self.settle_holds(&keys).await;
        }
    }

    /// Best effort: whoever lists or releases holds settles them too.
    async fn settle_holds(&self, guards: &[TenantKey]) {
        if let Err(error) = settle_behind(&self.ports, guards).await {
            tracing::warn!(error = %error, "holds were not looked after; their list will");
        }
    }
}
