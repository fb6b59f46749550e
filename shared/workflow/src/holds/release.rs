//! Releasing a hold: by an officer who neither placed it nor asked for or approved what it stops (INV-E1).

use domain::hold::{Hold, HoldStatus};
use domain::ids::{HoldId, OpNonce};
use domain::job::{Job, NUDGE_GRACE};
use domain::record::Record;
use domain::request::RequestType;
use domain::role::{Permission, Pseudonym};
use domain::step::{Nudge, Step, StepState};
use domain::transition::{Cause, Expect, TransitionBuilder};

use super::settling::{persist, settle};
use super::{HoldView, Holds, guards_of, view};
use crate::caller::Caller;
use crate::gate::steps_of;
use crate::nudging::nudge_best_effort;
use crate::ports::{CommitError, JobFilter, PortError};
use crate::refusal::Refusal;

/// How often a release is decided anew because the hold moved meanwhile.
const MAX_DECISIONS: u32 = 5;
/// Jobs listed, and loaded, at once.
const JOBS_AT_ONCE: usize = 100;
/// Steps woken in one transaction: two items each, and the store takes a hundred.
const STEPS_AT_ONCE: usize = 40;

impl Holds {
    /// Releases a hold; what waited for it goes on by itself.
    ///
    /// # Errors
    /// `NotFound` for unknown and foreign holds alike, `Forbidden` without the permission, `Reserved` for those who may
    /// not release this one, `HoldReleased` if it is over.
    pub async fn release(&self, caller: &Caller, id: &HoldId) -> Result<HoldView, Refusal> {
        let secrets = self.allowed(caller, Permission::HoldRelease).await?;
        let tenant = &caller.principal.tenant;
        let entropy = self.ports.entropy.as_ref();
        let actor = secrets.pseudonym(&caller.principal.subject);
        for _ in 0..MAX_DECISIONS {
            let found = self.ports.store.load(&[Hold::key_of(tenant, id)]).await?;
            let hold = found.into_iter().flatten().find_map(Record::into_hold).ok_or(Refusal::NotFound)?;
            if hold.status == HoldStatus::Released && hold.cleared {
                return Err(Refusal::HoldReleased);
            }
            let stopped = self.stopped_by(&hold).await?;
            refuse_the_concerned(&hold, &stopped, &actor)?;
            let released = if hold.status == HoldStatus::Released {
                // Somebody released it and died on the way: what is left to do is done below.
                Some(*hold)
            } else {
                self.write_release(caller.cause(&secrets, entropy, self.ports.clock.now()), &hold, &actor).await?
            };
            let Some(released) = released else { continue };
            let (hold, in_flight) = settle(&self.ports, released).await?;
            for job in &stopped {
                if let Err(error) = self.wake(job, caller.cause(&secrets, entropy, self.ports.clock.now())).await {
                    tracing::warn!(error = %error, job = %job.id, "a held job was not woken; it looks again by itself");
                }
            }
            return view(&secrets, hold, in_flight);
        }
        Err(Refusal::Busy)
    }

    /// `None` if the hold moved meanwhile.
    async fn write_release(&self, cause: Cause, hold: &Hold, actor: &Pseudonym) -> Result<Option<Hold>, Refusal> {
        let entropy = self.ports.entropy.as_ref();
        let after = Hold {
            status: HoldStatus::Released,
            released_by: Some(actor.clone()),
            released_at: Some(cause.at),
            ..hold.clone()
        };
        let op_nonce = OpNonce::new(entropy.bytes());
        let mut builder = TransitionBuilder::new(&hold.tenant, op_nonce.clone(), cause, entropy.bytes());
        builder.write_hold(Some(hold), after.clone());
        match persist(&self.ports, &builder.build()).await {
            Ok(()) => Ok(Some(Hold { version: hold.version + 1, op_nonce, ..after })),
            Err(CommitError::Conflict { .. } | CommitError::LimitReached { .. }) => Ok(None),
            Err(CommitError::Port(error)) => Err(error.into()),
        }
    }

