//! The job that erases a person again: like the one before, with what rows told of the person instead of a request.

use domain::erasure::{Erasure, Repeats};
use domain::ids::{JobId, OpNonce, TenantId};
use domain::job::{Job, JobStatus, Scope, Verification, VerificationMethod, ready};
use domain::key::TenantKey;
use domain::record::{Counter, Record};
use domain::request::{ExportFormat, Regime, RequestType};
use domain::role::Pseudonym;
use domain::sealed::Sealed;
use domain::step::{Nudge, Step, StepKind};
use domain::transition::{Cause, Expect, TransitionBuilder};
use jiff::Timestamp;

use super::{ReplayErasures, Told, refused};
use crate::legal_clock::timing;
use crate::nudging::nudge_best_effort;
use crate::ports::{PortError, PortErrorKind};
use crate::request_body::RequestBody;
use crate::sealing::Place;

/// Who stands for whoever approved an erasure of which nothing is known any more.
const UNKNOWN_OFFICER: &str = "unknown officer";
/// Who stands for whoever asked for it.
const UNKNOWN_REQUESTER: &str = "unknown requester";

impl ReplayErasures {
    /// Begins the erasure of a person who is back.
    pub(super) async fn erase_again(
        &self,
        tenant: &TenantId,
        data_map: &str,
        erased: &JobId,
        told: Told,
    ) -> Result<JobId, PortError> {
        let (now, entropy) = (self.ports.clock.now(), self.ports.entropy.as_ref());
        let (nonce, id) = (OpNonce::new(entropy.bytes()), JobId::new(now, entropy.bytes()));
        let (key, key_record) = self.ports.keyring.make_job_key(tenant, &id, &nonce).await?;
        let place = Place::attribute(&TenantKey::job(tenant, &id), "request");
        let request = key.seal(&place, &RequestBody::of_told(told.into_iter().collect()).to_json(), entropy);
        let found = self.ports.store.load(&[TenantKey::job(tenant, erased)]).await?;
        let before = found.into_iter().flatten().find_map(Record::into_job).map(|job| *job);
        let mut job = self.new_job(tenant, (id, erased), before.as_ref(), (request, now))?;
        job.op_nonce = nonce.clone();
        data_map.clone_into(&mut job.data_map);
        let step = Step::new(tenant, &job.id, ready(StepKind::Locate, now), nonce.clone(), now);
        let cause = Cause::worker(now).because("somebody who was erased is back");
        let mut builder = TransitionBuilder::new(tenant, nonce, cause, entropy.bytes());
        builder.create_job(job.clone());
        builder.create_step(step.clone());
        builder.put(Record::Key(key_record), Expect::Absent);
        builder.add(Counter::open_jobs(tenant), 1, None);
        builder.add(Counter::jobs_in_month(tenant, now), 1, None);
        self.ports.store.commit(&builder.build()).await.map_err(refused)?;
        nudge_best_effort(self.ports.queue.as_ref(), &[Nudge::for_step(&step)]).await;
        Ok(job.id)
    }

    fn new_job(
        &self,
        tenant: &TenantId,
        (id, erased): (JobId, &JobId),
        before: Option<&Job>,
        (request, now): (Sealed, Timestamp),
    ) -> Result<Job, PortError> {
        let regime = before.map_or(Regime::Gdpr, |job| job.regime);
        let due = self.legal_clock.due(regime, RequestType::Erasure, now);
        let due = due.map_err(|_| PortError::new(PortErrorKind::Corrupt, "compute due date"))?;
        let nobody = |whom: &str| Pseudonym::from_keyed_hash(whom.to_owned());
        let approval = before.and_then(|job| job.erasure.as_ref()?.approval.as_ref());
        let approved_by = approval.map_or_else(|| nobody(UNKNOWN_OFFICER), |approval| approval.by.clone());
        let repeats = Some(Repeats { job: erased.clone(), approved_by });
        Ok(Job {
            v: 1,
            tenant: tenant.clone(),
            id,
            version: 0,
            op_nonce: OpNonce::new([0; 16]),
            request_type: RequestType::Erasure,
            scope: Scope::Subject,
            regime,
            status: JobStatus::Pending,
            subject_ref: before.and_then(|job| job.subject_ref.clone()),
            organization_id: None,
            requester: before.map_or_else(|| nobody(UNKNOWN_REQUESTER), |job| job.requester.clone()),
            by_subject: false,
            region: self.region.clone(),
            data_map: String::new(),
            format: ExportFormat::Both,
            include_media: true,
            automated: true,
            received_at: now,
            created_at: now,
            due_at: due.due_at,
            due_rule: due.rule.clone(),
            target_at: due.target_at,
            completed_at: None,
            extended: false,
            paused: false,
            assignee: None,
            resolution_notes: Some(format!("erases again what {erased} had erased")),
            // The identity was proven then; what rows tell of it now is known by the same keyed hash.
            verification: Some(Verification { method: VerificationMethod::Manual, at: now }),
            archive: None,
            parked_because: None,
            request,
            contact: None,
            codes_sent: 0,
            erasure: Some(Box::new(Erasure { repeats, ..Erasure::new(0) })),
            restriction: None,
            period: None,
            timing: timing(&due, now, false, now),
            language: None,
            retired_at: None,
        })
    }
}
