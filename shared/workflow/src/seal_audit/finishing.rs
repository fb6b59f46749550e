//! What writes a batch: tiles under lock, then the checkpoint over them, then the marks. Each act may run twice, and beside another sealer.

use audit_log::checkpoint::Checkpoint;
use audit_log::edge::{Edge, NewTile};
use audit_log::note::Verifier;
use domain::ids::TenantId;
use jiff::{SignedDuration, Timestamp};

use super::{HEARTBEAT_AFTER, PER_READ, SealAudit, corrupt, leaf, leaf_of, origin_of, path};
use crate::ports::{Batch, LogHead, PortError, PortErrorKind};

impl SealAudit {
    /// Writes what the batch says. Every act may run twice, and beside another sealer doing the same.
    pub(super) async fn finish(&self, head: LogHead, batch: &Batch) -> Result<LogHead, PortError> {
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
        let done = self.follow(done, &leaves, batch.begun_at).await?;
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

/// Another sealer may have passed by, which the next run finds; where none can have, something was tampered with.
const fn passed(operation: &'static str, was_possible: bool) -> PortError {
    let kind = if was_possible { PortErrorKind::Transient } else { PortErrorKind::Corrupt };
    PortError::new(kind, operation)
}
