//! Proof of identity: a code mailed to the address on record, or an officer's word.

use std::sync::Arc;

use domain::event::{Action, EventOutcome, EventType, Level};
use domain::ids::{JobId, OpNonce, TenantId};
use domain::job::{Job, JobStatus, NUDGE_GRACE, Outcome, VerificationMethod, decide};
use domain::key::TenantKey;
use domain::record::{Challenge, Record};
use domain::role::{Permission, Role};
use domain::sensitive::Sensitive;
use domain::step::{Nudge, Step, StepKind, StepSeed, StepState};
use domain::transition::{Cause, TransitionBuilder};
use jiff::Timestamp;
use subtle::ConstantTimeEq;

use crate::caller::{Caller, Circumstances};
use crate::following::{create_steps, settle_waiting};
use crate::keyring::TenantSecrets;
use crate::nudging::nudge_best_effort;
use crate::ports::{CommitError, Entropy, PortError, PortErrorKind};
use crate::read_jobs::job_of;
use crate::refusal::Refusal;
use crate::sealing::SealingKey;
use crate::step_context::StepPorts;
use crate::words::keep_words;

/// How often an attempt is counted anew because another came between.
const MAX_TRIES: u32 = 12;
/// Codes one job may send.
const MAX_CODES: u32 = 5;

/// Checks codes, sends new ones, takes an officer's word.
pub struct VerifyIdentity {
    // Dependencies.
    /// What every use case runs on.
    pub ports: StepPorts,
}

/// Who sends a code.
enum Sender<'a> {
    Session(&'a Caller),
    Holder(&'a Circumstances),
}

impl Sender<'_> {
    fn cause(&self, job: &Job, secrets: &TenantSecrets, entropy: &dyn Entropy, now: Timestamp) -> Cause {
        match self {
            Self::Session(caller) => caller.code_holder_cause(secrets, entropy, now),
            Self::Holder(from) => from.holder_cause(job, secrets, entropy, now),
        }
    }
}

/// The keyed hash of a code, as stored.
#[must_use]
pub fn code_hash(key: &SealingKey, job: &JobId, code: &str) -> String {
    key.keyed_hash("verification code v1", &[job.as_str().as_bytes(), code.as_bytes()])
}

impl VerifyIdentity {
    /// Checks a code. Anyone holding it may; at most five attempts count, and it is used once (INV-X4).
    ///
    /// # Errors
    /// `WrongCode` with the tries left, `WrongState` once the job no longer waits.
    pub async fn code(&self, caller: &Caller, id: &JobId, code: &Sensitive<String>) -> Result<(), Refusal> {
        let tenant = &caller.principal.tenant;
        let now = self.ports.clock.now();
        self.check((tenant, id), code, now, &Sender::Session(caller)).await
    }

    /// The same for somebody without a session, whose tenant is only claimed: nothing is made or kept for it.
    ///
    /// # Errors
    /// As [`Self::code`]; whoever answers must not let an unknown job, an ended one and a wrong code differ.
    pub async fn code_of_holder(
        &self,
        tenant: &TenantId,
        id: &JobId,
        code: &Sensitive<String>,
        from: &Circumstances,
    ) -> Result<(), Refusal> {
        let now = self.ports.clock.now();
        self.check((tenant, id), code, now, &Sender::Holder(from)).await
    }

