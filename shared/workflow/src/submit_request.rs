//! Accepts a request: one transaction makes the job, its first steps, their audit events, the idempotency record and the counts.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use domain::erasure::Erasure;
use domain::ids::{JobId, OpNonce, TenantId};
use domain::job::{Job, JobStatus, Scope, Verification, VerificationMethod, first_steps};
use domain::record::{Counter, DataMapPointer, IdempotencyRecord, Record};
use domain::request::Regime;
use domain::restriction::Restriction;
use domain::step::{Nudge, Step};
use domain::transition::{Expect, Transition, TransitionBuilder};
use jiff::{SignedDuration, Timestamp};

pub use self::asked::{Accepted, Idempotency, NewRequest};
use self::idempotency::{idempotency_record, idempotency_scope};
use self::ordered::{body_of, due, spend};
pub(crate) use self::rules::quota_refusal;
pub use self::rules::unsupported_type;
use self::rules::{authorize, check_request, default_format, grace_days, organization_of};
use crate::caller::Caller;
use crate::keyring::{Keyring, TenantSecrets};
use crate::legal_clock::{LegalClock, timing};
use crate::nudging::nudge_best_effort;
use crate::ports::{Clock, CommitError, DataMaps, Entropy, JobQueue, JobStore};
use crate::refusal::Refusal;
use crate::sealing::{Place, SealingKey};

mod asked;
mod correcting;
mod idempotency;
mod ordered;
mod rules;

/// How long the pointer to the current data map is kept.
const POINTER_LIFE: SignedDuration = SignedDuration::from_secs(60);

/// Limits of a tenant (V2).
#[derive(Debug, Clone, Copy)]
pub struct Quotas {
    /// Jobs that are not terminal.
    pub open_jobs: i64,
    /// Jobs accepted in a calendar month, UTC.
    pub jobs_per_month: i64,
}

/// Accepts requests.
pub struct SubmitRequest {
    // Dependencies.
    /// Our tables.
    pub store: Arc<dyn JobStore>,
    /// Nudges.
    pub queue: Arc<dyn JobQueue>,
    /// Data keys.
    pub keyring: Arc<Keyring>,
    /// Published data maps: they say what can be corrected.
    pub maps: Arc<dyn DataMaps>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
    // Configuration.
    /// Due dates.
    pub legal_clock: LegalClock,
    /// Limits.
    pub quotas: Quotas,
    /// The region jobs and their data stay in.
    pub region: String,
    /// Whether processing starts by itself (`GDPR_AUTOMATION_ENABLED`).
    pub automated: bool,
    // Kept.
    /// Current data maps.
    pub pointers: PointerCache,
}

/// Pointers to current data maps, each kept for a minute.
pub type PointerCache = Mutex<HashMap<TenantId, (String, Timestamp)>>;

/// Everything decided about a request before the job is made.
struct Intake<'a> {
    caller: &'a Caller,
    secrets: &'a TenantSecrets,
    request: NewRequest,
    organization_id: Option<String>,
    by_subject: bool,
    data_map: String,
    now: Timestamp,
}

