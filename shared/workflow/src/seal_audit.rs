//! Seals audit events: gives them their order, writes them as tiles under lock and signs the checkpoint over them (R-AUD-2).
//!
//! A batch is fixed in the log's head before anything is written, so whoever finishes it writes the same bytes: a crash, a second
//! sealer or a lost answer changes nothing. The head moves by its version, the checkpoint by its mark; two histories can't come to be.

mod delivering;
mod finishing;
mod leaf;
mod watching;

use std::sync::Arc;

use audit_log::hash::Hash;
use audit_log::watch::Memory;
pub use audit_log::watch::Rules;
use domain::ids::TenantId;
use domain::key::TenantKey;
use jiff::{SignedDuration, Timestamp};

pub use self::delivering::object_name;
pub use self::leaf::leaf_of;
use crate::ports::{
    AnomalyAlerts, AuditFeed, Batch, CheckpointSigner, Clock, EvidenceStore, ExportStore, JobStore, LogHead, PortError,
    PortErrorKind, SEAL_SHARDS, Unsealed,
};

/// Entries looked at per shard and run.
const PER_SHARD: usize = 4_000;
/// Events of one batch: its keys must fit the head's item.
const PER_BATCH: usize = 1_000;
/// Keys of one read.
const PER_READ: usize = 100;
/// A quiet log is signed again after this.
const HEARTBEAT_AFTER: SignedDuration = SignedDuration::from_hours(1);
/// Quiet logs looked at per run.
const HEARTBEATS: usize = 500;

/// What a run did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SealReport {
    /// Events sealed.
    pub sealed: u64,
    /// Heartbeats written.
    pub heartbeats: u64,
    /// Shards that had more than one run looks at: the caller runs again.
    pub full_shards: u8,
    /// Age of the oldest event that was not sealed, in seconds.
    pub oldest_seconds: i64,
    /// Sealed events that the SIEM could not be given.
    pub undelivered: u64,
}

/// Seals what is not sealed, tenant by tenant.
pub struct SealAudit {
    // Dependencies.
    /// Events and heads.
    pub feed: Arc<dyn AuditFeed>,
    /// Where tiles and checkpoints stay.
    pub evidence: Arc<dyn EvidenceStore>,
    /// Signs checkpoints.
    pub signer: Arc<dyn CheckpointSigner>,
    /// Takes the events of anomalies.
    pub store: Arc<dyn JobStore>,
    /// Whoever must hear of anomalies.
    pub alerts: Arc<dyn AnomalyAlerts>,
    /// The bucket a SIEM reads from; nothing is delivered without one.
    pub siem: Option<Arc<dyn ExportStore>>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    // Configuration.
    /// What is an anomaly.
    pub rules: Rules,
    /// What the names of all logs begin with; the tenant follows after a slash.
    pub origin: String,
    /// How long what is written stays.
    pub keep_days: i64,
}

/// The name of a tenant's log.
#[must_use]
pub fn origin_of(prefix: &str, tenant: &TenantId) -> String {
    format!("{prefix}/{tenant}")
}

impl SealAudit {
    /// One run over all shards and quiet logs. One log failing doesn't stop the others.
    ///
    /// # Errors
    /// The first failure, after all logs were tried.
    pub async fn run(&self) -> Result<SealReport, PortError> {
        let now = self.clock.now();
        let mut report = SealReport::default();
        let mut failure = None;
        for shard in 0..SEAL_SHARDS {
            let entries = self.feed.unsealed(shard, PER_SHARD).await?;
            report.full_shards += u8::from(entries.len() >= PER_SHARD);
            for log in entries.chunk_by(|one, next| one.tenant() == next.tenant()) {
                if let Err(error) = self.seal(log, now, &mut report).await {
                    tracing::error!(error = %error, tenant = %log[0].tenant(), "a log was not sealed");
                    failure.get_or_insert(error);
                }
            }
        }
        for tenant in self.feed.heartbeats_due(now, HEARTBEATS).await? {
            match self.beat(&tenant, now, &mut report).await {
                Ok(()) => {}
                Err(error) => {
                    tracing::error!(error = %error, tenant = %tenant, "a quiet log was not signed again");
                    failure.get_or_insert(error);
                }
            }
        }
        failure.map_or(Ok(report), Err)
    }

