//! What people do to a job: start it, take it back, refuse it, give it to someone, note something.

use domain::ids::{JobId, OpNonce};
use domain::job::{Decision, Job, JobStatus, Outcome, decide, ready};
use domain::role::{Permission, Pseudonym};
use domain::sensitive::Sensitive;
use domain::step::{Nudge, Step, StepState};
use domain::transition::{Cause, Expect, TransitionBuilder};
use jiff::Timestamp;

use crate::caller::Caller;
use crate::following::{create_steps, settle_waiting};
use crate::gate::steps_of;
use crate::holds::is_held;
use crate::nudging::nudge_best_effort;
use crate::ports::CommitError;
use crate::read_jobs::job_of;
use crate::refusal::Refusal;
use crate::step_context::StepPorts;
use crate::words::keep_words;

mod restricting;

/// How often an act is decided anew because the job moved meanwhile.
const MAX_DECISIONS: u32 = 5;
/// Parked steps started again in one transaction: two items each, and the store takes a hundred.
const STEPS_AT_ONCE: usize = 40;

/// An act on a job.
#[derive(Debug, Clone)]
pub enum Act {
    /// Start processing by hand, or start again from `needs_human`.
    Process,
    /// Take the request back.
    Cancel,
    /// Refuse the request.
    Reject {
        /// Why, for the person.
        reason: String,
    },
    /// Give the job to somebody, named by the `sub` of their tokens.
    Assign {
        /// The person.
        assignee: Sensitive<String>,
    },
    /// Approve the plan of an erasure.
    Approve {
        /// The plan that was looked at.
        plan_hash: String,
    },
    /// Uphold an objection (GDPR Art. 21(1)).
    Uphold {
        /// Why.
        reason: String,
    },
    /// End a restriction, once the person has been told (GDPR Art. 18(3)).
    Lift {
        /// Why, for the person.
        reason: String,
        /// How the person was told by other means.
        told_by: Option<String>,
    },
    /// Keep a note with the job.
    Note {
        /// The note.
        note: String,
    },
}

impl Act {
    const fn needs(&self) -> Permission {
        match self {
            Self::Process => Permission::AdminSystemConfig,
            Self::Cancel | Self::Reject { .. } => Permission::JobDelete,
            Self::Approve { .. } | Self::Uphold { .. } | Self::Lift { .. } => Permission::JobApprove,
            Self::Assign { .. } | Self::Note { .. } => Permission::JobUpdate,
        }
    }
}

/// Acts on jobs.
pub struct ActOnJob {
    // Dependencies.
    /// What every use case runs on.
    pub ports: StepPorts,
    // Configuration.
    /// Grace periods end at full multiples of so many hours; 0 ends each by itself.
    pub pass_hours: u16,
}

/// Who acts on a job, or is named by the act.
struct Doer {
    who: Pseudonym,
    /// Whether it is the person the job is about, or the owner of the organisation.
    is_own: bool,
}

/// What an act writes.
struct Written {
    decision: Decision,
    restarted: Vec<(Step, Step)>,
}

impl ActOnJob {
    /// Acts, and answers with the job as written.
    ///
    /// # Errors
    /// `NotFound` for jobs the caller may not see, `Forbidden` without the permission, `WrongState` where the job's
    /// state does not allow the act.
    pub async fn act(&self, caller: &Caller, id: &JobId, act: &Act) -> Result<Job, Refusal> {
        self.act_saying(caller, id, act, None).await
    }

