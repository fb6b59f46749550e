//! What people do to a job's legal clock: extend, stop, let go on. The only writer of a due date after intake (INV-L5).

use clock::Rule;
use domain::ids::{JobId, OpNonce};
use domain::job::{Extension, FirstDates, Job, Pause, Scope, WaitingFor, ready};
use domain::role::Permission;
use domain::step::{Nudge, Step, StepKind, StepSeed};
use domain::transition::{Cause, TransitionBuilder};
use jiff::Timestamp;

use crate::caller::Caller;
use crate::legal_clock::{LegalClock, law_of, reason_of};
use crate::nudging::nudge_best_effort;
use crate::ports::CommitError;
use crate::read_jobs::job_of;
use crate::refusal::Refusal;
use crate::step_context::StepPorts;

/// How often an act is decided anew because the job moved meanwhile.
const MAX_DECISIONS: u32 = 5;
/// Stops of the clock a job may have.
const MAX_PAUSES: usize = 50;

/// An act on a job's clock, with the reason the person is told.
#[derive(Debug, Clone)]
pub enum ClockAct {
    /// Take the longer period the law knows.
    Extend {
        /// Why.
        reason: String,
    },
    /// Stop the clock.
    Pause {
        /// What is waited for.
        waiting_for: WaitingFor,
        /// Why.
        reason: String,
    },
    /// Let it go on.
    Resume {
        /// Why.
        reason: String,
    },
}

/// Acts on legal clocks.
pub struct ActOnClock {
    // Dependencies.
    /// What every use case runs on.
    pub ports: StepPorts,
    // Configuration.
    /// Due dates.
    pub legal_clock: LegalClock,
}

/// What an act writes.
struct Written {
    job: Job,
    notice: StepSeed,
    because: &'static str,
}

impl ActOnClock {
    /// Acts, and answers with the job as written. The notice to the person is committed with the date it tells.
    ///
    /// # Errors
    /// `NotFound` for jobs the caller may not see, `Forbidden` without the permission, `WrongState` for jobs that
    /// have ended, `RuleForbids` where the law or an earlier act does not allow it.
    pub async fn act(&self, caller: &Caller, id: &JobId, act: &ClockAct) -> Result<Job, Refusal> {
        let tenant = &caller.principal.tenant;
        let now = self.ports.clock.now();
        let secrets = self.ports.keyring.tenant(tenant, now).await?;
        for _ in 0..MAX_DECISIONS {
            let job = job_of(self.ports.store.as_ref(), tenant, id).await?;
            if !caller.may_see(&job, &secrets) {
                return Err(Refusal::NotFound);
            }
            if !caller.principal.may(Permission::JobUpdate) {
                return Err(Refusal::Forbidden { needs: vec![Permission::JobUpdate] });
            }
            // No law sets a date for an export of the audit log.
            if !job.is_open() || job.scope == Scope::AuditLog {
                return Err(Refusal::WrongState { status: job.status });
            }
            let written = self.decide(&job, act, now)?;
            match self.commit(&job, written, caller.cause(&secrets, self.ports.entropy.as_ref(), now)).await {
                Ok(job) => return Ok(job),
                Err(CommitError::Conflict { .. }) => {}
                Err(CommitError::LimitReached { .. }) => return Err(Refusal::Busy),
                Err(CommitError::Port(error)) => return Err(error.into()),
            }
        }
        Err(Refusal::Busy)
    }

    fn decide(&self, job: &Job, act: &ClockAct, now: Timestamp) -> Result<Written, Refusal> {
        match act {
            ClockAct::Extend { reason } => self.extend(job, reason, now),
            ClockAct::Pause { waiting_for, reason } => pause(job, *waiting_for, reason, now),
            ClockAct::Resume { reason } => self.resume(job, reason, now),
        }
    }