    async fn check(
        &self,
        (tenant, id): (&TenantId, &JobId),
        code: &Sensitive<String>,
        now: Timestamp,
        sender: &Sender<'_>,
    ) -> Result<(), Refusal> {
        for _ in 0..MAX_TRIES {
            // One read, whether there is such a job or not, and whether it waits for a code or not.
            let (job, challenge) = self.waiting(tenant, id).await?;
            let job = job.ok_or(Refusal::NotFound)?;
            if job.status != JobStatus::AwaitingVerification {
                return Err(Refusal::WrongState { status: job.status });
            }
            let Some(challenge) = challenge else {
                return Err(Refusal::WrongCode { tries_left: 0 });
            };
            let left = Challenge::MAX_ATTEMPTS.saturating_sub(challenge.attempts);
            if left == 0 || challenge.used || challenge.expires_at <= now {
                return Err(Refusal::WrongCode { tries_left: 0 });
            }
            let key = self.ports.keyring.job_key(tenant, id).await?;
            let given = code_hash(&key, id, code.expose());
            let right = bool::from(given.as_bytes().ct_eq(challenge.code_hash.as_bytes()));
            // Nothing is made or kept before this: until here the tenant may be only claimed.
            let secrets = self.ports.keyring.tenant(tenant, now).await?;
            let cause = sender.cause(&job, &secrets, self.ports.entropy.as_ref(), now);
            let counted = if right {
                self.accept(&job, &challenge, cause).await
            } else {
                self.count_failure(&job, &challenge, cause).await
            };
            match counted {
                Ok(()) if right => return Ok(()),
                Ok(()) => return Err(Refusal::WrongCode { tries_left: left - 1 }),
                // Another attempt was counted between: this one is counted after it.
                Err(CommitError::Conflict { .. }) => {}
                Err(CommitError::LimitReached { .. }) => return Err(Refusal::Busy),
                Err(CommitError::Port(error)) => return Err(error.into()),
            }
        }
        Err(Refusal::Busy)
    }

    /// Sends a new code to the address on record; the old one stops counting.
    ///
    /// The same answers and the same count whether there is such an address or not: the step finds out and ends.
    ///
    /// # Errors
    /// `WrongState` once the job no longer waits; `QuotaReached` after five codes.
    pub async fn resend(&self, caller: &Caller, id: &JobId) -> Result<(), Refusal> {
        let tenant = &caller.principal.tenant;
        let now = self.ports.clock.now();
        let secrets = self.ports.keyring.tenant(tenant, now).await?;
        let job = job_of(self.ports.store.as_ref(), tenant, id).await?;
        let requester = job.requester == secrets.pseudonym(&caller.principal.subject);
        if !caller.may_see(&job, &secrets) && !requester {
            return Err(Refusal::NotFound);
        }
        if job.status != JobStatus::AwaitingVerification {
            return Err(Refusal::WrongState { status: job.status });
        }
        if job.codes_sent >= MAX_CODES {
            return Err(Refusal::QuotaReached {
                quota: "verification_codes",
                limit: i64::from(MAX_CODES),
                resets_at: None,
            });
        }
        let seed = StepSeed {
            kind: StepKind::NotifyCode,
            shard: job.codes_sent,
            state: StepState::Ready,
            next_check_at: now + NUDGE_GRACE,
            input: None,
        };
        let mut builder = self.transition(&job, caller.cause(&secrets, self.ports.entropy.as_ref(), now));
        let step = Step::new(tenant, id, seed, builder.op_nonce().clone(), now);
        builder.update_job(&job, Job { codes_sent: job.codes_sent + 1, ..job.clone() });
        builder.create_step(step.clone());
        self.ports.store.commit(&builder.build()).await.map_err(busy)?;
        nudge_best_effort(self.ports.queue.as_ref(), &[Nudge::for_step(&step)]).await;
        Ok(())
    }

