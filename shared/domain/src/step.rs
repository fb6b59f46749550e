//! A step: one small idempotent act of a job, with its own version, fence and lease.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use self::checkpoint::{
    AnonymizeCheckpoint, BeginErasureCheckpoint, Checkpoint, CollectCheckpoint, ConfirmCheckpoint, EraseCheckpoint,
    ErasedSource, LocateCheckpoint, NotifyCheckpoint, ObjectRef, PackageCheckpoint, PartRef, PlanErasureCheckpoint,
    RevokeCheckpoint, SealPlanCheckpoint, UploadedPart, Written,
};
pub use self::kind::{QueueName, StepKind};
pub use self::quarantine::{FlaggedRows, LiftCheckpoint, QuarantineCheckpoint};
use crate::ids::{JobId, OpNonce, TenantId};
use crate::key::{Partition, TenantKey};
use crate::request::wire_enum;

mod checkpoint;
mod kind;
mod quarantine;

wire_enum! {
    /// Where a step stands.
    StepState {
        /// May be claimed now.
        Ready = "ready",
        /// A worker holds the lease.
        Claimed = "claimed",
        /// Waits for a person, for other steps or for a time.
        Waiting = "waiting",
        /// Its outcome is committed.
        Done = "done",
        /// Needs a person; claims nothing until started again by hand.
        Parked = "parked",
    }
}

/// The memory of one step (one item).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// Version of this form.
    pub v: u8,
    /// The tenant.
    pub tenant: TenantId,
    /// The job.
    pub job: JobId,
    /// What it does.
    pub kind: StepKind,
    /// Which share of the work, from 0.
    pub shard: u32,
    /// Rises by one with each write.
    pub version: u64,
    /// Nonce of the last write.
    pub op_nonce: OpNonce,
    /// Where it stands.
    pub state: StepState,
    /// Rises with each claim; a write under an old fence is refused.
    pub fence: u64,
    /// Claims since the last progress.
    pub attempts: u32,
    /// Slices that ended without progress.
    pub stalls: u32,
    /// End of the claim.
    pub lease_until: Option<Timestamp>,
    /// When a wait is over. The sweep moves `next_check_at`, so that can't tell.
    #[serde(default)]
    pub not_before: Option<Timestamp>,
    /// When the sweep looks at it again; `None` once nothing is due.
    pub next_check_at: Option<Timestamp>,
    /// What the step reads.
    pub input: Option<ObjectRef>,
    /// Where a later slice goes on.
    pub checkpoint: Option<Checkpoint>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When its outcome was committed.
    pub done_at: Option<Timestamp>,
}

/// What a new step starts with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepSeed {
    /// What it does.
    pub kind: StepKind,
    /// Which share of the work.
    pub shard: u32,
    /// `Ready` or `Waiting`.
    pub state: StepState,
    /// When the sweep looks at it.
    pub next_check_at: Timestamp,
    /// What the step reads.
    pub input: Option<ObjectRef>,
}

impl Step {
    /// The sort key of a step.
    #[must_use]
    pub fn sort_of(kind: StepKind, shard: u32) -> String {
        format!("step#{kind}#{shard:06}")
    }

    /// The key of a step.
    #[must_use]
    pub fn key_of(tenant: &TenantId, job: &JobId, kind: StepKind, shard: u32) -> TenantKey {
        TenantKey::new(tenant, Partition::Job(job.clone()), Self::sort_of(kind, shard))
    }

    /// The key of this step.
    #[must_use]
    pub fn key(&self) -> TenantKey {
        Self::key_of(&self.tenant, &self.job, self.kind, self.shard)
    }

    /// A new step, version 1.
    #[must_use]
    pub fn new(tenant: &TenantId, job: &JobId, seed: StepSeed, nonce: OpNonce, now: Timestamp) -> Self {
        Self {
            v: 1,
            tenant: tenant.clone(),
            job: job.clone(),
            kind: seed.kind,
            shard: seed.shard,
            version: 1,
            op_nonce: nonce,
            state: seed.state,
            fence: 0,
            attempts: 0,
            stalls: 0,
            lease_until: None,
            not_before: (seed.state == StepState::Waiting).then_some(seed.next_check_at),
            next_check_at: Some(seed.next_check_at),
            input: seed.input,
            checkpoint: None,
            created_at: now,
            done_at: None,
        }
    }

    /// Whether a worker may claim the step at `now`: it is ready, its wait is over, or its lease has ended.
    #[must_use]
    pub fn is_claimable(&self, now: Timestamp) -> bool {
        match self.state {
            StepState::Ready => true,
            StepState::Waiting => self.not_before.is_some_and(|at| at <= now),
            StepState::Claimed => self.lease_until.is_none_or(|until| until <= now),
            StepState::Done | StepState::Parked => false,
        }
    }
}

/// A message that says "look again": ids only, never personal data. Losing or doubling one is harmless.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Nudge {
    /// Version of this form.
    pub v: u8,
    /// The tenant.
    pub tenant: TenantId,
    /// The job.
    pub job: JobId,
    /// The step.
    pub step: StepKind,
    /// Which share of the work.
    pub shard: u32,
    /// Version of the step when the nudge was sent; tells old messages apart in logs, decides nothing.
    pub version: u64,
}

impl Nudge {
    /// The nudge for a step.
    #[must_use]
    pub fn for_step(step: &Step) -> Self {
        Self {
            v: 1,
            tenant: step.tenant.clone(),
            job: step.job.clone(),
            step: step.kind,
            shard: step.shard,
            version: step.version,
        }
    }

    /// The key of the step it names.
    #[must_use]
    pub fn step_key(&self) -> TenantKey {
        Step::key_of(&self.tenant, &self.job, self.step, self.shard)
    }
}