impl SubmitRequest {
    /// Accepts a request.
    ///
    /// On the warm path three calls: a data key, the transaction, a nudge.
    ///
    /// # Errors
    /// Refuses what the caller may not ask, what is wrong, and what passes a quota; nothing is written then.
    pub async fn submit(
        &self,
        caller: &Caller,
        request: NewRequest,
        idempotency: Option<&Idempotency>,
    ) -> Result<Accepted, Refusal> {
        let now = self.clock.now();
        let tenant = &caller.principal.tenant;
        let by_subject = authorize(caller, &request)?;
        check_request(&request, now)?;
        let organization_id = organization_of(caller, &request)?;
        let secrets = self.keyring.tenant(tenant, now).await?;
        let data_map = self.current_map(tenant, now).await?;
        self.check_corrections(&secrets, (&data_map, by_subject), (tenant, &request.corrections)).await?;
        let intake = Intake { caller, secrets: &secrets, request, organization_id, by_subject, data_map, now };
        let entropy = self.entropy.as_ref();
        let nonce = OpNonce::new(entropy.bytes());
        let job_id = JobId::new(now, entropy.bytes());
        let (key, key_record) = self.keyring.make_job_key(tenant, &job_id, &nonce).await?;
        let job = self.new_job(&intake, job_id, &nonce, &key)?;
        let steps = first_steps(&job, now);
        let steps: Vec<Step> =
            steps.into_iter().map(|seed| Step::new(tenant, &job.id, seed, nonce.clone(), now)).collect();
        let mut builder = TransitionBuilder::new(tenant, nonce, caller.cause(&secrets, entropy, now), entropy.bytes());
        builder.create_job(job.clone());
        for step in &steps {
            builder.create_step(step.clone());
        }
        builder.put(Record::Key(key_record), Expect::Absent);
        if let Some(idempotency) = idempotency {
            let record = idempotency_record(&intake, idempotency, &job.id, builder.op_nonce());
            // The store forgets late: what has run out counts as gone.
            builder.put(Record::Idempotency(record), Expect::Forgotten(now));
        }
        if let Some(charge) = intake.request.order.as_ref().and_then(|new| new.charge) {
            spend(&mut builder, &job, charge);
        }
        builder.add(Counter::open_jobs(tenant), 1, Some(self.quotas.open_jobs));
        builder.add(Counter::jobs_in_month(tenant, now), 1, Some(self.quotas.jobs_per_month));
        let transition = builder.build();
        if let Err(error) = self.store.commit(&transition).await {
            return self.after_refused_commit(&intake, idempotency, &transition, job, error).await;
        }
        self.nudge(&steps).await;
        Ok(Accepted { job: Job { version: 1, ..job }, replayed: false })
    }

    async fn nudge(&self, steps: &[Step]) {
        let nudges: Vec<Nudge> =
            steps.iter().filter(|step| step.is_claimable(step.created_at)).map(Nudge::for_step).collect();
        nudge_best_effort(self.queue.as_ref(), &nudges).await;
    }

    fn new_job(&self, intake: &Intake<'_>, id: JobId, nonce: &OpNonce, key: &SealingKey) -> Result<Job, Refusal> {
        let Intake { caller, secrets, request, now, .. } = intake;
        let tenant = caller.principal.tenant.clone();
        let received_at = request.received_at.unwrap_or(*now);
        let regime = request.regime.unwrap_or(Regime::Gdpr);
        let due = due(&self.legal_clock, request, regime, received_at)?;
        let body = body_of(request);
        let place = Place::attribute(&domain::key::TenantKey::job(&tenant, &id), "request");
        let sealed = key.seal(&place, &body.to_json(), self.entropy.as_ref());
        // Whoever asks for no single person has proven who asks: by the session.
        let verified =
            (request.scope != Scope::Subject).then_some(Verification { method: VerificationMethod::Session, at: *now });
        Ok(Job {
            v: 1,
            id,
            version: 0,
            op_nonce: nonce.clone(),
            request_type: request.request_type,
            scope: request.scope,
            regime,
            status: if request.scope != Scope::Subject || intake.by_subject {
                JobStatus::Pending
            } else {
                JobStatus::AwaitingVerification
            },
            subject_ref: request.identities.first().map(|identity| secrets.alias(identity)),
            organization_id: intake.organization_id.clone(),
            requester: secrets.pseudonym(&caller.principal.subject),
            by_subject: intake.by_subject,
            region: self.region.clone(),
            data_map: intake.data_map.clone(),
            format: request.format.unwrap_or(default_format(request.request_type)),
            include_media: request.include_media,
            // Automation is about requests of people; what staff orders of a collection starts at once.
            automated: self.automated || request.scope == Scope::Collection,
            received_at,
            created_at: *now,
            due_at: due.due_at,
            due_rule: due.rule.clone(),
            target_at: due.target_at,
            completed_at: None,
            extended: false,
            paused: false,
            assignee: None,
            resolution_notes: None,
            verification: verified,
            archive: None,
            parked_because: None,
            request: sealed,
            contact: None,
            codes_sent: 0,
            erasure: request.request_type.changes_data().then(|| Box::new(Erasure::new(grace_days(request)))),
            restriction: request
                .request_type
                .restricts()
                .then(|| Box::new(Restriction { purpose: request.purpose, ..Restriction::default() })),
            period: None,
            timing: timing(&due, received_at, intake.by_subject, *now),
            // What a browser asks for is the person's own wish only where the person asks.
            language: request.language.or(caller.language.filter(|_| intake.by_subject)),
            retired_at: None,
            tenant,
        })
    }