    /// The same, with words of the caller that are kept with the event of the act.
    ///
    /// # Errors
    /// As [`Self::act`].
    pub async fn act_saying(
        &self,
        caller: &Caller,
        id: &JobId,
        act: &Act,
        words: Option<&Sensitive<String>>,
    ) -> Result<Job, Refusal> {
        let tenant = &caller.principal.tenant;
        let now = self.ports.clock.now();
        let secrets = self.ports.keyring.tenant(tenant, now).await?;
        let mut written_so_far = None;
        for _ in 0..MAX_DECISIONS {
            let job = job_of(self.ports.store.as_ref(), tenant, id).await?;
            if !caller.may_see(&job, &secrets) {
                return Err(Refusal::NotFound);
            }
            let own = caller.is_subject_of(&job, &secrets)
                || caller.owns_organization_of(&job)
                || caller.ordered(&job, &secrets);
            let own_cancel = matches!(act, Act::Cancel | Act::Lift { .. }) && own;
            if !caller.principal.may(act.needs()) && !own_cancel {
                return Err(Refusal::Forbidden { needs: vec![act.needs()] });
            }
            let actor = secrets.pseudonym(&caller.principal.subject);
            // Four eyes: whoever asked for the erasure does not approve it (INV-E1 asks the same of holds).
            if matches!(act, Act::Approve { .. } | Act::Uphold { .. }) && (own || job.requester == actor) {
                return Err(Refusal::Reserved { to: "an officer who did not ask for it" });
            }
            if matches!(act, Act::Approve { .. }) && is_held(&self.ports, &job).await? {
                return Err(Refusal::Held);
            }
            let who = if let Act::Assign { assignee } = act { secrets.pseudonym(assignee) } else { actor };
            let written = self.decide(&job, act, Doer { who, is_own: own }, now).await?;
            match self.commit(&job, written, caller.cause(&secrets, self.ports.entropy.as_ref(), now), words).await {
                // More parked steps than one transaction takes: the rest follows.
                Ok(job) if job.status == JobStatus::NeedsHuman && matches!(act, Act::Process) => {
                    written_so_far = Some(job);
                }
                Ok(job) => return Ok(job),
                Err(CommitError::Conflict { .. }) => {}
                Err(CommitError::LimitReached { .. }) => return Err(Refusal::Busy),
                Err(CommitError::Port(error)) => return Err(error.into()),
            }
        }
        written_so_far.ok_or(Refusal::Busy)
    }

    async fn decide(&self, job: &Job, act: &Act, doer: Doer, now: Timestamp) -> Result<Written, Refusal> {
        let wrong = || Refusal::WrongState { status: job.status };
        let plain = |decision| Written { decision, restarted: Vec::new() };
        let begun = job.erasure.as_ref().is_some_and(|erasure| erasure.begun_at.is_some());
        match act {
            Act::Process => self.process(job, now).await,
            Act::Approve { plan_hash } => approve(job, plan_hash, doer.who, (self.pass_hours, now)).map(plain),
            Act::Uphold { reason } => restricting::uphold(job, reason, doer, now).map(plain),
            Act::Lift { reason, told_by } => restricting::lift(job, (reason, told_by.as_deref()), doer, now).map(plain),
            // What has begun can't be taken back: some of it is gone.
            Act::Cancel | Act::Reject { .. } if begun => Err(wrong()),
            Act::Cancel if job.restricts() && !doer.is_own => Err(restricting::tell_first("reject it, with a reason")),
            Act::Cancel if job.status.may_become(JobStatus::Cancelled) => {
                Ok(plain(decide(job, &Outcome::Cancelled, now)))
            }
            Act::Reject { reason } if job.status.may_become(JobStatus::Rejected) => {
                Ok(plain(decide(job, &Outcome::Rejected { reason: reason.clone() }, now)))
            }
            Act::Cancel | Act::Reject { .. } => Err(wrong()),
            Act::Assign { .. } if job.is_open() => Ok(plain(only(Job { assignee: Some(doer.who), ..job.clone() }))),
            Act::Assign { .. } => Err(wrong()),
            Act::Note { note } => Ok(plain(only(with_note(job, note)))),
        }
    }