    async fn seal(&self, entries: &[Unsealed], now: Timestamp, report: &mut SealReport) -> Result<(), PortError> {
        let Some(tenant) = entries.first().map(Unsealed::tenant) else { return Ok(()) };
        let keys: Vec<TenantKey> = entries.iter().filter_map(event_key).cloned().collect();
        let oldest = keys.iter().filter_map(happened_at).min();
        let age = oldest.map_or(0, |at| now.duration_since(at).as_secs());
        report.oldest_seconds = report.oldest_seconds.max(age);
        let mut head = self.settled_head(tenant, now).await?;
        for chunk in keys.chunks(PER_BATCH) {
            let events = self.still_unsealed(chunk).await?;
            if events.is_empty() {
                continue;
            }
            let count = events.len() as u64;
            let Some(next) = self.seal_batch(head, Batch { events, begun_at: now }).await? else { return Ok(()) };
            report.sealed += count;
            head = next;
        }
        report.undelivered += head.undelivered();
        Ok(())
    }

    /// Delivers what waits for it, and adds a heartbeat to a log that has been quiet.
    async fn beat(&self, tenant: &TenantId, now: Timestamp, report: &mut SealReport) -> Result<(), PortError> {
        let Some(head) = self.caught_up(self.settled_head(tenant, now).await?).await? else { return Ok(()) };
        let waiting = head.undelivered();
        if head.version == 0 || head.heartbeat_at > now {
            report.undelivered += waiting;
            return Ok(());
        }
        let batch = Batch { events: Vec::new(), begun_at: now };
        let beat = self.seal_batch(head, batch).await?;
        report.heartbeats += u64::from(beat.is_some());
        report.undelivered += beat.map_or(waiting, |head| head.undelivered());
        Ok(())
    }

    /// The head of a log with nothing pending: a batch somebody left is finished first.
    async fn settled_head(&self, tenant: &TenantId, now: Timestamp) -> Result<LogHead, PortError> {
        let empty = || LogHead {
            v: 1,
            tenant: tenant.clone(),
            version: 0,
            size: 0,
            root: Hash::of_nothing().to_string(),
            heartbeat_at: now + HEARTBEAT_AFTER,
            pending: None,
            delivery: None,
            memory: Memory::default(),
        };
        let head = self.feed.load_head(tenant).await?.unwrap_or_else(empty);
        match head.pending.clone() {
            None => Ok(head),
            Some(batch) => self.finish(head, &batch).await,
        }
    }

    async fn still_unsealed(&self, keys: &[TenantKey]) -> Result<Vec<TenantKey>, PortError> {
        let mut unsealed = Vec::new();
        for keys in keys.chunks(PER_READ) {
            let found = self.feed.events(keys).await?;
            let open = keys.iter().zip(&found).filter(|(_, stored)| stored.as_ref().is_some_and(|it| !it.is_sealed));
            unsealed.extend(open.map(|(key, _)| key.clone()));
        }
        Ok(unsealed)
    }

    /// Fixes a batch and finishes it; `None` if another sealer was first.
    async fn seal_batch(&self, head: LogHead, batch: Batch) -> Result<Option<LogHead>, PortError> {
        let begun = LogHead { version: head.version + 1, pending: Some(batch.clone()), ..head };
        if !self.feed.write_head(&begun).await? {
            return Ok(None);
        }
        self.finish(begun, &batch).await.map(Some)
    }
}

/// Where a file of a tenant's log is kept.
#[must_use]
pub fn path(tenant: &TenantId, name: &str) -> String {
    format!("logs/{tenant}/{name}")
}

const fn event_key(entry: &Unsealed) -> Option<&TenantKey> {
    match entry {
        Unsealed::Event(key) => Some(key),
        Unsealed::Batch(_) => None,
    }
}

/// The time in an event's key.
fn happened_at(key: &TenantKey) -> Option<Timestamp> {
    let millis = key.sort().strip_prefix("event#")?.split('#').next()?.parse().ok()?;
    Timestamp::from_millisecond(millis).ok()
}

fn corrupt(operation: &'static str, cause: impl std::error::Error + Send + Sync + 'static) -> PortError {
    PortError::caused(PortErrorKind::Corrupt, operation, cause)
}