    /// The person must know of it before the first period ends (GDPR Art. 12(3), 11 CCR 7021(b), 45 CFR 164.524(b)(2)).
    fn extend(&self, job: &Job, reason: &str, now: Timestamp) -> Result<Written, Refusal> {
        let law = law_of(job);
        let Some(longer) = clock::may_extend(law) else {
            return Err(forbidden(Rule::of(law).id, format!("{law} knows no extension")));
        };
        if job.extended {
            return Err(forbidden(longer.rule, "the period is extended already, and can be only once"));
        }
        let plain = self.legal_clock.due_of(job, now).map_err(|error| forbidden(longer.rule, error.to_string()))?;
        if plain.extend_by.is_none_or(|by| by < now) {
            return Err(forbidden(longer.rule, format!("it is too late: {}", longer.condition)));
        }
        let mut after = job.clone();
        after.timing.extension = Some(Extension { at: now, reason: reason.to_owned() });
        after.extended = true;
        let after = self.moved(job, after, now)?;
        Ok(Written { job: after, notice: ready(StepKind::NotifyExtended, now), because: "the period is extended" })
    }

    fn resume(&self, job: &Job, reason: &str, now: Timestamp) -> Result<Written, Refusal> {
        let mut after = job.clone();
        let Some(open) = after.timing.pauses.last_mut().filter(|pause| pause.to.is_none()) else {
            return Err(forbidden(&job.due_rule, "the clock of this job is not stopped"));
        };
        open.to = Some(now.max(open.from));
        open.resumed_because = Some(reason.to_owned());
        after.paused = false;
        let notice = StepSeed { shard: last_pause(&after), ..ready(StepKind::NotifyResumed, now) };
        let after = self.moved(job, after, now)?;
        Ok(Written { job: after, notice, because: "the legal clock goes on" })
    }

    /// The job with its dates computed anew; the dates of the intake are kept.
    fn moved(&self, before: &Job, after: Job, now: Timestamp) -> Result<Job, Refusal> {
        let due = self
            .legal_clock
            .due_of(&after, now)
            .map_err(|error| forbidden(Rule::of(law_of(before)).id, error.to_string()))?;
        let mut after = Job { due_at: due.due_at, due_rule: due.rule, target_at: due.target_at, ..after };
        after.timing.first.get_or_insert_with(|| FirstDates {
            due_at: before.due_at,
            due_rule: before.due_rule.clone(),
            target_at: before.target_at,
        });
        Ok(after)
    }

    async fn commit(&self, before: &Job, written: Written, cause: Cause) -> Result<Job, CommitError> {
        let ports = &self.ports;
        let now = cause.at;
        let nonce = OpNonce::new(ports.entropy.bytes());
        let cause = cause.because(written.because);
        let mut builder = TransitionBuilder::new(&before.tenant, nonce.clone(), cause, ports.entropy.bytes());
        builder.update_job(before, written.job.clone());
        let notice = Step::new(&before.tenant, &before.id, written.notice, nonce.clone(), now);
        builder.create_step(notice.clone());
        ports.store.commit(&builder.build()).await?;
        nudge_best_effort(ports.queue.as_ref(), &[Nudge::for_step(&notice)]).await;
        Ok(Job { version: before.version + 1, op_nonce: nonce, ..written.job })
    }
}

/// Stops the clock, where the law lets waiting stop it and the date is not over.
fn pause(job: &Job, waiting_for: WaitingFor, reason: &str, now: Timestamp) -> Result<Written, Refusal> {
    let law = law_of(job);
    let rule = Rule::of(law).id;
    if !clock::may_pause(law, reason_of(waiting_for)) {
        return Err(forbidden(rule, format!("{law} does not let waiting for {waiting_for} stop the clock")));
    }
    if job.paused {
        return Err(forbidden(rule, "the clock of this job is stopped already"));
    }
    if job.due_at < now {
        return Err(forbidden(rule, "the due date is over"));
    }
    if job.timing.pauses.len() >= MAX_PAUSES {
        return Err(forbidden(rule, format!("the clock was stopped {MAX_PAUSES} times")));
    }
    let mut after = job.clone();
    after.paused = true;
    after.timing.pauses.push(Pause {
        from: now.max(job.received_at),
        to: None,
        waiting_for,
        reason: reason.to_owned(),
        resumed_because: None,
    });
    let notice = StepSeed { shard: last_pause(&after), ..ready(StepKind::NotifyPaused, now) };
    Ok(Written { job: after, notice, because: "the legal clock is stopped" })
}

/// The place of the last pause: each has its own notices.
fn last_pause(job: &Job) -> u32 {
    u32::try_from(job.timing.pauses.len().saturating_sub(1)).unwrap_or(u32::MAX)
}

fn forbidden(rule: &str, because: impl Into<String>) -> Refusal {
    Refusal::RuleForbids { rule: rule.to_owned(), because: because.into() }
}