    /// Starts what waits for a start, or starts every parked step again.
    async fn process(&self, job: &Job, now: Timestamp) -> Result<Written, Refusal> {
        match job.status {
            JobStatus::Pending if job.verification.is_some() && !job.automated => {
                Ok(Written { decision: decide(job, &Outcome::Started, now), restarted: Vec::new() })
            }
            JobStatus::NeedsHuman => self.restart(job, now).await,
            JobStatus::AwaitingVerification
            | JobStatus::Pending
            | JobStatus::InProgress
            | JobStatus::AwaitingApproval
            | JobStatus::Scheduled
            | JobStatus::OnHold
            | JobStatus::Completed
            | JobStatus::Rejected
            | JobStatus::Cancelled
            | JobStatus::Failed
            | JobStatus::Expired => Err(Refusal::WrongState { status: job.status }),
        }
    }

    async fn restart(&self, job: &Job, now: Timestamp) -> Result<Written, Refusal> {
        let steps = steps_of(self.ports.store.as_ref(), &job.tenant, &job.id).await?;
        let parked: Vec<Step> = steps.into_iter().filter(|step| step.state == StepState::Parked).collect();
        // Until the last of them is started the job stays where it can be started again.
        let (status, parked_because) = if parked.len() > STEPS_AT_ONCE {
            (JobStatus::NeedsHuman, job.parked_because.clone())
        } else if job.verification.is_some() {
            (JobStatus::InProgress, None)
        } else {
            (JobStatus::AwaitingVerification, None)
        };
        let again = |before: Step| {
            let next_check_at = Some(ready(before.kind, now).next_check_at);
            let after = Step { state: StepState::Ready, attempts: 0, stalls: 0, next_check_at, ..before.clone() };
            (before, after)
        };
        let restarted = parked.into_iter().take(STEPS_AT_ONCE).map(again).collect();
        let job = Job { status, parked_because, ..job.clone() };
        Ok(Written { decision: only(job), restarted })
    }

    async fn commit(
        &self,
        before: &Job,
        written: Written,
        cause: Cause,
        words: Option<&Sensitive<String>>,
    ) -> Result<Job, CommitError> {
        let ports = &self.ports;
        let now = cause.at;
        let nonce = OpNonce::new(ports.entropy.bytes());
        let mut builder = TransitionBuilder::new(&before.tenant, nonce.clone(), cause, ports.entropy.bytes());
        let after = written.decision.job.as_deref().cloned().unwrap_or_else(|| before.clone());
        if let Some(words) = words {
            keep_words(ports, &mut builder, before, words, now).await?;
        }
        builder.update_job(before, after.clone());
        let mut nudges: Vec<Nudge> = Vec::new();
        for (step, again) in &written.restarted {
            builder.update_step(step, again.clone(), Expect::Version(step.version));
            nudges.push(Nudge::for_step(again));
        }
        let created = create_steps(&mut builder, before, &written.decision, &nonce, now);
        settle_waiting(ports, &mut builder, before, &written.decision.settles, now).await?;
        ports.store.commit(&builder.build()).await?;
        nudges.extend(created.iter().filter(|step| step.state == StepState::Ready).map(Nudge::for_step));
        nudge_best_effort(ports.queue.as_ref(), &nudges).await;
        Ok(Job { version: before.version + 1, op_nonce: nonce, ..after })
    }
}

/// Approves the current plan; another one was frozen meanwhile if the hash differs.
fn approve(
    job: &Job,
    plan_hash: &str,
    by: Pseudonym,
    (pass_hours, now): (u16, Timestamp),
) -> Result<Decision, Refusal> {
    let plan = job.erasure.as_ref().and_then(|erasure| erasure.plan.as_ref());
    let plan = plan.filter(|_| job.status == JobStatus::AwaitingApproval);
    let plan = plan.ok_or(Refusal::WrongState { status: job.status })?;
    if plan.hash != plan_hash {
        return Err(Refusal::PlanChanged);
    }
    Ok(decide(job, &Outcome::Approved { by, plan_hash: plan_hash.to_owned(), pass_hours }, now))
}

fn only(job: Job) -> Decision {
    Decision { job: Some(Box::new(job)), next: Vec::new(), settles: Vec::new() }
}

fn with_note(job: &Job, note: &str) -> Job {
    Job { resolution_notes: Some(job.notes_with(note)), ..job.clone() }
}
