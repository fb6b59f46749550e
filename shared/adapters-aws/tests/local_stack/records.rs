//! Records for the tests of the store.

use std::cell::Cell;

use domain::ids::{JobId, OpNonce, TenantId};
use domain::job::{Job, JobStatus, Scope};
use domain::record::Record;
use domain::request::{Alias, ExportFormat, Regime, RequestType};
use domain::role::Pseudonym;
use domain::sealed::Sealed;
use domain::step::{Step, StepKind, StepSeed, StepState};
use domain::transition::{Change, Expect, Transition};
use jiff::Timestamp;

/// The tenant of the tests.
pub fn tenant() -> TenantId {
    "acme".parse().unwrap()
}

thread_local! {
    static SEED: Cell<[u8; 15]> = const { Cell::new([0; 15]) };
}

/// Makes the nonces of this test's thread its own.
pub fn seed(name: &str) {
    let mut seed = [0; 15];
    for (at, byte) in name.bytes().enumerate() {
        seed[at % 15] ^= byte.rotate_left(u32::try_from(at / 15).unwrap());
    }
    SEED.set(seed);
}

/// A nonce that differs by `n` and by test.
pub fn nonce(n: u8) -> OpNonce {
    let mut bytes = [n; 16];
    bytes[1..].copy_from_slice(&SEED.get());
    OpNonce::new(bytes)
}

/// A time in seconds.
pub fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

/// The `n`th job; later ones are newer.
pub fn job(n: u8) -> Job {
    let now = at(1_800_000_000 + i64::from(n));
    Job {
        v: 1,
        tenant: tenant(),
        id: JobId::new(now, [n; 10]),
        version: 1,
        op_nonce: nonce(n),
        request_type: RequestType::Access,
        scope: Scope::Subject,
        regime: Regime::Gdpr,
        status: JobStatus::Pending,
        subject_ref: Some(Alias::from_keyed_hash(format!("alias{}", n % 2))),
        organization_id: None,
        requester: Pseudonym::from_keyed_hash("p".to_owned()),
        by_subject: true,
        region: "eu-central-1".to_owned(),
        data_map: "00".to_owned(),
        format: ExportFormat::Both,
        include_media: true,
        automated: true,
        received_at: now,
        created_at: now,
        due_at: now,
        due_rule: "gdpr".to_owned(),
        target_at: now,
        completed_at: None,
        extended: false,
        paused: false,
        assignee: None,
        resolution_notes: None,
        verification: None,
        archive: None,
        parked_because: None,
        request: Sealed { v: 1, body: "AA==".to_owned() },
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

/// A step of the job, due at `next_check_at`.
pub fn step(job: &Job, shard: u32, next_check_at: Timestamp) -> Step {
    let seed = StepSeed { kind: StepKind::Collect, shard, state: StepState::Ready, next_check_at, input: None };
    Step::new(&job.tenant, &job.id, seed, job.op_nonce.clone(), job.created_at)
}

/// A transition with these changes.
pub fn transition(n: u8, changes: Vec<Change>) -> Transition {
    Transition { tenant: tenant(), op_nonce: nonce(n), changes }
}

/// Writes a job.
pub fn put_job(job: &Job, expect: Expect) -> Change {
    Change::Put { record: Record::Job(Box::new(job.clone())), expect }
}

/// Writes a step.
pub fn put_step(step: &Step, expect: Expect) -> Change {
    Change::Put { record: Record::Step(Box::new(step.clone())), expect }
}
