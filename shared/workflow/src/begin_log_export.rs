//! Begins an export of the audit log that is too large for one answer: a job like every other, whose archive is fetched by link.
//!
//! One transaction makes the job, its steps, their events and the counts. Reading is the worker's (`steps/export_events.rs`).

mod same_call;

use domain::ids::{JobId, OpNonce};
use domain::job::{Job, JobStatus, Period, Scope, Timing, Verification, VerificationMethod, first_steps};
use domain::key::TenantKey;
use domain::record::{Counter, Record};
use domain::request::{ExportFormat, Regime, RequestType};
use domain::role::Permission;
use domain::sealed::Sealed;
use domain::step::{Nudge, Step};
use domain::transition::{Expect, TransitionBuilder};
use jiff::{SignedDuration, Timestamp};

use self::same_call::{Found, SameCall};
use crate::caller::Caller;
use crate::keyring::TenantSecrets;
use crate::nudging::nudge_best_effort;
use crate::ports::CommitError;
use crate::refusal::Refusal;
use crate::request_body::RequestBody;
use crate::sealing::{Place, SealingKey};
use crate::step_context::StepPorts;
use crate::submit_request::{Quotas, quota_refusal};

/// When an export of the log is to be there: nobody's right sets a date, an operator may still sort by one.
const DONE_WITHIN: SignedDuration = SignedDuration::from_hours(24);
/// What gave that date.
const DUE_RULE: &str = "habeas.audit_export";

/// Begins exports of the audit log.
pub struct BeginLogExport {
    // Dependencies.
    /// What every use case runs on.
    pub ports: StepPorts,
    // Configuration.
    /// Limits of a tenant.
    pub quotas: Quotas,
    /// The region the archive stays in.
    pub region: String,
}

impl BeginLogExport {
    /// Makes the job, or finds the one that the same call made and that still runs: same person, period and form. What comes after
    /// now is not in it, so that it has an end.
    ///
    /// # Errors
    /// `Forbidden` without `admin:audit_log`; `Busy` if another call came between; `QuotaReached` once half of what the tenant may have open, or in a month, is
    /// taken: people's requests keep the other half.
    pub async fn begin(&self, caller: &Caller, period: Period, format: ExportFormat) -> Result<Job, Refusal> {
        if !caller.principal.may(Permission::AdminAuditLog) {
            return Err(Refusal::Forbidden { needs: vec![Permission::AdminAuditLog] });
        }
        let (now, tenant) = (self.ports.clock.now(), &caller.principal.tenant);
        let entropy = self.ports.entropy.as_ref();
        let secrets = self.ports.keyring.tenant(tenant, now).await?;
        let (same, store) = (SameCall::of(caller, &secrets, period, format), self.ports.store.as_ref());
        let free = match same.find(store, caller, now).await? {
            Found::Running(job) => return Ok(*job),
            Found::Nothing(free) => free,
        };
        let (id, nonce) = (JobId::new(now, entropy.bytes()), OpNonce::new(entropy.bytes()));
        let (key, key_record) = self.ports.keyring.make_job_key(tenant, &id, &nonce).await?;
        let period = Period { end: period.end.min(now), ..period };
        let job = self.job(caller, (&secrets, &key), (id, nonce.clone(), now), (period, format));
        let steps = first_steps(&job, now).into_iter();
        let steps: Vec<Step> = steps.map(|seed| Step::new(tenant, &job.id, seed, nonce.clone(), now)).collect();
        let noted = free.map(|scope| same_call::record(caller, scope, (&job.id, &nonce, now)));
        let mut builder = TransitionBuilder::new(tenant, nonce, caller.cause(&secrets, entropy, now), entropy.bytes());
        builder.create_job(job.clone());
        steps.iter().cloned().for_each(|step| builder.create_step(step));
        builder.put(Record::Key(key_record), Expect::Absent);
        noted.into_iter().for_each(|record| builder.put(record, Expect::Forgotten(now)));
        let half = |quota: i64| Some((quota / 2).max(1));
        builder.add(Counter::open_jobs(tenant), 1, half(self.quotas.open_jobs));
        builder.add(Counter::jobs_in_month(tenant, now), 1, half(self.quotas.jobs_per_month));
        match self.ports.store.commit(&builder.build()).await {
            Ok(()) => {}
            Err(CommitError::LimitReached { key, limit }) => return Err(quota_refusal(&key, limit, now)),
            // The same call was quicker, or this one was, and only its answer was lost.
            Err(CommitError::Conflict { .. }) => match same.find(store, caller, now).await? {
                Found::Running(job) => return Ok(*job),
                Found::Nothing(_) => return Err(Refusal::Busy),
            },
            Err(CommitError::Port(error)) => return Err(error.into()),
        }
        let ready = steps.iter().filter(|step| step.is_claimable(now)).map(Nudge::for_step).collect::<Vec<_>>();
        nudge_best_effort(self.ports.queue.as_ref(), &ready).await;
        Ok(Job { version: 1, ..job })
    }

    fn job(
        &self,
        caller: &Caller,
        (secrets, key): (&TenantSecrets, &SealingKey),
        (id, op_nonce, now): (JobId, OpNonce, Timestamp),
        (period, format): (Period, ExportFormat),
    ) -> Job {
        let tenant = caller.principal.tenant.clone();
        let due_at = now + DONE_WITHIN;
        Job {
            v: 1,
            request: self.nothing_asked(&TenantKey::job(&tenant, &id), key),
            id,
            version: 0,
            op_nonce,
            request_type: RequestType::Access,
            scope: Scope::AuditLog,
            regime: Regime::Gdpr,
            status: JobStatus::Pending,
            subject_ref: None,
            organization_id: None,
            requester: secrets.pseudonym(&caller.principal.subject),
            by_subject: false,
            region: self.region.clone(),
            data_map: String::new(),
            format,
            include_media: false,
            automated: true,
            received_at: now,
            created_at: now,
            due_at,
            due_rule: DUE_RULE.to_owned(),
            target_at: due_at,
            completed_at: None,
            retired_at: None,
            extended: false,
            paused: false,
            assignee: None,
            resolution_notes: None,
            // The token is the proof: whoever may read the log asks for nobody's data but that.
            verification: Some(Verification { method: VerificationMethod::Session, at: now }),
            archive: None,
            parked_because: None,
            contact: None,
            codes_sent: 0,
            erasure: None,
            restriction: None,
            period: Some(period),
            timing: Timing::default(),
            language: None,
            tenant,
        }
    }

    /// The sealed part every job has; here it holds nobody.
    fn nothing_asked(&self, job: &TenantKey, key: &SealingKey) -> Sealed {
        let body = RequestBody::of(&[], None);
        key.seal(&Place::attribute(job, "request"), &body.to_json(), self.ports.entropy.as_ref())
    }
}