    /// Open erasures and rectifications that the hold covers. Found through an index, then read from the table; a job made a moment ago may
    /// be missing, but that has no approval yet.
    async fn stopped_by(&self, hold: &Hold) -> Result<Vec<Job>, Refusal> {
        let mut stopped = Vec::new();
        for request_type in RequestType::ALL.iter().copied().filter(|it| it.changes_data()) {
            self.add_stopped(hold, request_type, &mut stopped).await?;
        }
        Ok(stopped)
    }

    async fn add_stopped(&self, hold: &Hold, of: RequestType, stopped: &mut Vec<Job>) -> Result<(), Refusal> {
        let store = self.ports.store.as_ref();
        let filter = JobFilter { request_type: Some(of), ..JobFilter::default() };
        let guards = hold.scope.guards();
        let mut after: Option<String> = None;
        loop {
            let page = store.list_jobs(&hold.tenant, &filter, after.as_deref(), JOBS_AT_ONCE).await?;
            let keys: Vec<_> = page.jobs.iter().filter(|job| job.is_open()).map(Job::key).collect();
            if !keys.is_empty() {
                let jobs = store.load(&keys).await?.into_iter().flatten().filter_map(Record::into_job);
                let covered = |job: &Job| guards_of(job).iter().any(|scope| guards.contains(scope));
                stopped.extend(jobs.map(|job| *job).filter(|job| job.is_open() && covered(job)));
            }
            after = page.next;
            if after.is_none() {
                return Ok(());
            }
        }
    }

    /// Makes what waits in an erasure ready and nudges it. Best effort: a held step looks again by itself.
    async fn wake(&self, job: &Job, cause: Cause) -> Result<(), PortError> {
        let ports = &self.ports;
        let steps = steps_of(ports.store.as_ref(), &job.tenant, &job.id).await?;
        let is_held = |step: &Step| step.kind.erases() && step.state == StepState::Waiting;
        let held: Vec<Step> = steps.into_iter().filter(is_held).collect();
        for batch in held.chunks(STEPS_AT_ONCE) {
            let entropy = ports.entropy.as_ref();
            let cause = cause.clone().because("the legal hold is released");
            let next_check_at = Some(cause.at + NUDGE_GRACE);
            let mut builder =
                TransitionBuilder::new(&job.tenant, OpNonce::new(entropy.bytes()), cause, entropy.bytes());
            builder.check(job.key(), Expect::OpenJob);
            for step in batch {
                let ready = Step { state: StepState::Ready, not_before: None, next_check_at, ..step.clone() };
                builder.update_step(step, ready, Expect::Version(step.version));
            }
            match ports.store.commit(&builder.build()).await {
                Ok(()) => {}
                // It moved by itself, or comes again within its quarter of an hour.
                Err(CommitError::Conflict { .. } | CommitError::LimitReached { .. }) => continue,
                Err(CommitError::Port(error)) => return Err(error),
            }
            let nudges: Vec<Nudge> = batch.iter().map(Nudge::for_step).collect();
            nudge_best_effort(ports.queue.as_ref(), &nudges).await;
        }
        Ok(())
    }
}

/// Four eyes: nobody undoes the own hold, and nobody frees the own erasure.
fn refuse_the_concerned(hold: &Hold, stopped: &[Job], actor: &Pseudonym) -> Result<(), Refusal> {
    if hold.placed_by == *actor {
        return Err(Refusal::Reserved { to: "an officer who did not place the hold" });
    }
    let approved = |job: &Job| {
        let approval = job.erasure.as_ref().and_then(|erasure| erasure.approval.as_ref());
        approval.is_some_and(|approval| approval.by == *actor)
    };
    if stopped.iter().any(|job| job.requester == *actor || approved(job)) {
        return Err(Refusal::Reserved { to: "an officer who neither asked for nor approved an erasure that it stops" });
    }
    Ok(())
}
