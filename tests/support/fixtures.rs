//! Items with every field filled, for tests that need some item rather than a certain one.

use domain::ids::{JobId, TenantId};
use domain::job::{Archive, Job, JobStatus, Scope, Verification, VerificationMethod, ready};
use domain::request::{Alias, ExportFormat, Regime, RequestType};
use domain::risk::{AssessedRisk, RequestRisk, RiskLevel, RiskReason};
use domain::role::Pseudonym;
use domain::sealed::Sealed;
use domain::step::{
    Checkpoint, CollectCheckpoint, LocateCheckpoint, ObjectRef, PackageCheckpoint, PartRef, SealPlanCheckpoint, Step,
    StepKind, UploadedPart, Written,
};
use jiff::Timestamp;

use crate::names::Names;

/// A job with every optional field set, version 1.
pub fn full_job(names: &mut Names, tenant: &TenantId, id: &JobId, now: Timestamp) -> Job {
    Job {
        verification: Some(Verification { method: VerificationMethod::EmailCode, at: now }),
        completed_at: Some(now),
        assignee: Some(Pseudonym::from_keyed_hash("cd".repeat(16))),
        resolution_notes: Some("exported 3 rows in 2 files".to_owned()),
        archive: Some(Archive {
            key: format!("exports/{tenant}/{id}/archive.zip"),
            bytes: u64::from(u32::MAX) + 17,
            sha256: "ab".repeat(32),
            format: ExportFormat::Both,
            files: 2,
            rows: 3,
            expires_at: now,
            receipt: None,
        }),
        parked_because: Some("collect: gave up".to_owned()),
        contact: Some(Sealed { v: 1, body: "YWJj".to_owned() }),
        organization_id: Some("org-1".to_owned()),
        ..job(names, tenant, id, now)
    }
}

/// An open job, version 1.
pub fn job(names: &mut Names, tenant: &TenantId, id: &JobId, now: Timestamp) -> Job {
    Job {
        v: 1,
        tenant: tenant.clone(),
        id: id.clone(),
        version: 1,
        op_nonce: names.nonce(),
        request_type: RequestType::Access,
        scope: Scope::Subject,
        regime: Regime::Gdpr,
        status: JobStatus::InProgress,
        subject_ref: Some(Alias::from_keyed_hash("ab".repeat(16))),
        organization_id: None,
        requester: Pseudonym::from_keyed_hash("ef".repeat(16)),
        by_subject: true,
        region: "eu-central-1".to_owned(),
        data_map: "00".repeat(32),
        format: ExportFormat::Json,
        include_media: false,
        automated: true,
        received_at: now,
        created_at: now,
        due_at: now,
        due_rule: "GDPR Art. 12(3)".to_owned(),
        target_at: now,
        completed_at: None,
        extended: false,
        paused: false,
        assignee: None,
        resolution_notes: None,
        verification: None,
        archive: None,
        parked_because: None,
        request: Sealed { v: 1, body: "c2VhbGVk".to_owned() },
        contact: None,
        codes_sent: 0,
        erasure: None,
        restriction: None,
        period: None,
        timing: domain::job::Timing::default(),
        language: None,
        retired_at: None,
    }
}

/// A ready step, version 1.
pub fn step(names: &mut Names, tenant: &TenantId, job: &JobId, kind: StepKind, now: Timestamp) -> Step {
    Step::new(tenant, job, ready(kind, now), names.nonce(), now)
}

/// One checkpoint of each kind, with every field set.
#[must_use]
pub fn checkpoints() -> Vec<Checkpoint> {
    let object = ObjectRef { key: "exports/t/j/plan/0".to_owned(), count: 10_000, sha256: "12".repeat(32) };
    let part = PartRef {
        key: "exports/t/j/parts/0".to_owned(),
        zip_bytes: 7,
        bytes: 9,
        rows: 2,
        sha256: Some("34".repeat(32)),
    };
    let because = vec![RiskReason::ErasesForGood, RiskReason::SpecialCategories];
    let risk = RequestRisk { score: 63, level: RiskLevel::High, because };
    let risk = AssessedRisk { risk, kept: Some(object.clone()) };
    let locate = LocateCheckpoint {
        walk: Some(object.clone()),
        waves: 3,
        frozen: true,
        people: Some(object.clone()),
        processors: vec![(7, object.clone())],
        shards: vec![object],
        created: 1,
        aliases: Vec::new(),
        also_held_under: vec![Alias::from_keyed_hash("cd".repeat(16))],
        members: None,
    };
    let collect = CollectCheckpoint {
        parts: vec![part],
        lookups_done: 4,
        cursor: Some(Sealed { v: 1, body: "Y3Vyc29y".to_owned() }),
        written: vec![Written { collection: 3, segments: 2, rows: u64::MAX, media: 4 }],
    };
    let package = PackageCheckpoint {
        upload_id: Some("upload-1".to_owned()),
        uploaded: vec![UploadedPart { number: 1, etag: "\"e\"".to_owned() }],
        bytes: 5 * 1024 * 1024,
        sha256_state: Some("c3RhdGU=".to_owned()),
        part_sha256_state: Some("cGFydA==".to_owned()),
        risk: Some(risk.clone()),
    };
    let plan = SealPlanCheckpoint { risk };
    let exporting = [Checkpoint::Locate(locate), Checkpoint::Collect(collect), Checkpoint::Package(package)];
    exporting.into_iter().chain([Checkpoint::SealPlan(plan)]).collect()
}