    /// Tells a repeated call from a conflict, a full quota and a failure.
    #[expect(clippy::too_many_arguments, reason = "the whole of a refused intake, looked at once")]
    async fn after_refused_commit(
        &self,
        intake: &Intake<'_>,
        idempotency: Option<&Idempotency>,
        transition: &Transition,
        job: Job,
        error: CommitError,
    ) -> Result<Accepted, Refusal> {
        if let Some(idempotency) = idempotency
            && let Some(stored) = self.stored_answer(intake, idempotency).await?
        {
            if stored.op_nonce == transition.op_nonce {
                // The first try was committed and its answer lost: the conflict is with ourselves.
                return Ok(Accepted { job: Job { version: 1, ..job }, replayed: false });
            }
            return self.replay(intake, idempotency, &stored).await;
        }
        match error {
            CommitError::LimitReached { key, limit } => Err(quota_refusal(&key, limit, intake.now)),
            CommitError::Conflict { .. } => self.own_write_or_busy(job).await,
            CommitError::Port(error) if error.is_transient() => self.own_write_or_busy(job).await,
            CommitError::Port(error) => Err(error.into()),
        }
    }

    async fn own_write_or_busy(&self, job: Job) -> Result<Accepted, Refusal> {
        let found = self.store.load(&[job.key()]).await?;
        // The id was drawn for this call alone: a job under it is ours, whatever has happened to it since.
        if found.iter().flatten().next().is_some() {
            Ok(Accepted { job: Job { version: 1, ..job }, replayed: false })
        } else {
            Err(Refusal::Busy)
        }
    }

    async fn stored_answer(
        &self,
        intake: &Intake<'_>,
        idempotency: &Idempotency,
    ) -> Result<Option<IdempotencyRecord>, Refusal> {
        let scope = idempotency_scope(intake, idempotency);
        let key = IdempotencyRecord::key_of(&intake.caller.principal.tenant, &scope);
        let found = self.store.load(&[key]).await?;
        let found = found.into_iter().flatten().filter(|record| !record.is_forgotten_by(intake.now));
        Ok(found.into_iter().find_map(Record::into_idempotency))
    }

    async fn replay(
        &self,
        intake: &Intake<'_>,
        idempotency: &Idempotency,
        stored: &IdempotencyRecord,
    ) -> Result<Accepted, Refusal> {
        if stored.body != intake.secrets.digest("idempotency body v1", &[&idempotency.body]) {
            return Err(Refusal::IdempotencyMismatch);
        }
        let key = domain::key::TenantKey::job(&stored.tenant, &stored.job);
        let found = self.store.load(&[key]).await?;
        found
            .into_iter()
            .flatten()
            .find_map(Record::into_job)
            .map(|job| Accepted { job: *job, replayed: true })
            .ok_or(Refusal::NotFound)
    }

    async fn current_map(&self, tenant: &TenantId, now: Timestamp) -> Result<String, Refusal> {
        let kept = {
            let pointers = self.pointers.lock().unwrap_or_else(PoisonError::into_inner);
            pointers.get(tenant).filter(|(_, until)| *until > now).map(|(hash, _)| hash.clone())
        };
        if let Some(hash) = kept {
            return Ok(hash);
        }
        let found = self.store.load(&[DataMapPointer::key_of(tenant)]).await?;
        let hash = found.into_iter().flatten().find_map(Record::into_data_map_pointer).map(|found| found.hash);
        let hash = hash.ok_or(Refusal::NoDataMap)?;
        let mut pointers = self.pointers.lock().unwrap_or_else(PoisonError::into_inner);
        pointers.insert(tenant.clone(), (hash.clone(), now + POINTER_LIFE));
        Ok(hash)
    }
}
