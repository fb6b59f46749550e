//! Seals audit events: gives them their order, writes them as tiles under lock and signs the checkpoint over them (R-AUD-2).
//!
//! A batch is fixed in the log's head before anything is written, so whoever finishes it writes the same bytes: a crash, a second
//! sealer or a lost answer changes nothing. The head moves by its version, the checkpoint by its mark; two histories can't come to be.

mod leaf;

use std::sync::Arc;

use audit_log::checkpoint::Checkpoint;
use audit_log::edge::{Edge, NewTile};
use audit_log::hash::Hash;
use audit_log::note::Verifier;
use domain::ids::TenantId;
use domain::key::TenantKey;
use jiff::{SignedDuration, Timestamp};

pub use self::leaf::leaf_of;
use crate::ports::{
    AuditFeed, Batch, CheckpointSigner, Clock, EvidenceStore, LogHead, PortError, PortErrorKind, SEAL_SHARDS, Unsealed,
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
    /// The time.
    pub clock: Arc<dyn Clock>,
    // Configuration.
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
            match self.beat(&tenant, now).await {
                Ok(written) => report.heartbeats += u64::from(written),
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
        Ok(())
    }

    /// Adds a heartbeat to a log that has been quiet; `false` if it has not, or if somebody else did.
    async fn beat(&self, tenant: &TenantId, now: Timestamp) -> Result<bool, PortError> {
        let head = self.settled_head(tenant, now).await?;
        if head.version == 0 || head.heartbeat_at > now {
            return Ok(false);
        }
        let batch = Batch { events: Vec::new(), begun_at: now };
        Ok(self.seal_batch(head, batch).await?.is_some())
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

    /// Writes what the batch says. Every act may run twice, and beside another sealer doing the same.
    async fn finish(&self, head: LogHead, batch: &Batch) -> Result<LogHead, PortError> {
        let leaves = self.leaves(&head, batch).await?;
        let mut edge = self.edge(&head).await?;
        let tiles = edge.append(&leaves).map_err(|cause| corrupt("append to the log", cause))?;
        let keep_until = batch.begun_at + SignedDuration::from_hours(24 * self.keep_days);
        for tile in tiles {
            self.put_tile(&head.tenant, tile, keep_until).await?;
        }
        self.sign(&head, &edge, keep_until).await?;
        self.feed.mark_sealed(&batch.events, head.size).await?;
        let done = LogHead {
            version: head.version + 1,
            size: edge.tree().size(),
            root: edge.tree().root().to_string(),
            heartbeat_at: batch.begun_at + HEARTBEAT_AFTER,
            pending: None,
            ..head
        };
        // Where it isn't written, another sealer wrote the same.
        self.feed.write_head(&done).await?;
        Ok(done)
    }

    async fn leaves(&self, head: &LogHead, batch: &Batch) -> Result<Vec<Vec<u8>>, PortError> {
        if batch.events.is_empty() {
            let heartbeat = leaf::heartbeat(&head.tenant, head.size, batch.begun_at);
            return Ok(vec![heartbeat.leaf().map_err(|cause| corrupt("write a heartbeat", cause))?]);
        }
        let mut leaves = Vec::with_capacity(batch.events.len());
        for keys in batch.events.chunks(PER_READ) {
            for stored in self.feed.events(keys).await? {
                let lost = || PortError::new(PortErrorKind::Corrupt, "read a pending event");
                let leaf = leaf_of(&stored.ok_or_else(lost)?.event);
                leaves.push(leaf.map_err(|cause| corrupt("write an event", cause))?);
            }
        }
        Ok(leaves)
    }

    /// The right edge of the log as it is stored; refused unless it is what the head says.
    async fn edge(&self, head: &LogHead) -> Result<Edge, PortError> {
        let mut tiles = Vec::new();
        for name in Edge::names(head.size) {
            let found = self.evidence.read(&path(&head.tenant, &name.to_string())).await?;
            tiles.push(found.ok_or_else(|| PortError::new(PortErrorKind::Corrupt, "read the edge of the log"))?.bytes);
        }
        let edge = Edge::from_tiles(head.size, tiles).map_err(|cause| corrupt("read the edge of the log", cause))?;
        if edge.tree().root().to_string() == head.root {
            Ok(edge)
        } else {
            Err(PortError::new(PortErrorKind::Corrupt, "compare the edge of the log with its head"))
        }
    }

    async fn put_tile(&self, tenant: &TenantId, tile: NewTile, keep_until: Timestamp) -> Result<(), PortError> {
        let name = path(tenant, &tile.name.to_string());
        if self.evidence.put_new(&name, tile.bytes.clone(), keep_until).await? {
            return Ok(());
        }
        match self.evidence.read(&name).await? {
            Some(there) if there.bytes == tile.bytes => Ok(()),
            Some(_) | None => Err(PortError::new(PortErrorKind::Corrupt, "compare a tile that is there already")),
        }
    }

    /// Signs the new checkpoint over the one the head knows; refused over any other.
    async fn sign(&self, head: &LogHead, edge: &Edge, keep_until: Timestamp) -> Result<(), PortError> {
        let origin = origin_of(&self.origin, &head.tenant);
        let verifier = Verifier::new(&origin, self.signer.key().await?)
            .ok_or_else(|| PortError::new(PortErrorKind::Corrupt, "name the log"))?;
        let checkpoint = Checkpoint { origin, size: edge.tree().size(), root: edge.tree().root() };
        let name = path(&head.tenant, "checkpoint");
        let Some(there) = self.evidence.read(&name).await? else {
            let note = self.signed(&checkpoint, &verifier).await?;
            let is_first = head.size == 0 && self.evidence.put_new(&name, note, keep_until).await?;
            return if is_first { Ok(()) } else { Err(passed("sign the first checkpoint", head.size == 0)) };
        };
        let note = String::from_utf8(there.bytes).map_err(|cause| corrupt("read the checkpoint", cause))?;
        let known = Checkpoint::open(&note, &checkpoint.origin, &verifier)
            .map_err(|cause| corrupt("open the checkpoint", cause))?;
        if known == checkpoint {
            return Ok(());
        }
        if known.size != head.size || known.root.to_string() != head.root {
            return Err(passed("compare the checkpoint with the head", known.size > checkpoint.size));
        }
        let note = self.signed(&checkpoint, &verifier).await?;
        if self.evidence.replace(&name, note, &there.mark, keep_until).await? {
            Ok(())
        } else {
            Err(passed("sign the checkpoint", true))
        }
    }

    async fn signed(&self, checkpoint: &Checkpoint, verifier: &Verifier) -> Result<Vec<u8>, PortError> {
        let signature = self.signer.sign(checkpoint.text().as_bytes()).await?;
        let note = checkpoint.join(&signature, verifier).map_err(|cause| corrupt("sign the checkpoint", cause))?;
        Ok(note.into_bytes())
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

/// Another sealer may have passed by, which the next run finds; where none can have, something was tampered with.
const fn passed(operation: &'static str, was_possible: bool) -> PortError {
    let kind = if was_possible { PortErrorKind::Transient } else { PortErrorKind::Corrupt };
    PortError::new(kind, operation)
}