    /// Takes the word of a privacy officer who has checked the identity by other means, and keeps what was `seen`.
    ///
    /// # Errors
    /// `Forbidden` without `identity:verify_manual`; `WrongState` once the job no longer waits.
    pub async fn manual(&self, caller: &Caller, id: &JobId, seen: &Sensitive<String>) -> Result<Job, Refusal> {
        let needed = Permission::IdentityVerifyManual;
        let tenant = &caller.principal.tenant;
        let now = self.ports.clock.now();
        let secrets = self.ports.keyring.tenant(tenant, now).await?;
        let job = job_of(self.ports.store.as_ref(), tenant, id).await?;
        if !caller.may_see(&job, &secrets) {
            return Err(Refusal::NotFound);
        }
        if !caller.principal.may(needed) || !caller.principal.is(Role::Dpo) {
            return Err(Refusal::Forbidden { needs: vec![needed] });
        }
        if job.status != JobStatus::AwaitingVerification {
            return Err(Refusal::WrongState { status: job.status });
        }
        let mut builder = self.transition(&job, caller.cause(&secrets, self.ports.entropy.as_ref(), now));
        keep_words(&self.ports, &mut builder, &job, seen, now).await?;
        self.verified(&job, VerificationMethod::Manual, builder, now).await.map_err(busy)?;
        job_of(self.ports.store.as_ref(), tenant, id).await
    }

    async fn accept(&self, job: &Job, challenge: &Challenge, cause: Cause) -> Result<(), CommitError> {
        let now = cause.at;
        let mut builder = self.transition(job, cause);
        let used = Challenge { attempts: challenge.attempts + 1, used: true, ..challenge.clone() };
        builder.write_challenge(used, Some(challenge.version));
        self.verified(job, VerificationMethod::EmailCode, builder, now).await
    }

    async fn verified(
        &self,
        job: &Job,
        method: VerificationMethod,
        mut builder: TransitionBuilder,
        now: Timestamp,
    ) -> Result<(), CommitError> {
        let decision = decide(job, &Outcome::Verified { method }, now);
        let after = decision.job.as_deref().cloned().unwrap_or_else(|| job.clone());
        builder.update_job(job, after);
        let nonce = builder.op_nonce().clone();
        let created = create_steps(&mut builder, job, &decision, &nonce, now);
        settle_waiting(&self.ports, &mut builder, job, &decision.settles, now).await?;
        self.ports.store.commit(&builder.build()).await?;
        let nudges: Vec<Nudge> = created.iter().map(Nudge::for_step).collect();
        nudge_best_effort(self.ports.queue.as_ref(), &nudges).await;
        Ok(())
    }

    async fn count_failure(&self, job: &Job, challenge: &Challenge, cause: Cause) -> Result<(), CommitError> {
        let mut builder = self.transition(job, cause);
        let counted = Challenge { attempts: challenge.attempts + 1, ..challenge.clone() };
        builder.write_challenge(counted, Some(challenge.version));
        let mut event = builder.plain_event(&job.id, "challenge", Action::Read);
        event.event_type = EventType::Authentication;
        event.outcome = EventOutcome::Failure;
        event.level = Level::Error;
        event.reason = Some("a wrong code was given".to_owned());
        builder.event(event);
        self.ports.store.commit(&builder.build()).await
    }

    /// A job and the code it waits for.
    async fn waiting(&self, tenant: &TenantId, id: &JobId) -> Result<(Option<Job>, Option<Challenge>), PortError> {
        let keys = [TenantKey::job(tenant, id), Challenge::key_of(tenant, id)];
        let mut found = self.ports.store.load(&keys).await?.into_iter();
        let job = found.next().flatten().and_then(Record::into_job).map(|job| *job);
        Ok((job, found.next().flatten().and_then(Record::into_challenge)))
    }

    fn transition(&self, job: &Job, cause: Cause) -> TransitionBuilder {
        let entropy = Arc::clone(&self.ports.entropy);
        TransitionBuilder::new(&job.tenant, OpNonce::new(entropy.bytes()), cause, entropy.bytes())
    }
}

fn busy(error: CommitError) -> Refusal {
    match error {
        CommitError::Conflict { .. } | CommitError::LimitReached { .. } => Refusal::Busy,
        CommitError::Port(error) => match error.kind {
            PortErrorKind::Transient => Refusal::Busy,
            PortErrorKind::Conflict | PortErrorKind::NotFound | PortErrorKind::Denied | PortErrorKind::Corrupt => {
                error.into()
            }
        },
    }
}
