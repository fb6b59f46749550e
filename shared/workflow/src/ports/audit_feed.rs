//! What the sealer needs of our own tables: events not sealed yet, and where each tenant's log stands. It writes no job and no event.

use async_trait::async_trait;
use audit_log::watch::Memory;
use domain::event::AuditEvent;
use domain::ids::TenantId;
use domain::key::TenantKey;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::PortError;

/// Shards of the index of what is not sealed; a tenant is in one of them.
pub const SEAL_SHARDS: u8 = 4;

/// The shard of a tenant (FNV-1a of its slug).
#[must_use]
pub fn seal_shard(tenant: &TenantId) -> u8 {
    let hash =
        tenant.as_str().bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    u8::try_from(hash % u32::from(SEAL_SHARDS)).unwrap_or(0)
}

/// Where a tenant's log stands; written by condition on its version only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogHead {
    /// Version of this form.
    pub v: u8,
    /// The tenant.
    pub tenant: TenantId,
    /// How often it was written.
    pub version: u64,
    /// Leaves under the last checkpoint.
    pub size: u64,
    /// Their root, base64.
    pub root: String,
    /// When a checkpoint is due even if nothing happens.
    pub heartbeat_at: Timestamp,
    /// What is being sealed: order and content are fixed, so whoever finishes it writes the same bytes.
    pub pending: Option<Batch>,
    /// How far a SIEM was told; none where nothing is delivered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivery: Option<Delivery>,
    /// What the rules over events remember.
    #[serde(default, skip_serializing_if = "Memory::is_empty")]
    pub memory: Memory,
}

/// How far a log was delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// Leaves that were written for the SIEM, or came before it was there.
    pub upto: u64,
    /// When the rest is tried again, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_at: Option<Timestamp>,
}

impl LogHead {
    /// When the log is looked at even if nothing happens: for its heartbeat, or to deliver what could not be.
    #[must_use]
    pub fn due_at(&self) -> Timestamp {
        let retry_at = self.delivery.and_then(|delivery| delivery.retry_at);
        retry_at.map_or(self.heartbeat_at, |at| at.min(self.heartbeat_at))
    }

    /// Leaves that wait to be delivered.
    #[must_use]
    pub fn undelivered(&self) -> u64 {
        self.delivery.map_or(0, |delivery| self.size.saturating_sub(delivery.upto))
    }
}

/// Events on their way into the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Batch {
    /// The events, in the order of the log.
    pub events: Vec<TenantKey>,
    /// When it was begun; the time of the heartbeat, if there are no events.
    pub begun_at: Timestamp,
}

/// An entry of the index of what is not sealed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Unsealed {
    /// A log with a batch that somebody began.
    Batch(TenantId),
    /// An event.
    Event(TenantKey),
}

impl Unsealed {
    /// The tenant concerned.
    #[must_use]
    pub const fn tenant(&self) -> &TenantId {
        match self {
            Self::Batch(tenant) => tenant,
            Self::Event(key) => key.tenant(),
        }
    }
}

/// An event as it stands in the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredEvent {
    /// The event.
    pub event: AuditEvent,
    /// Whether it is in the log already.
    pub is_sealed: bool,
    /// Its position in the log, once it is there; none for what was sealed before positions were kept.
    pub leaf_index: Option<u64>,
}

/// The index of what is not sealed, and the heads of the logs.
#[async_trait]
pub trait AuditFeed: Send + Sync {
    /// Entries of one shard, tenant by tenant, each in the order of time; may be behind, and may still name what was sealed just now.
    async fn unsealed(&self, shard: u8, limit: usize) -> Result<Vec<Unsealed>, PortError>;

    /// Up to 100 events, strongly consistent; the answer has one place per key.
    async fn events(&self, keys: &[TenantKey]) -> Result<Vec<Option<StoredEvent>>, PortError>;

    /// Tenants whose log has been quiet for so long that it wants a heartbeat, or waits to be delivered ([`LogHead::due_at`]).
    async fn heartbeats_due(&self, until: Timestamp, limit: usize) -> Result<Vec<TenantId>, PortError>;

    /// The head of a log, strongly consistent.
    async fn load_head(&self, tenant: &TenantId) -> Result<Option<LogHead>, PortError>;

    /// Writes a head if the stored one has the version before it (none, for version 1); `false` if it doesn't.
    async fn write_head(&self, head: &LogHead) -> Result<bool, PortError>;

    /// Takes events out of the index and notes their positions, one after the other from `first_index` on.
    /// May run twice; an event keeps its content and its key.
    async fn mark_sealed(&self, keys: &[TenantKey], first_index: u64) -> Result<(), PortError>;
}
