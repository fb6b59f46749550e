//! Shows a third party that an event is in its tenant's log: the checkpoint, and the proof that leads to it (R-AUD-7).
//!
//! Files of a log never change under their name, so what was read once is kept; the checkpoint of a proof is at most half a minute old.

mod tiles;

use std::sync::Arc;

use audit_log::bundle::Bundle;
use audit_log::checkpoint::{Checkpoint, CheckpointError};
use audit_log::event::EventView;
use audit_log::hash::Hash;
use audit_log::note::Verifier;
use audit_log::proof::{holds_inclusion, prove_inclusion};
use audit_log::tile::{Entries, TILE_WIDTH, TileName};
use domain::ids::TenantId;
use domain::key::TenantKey;
use jiff::Timestamp;

pub use self::tiles::TileReader;
use self::tiles::{Known, Wanted};
use crate::ports::{AuditFeed, CheckpointSigner, EvidenceStore, PortError, PortErrorKind};
use crate::seal_audit::{origin_of, path};

/// Why there is no proof.
#[derive(Debug, thiserror::Error)]
pub enum ProveError {
    /// There is no such event.
    #[error("there is no such event")]
    Unknown,
    /// The event is not in the log yet; the sealer runs each minute.
    #[error("the event is not in the log yet")]
    NotSealed,
    /// A store failed, or what is stored contradicts itself.
    #[error(transparent)]
    Port(#[from] PortError),
}

/// A checkpoint whose signature was checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedCheckpoint {
    /// The note, word for word.
    pub note: String,
    /// What it says.
    pub checkpoint: Checkpoint,
}

/// An event in its log, with the proof of it; checked before it is handed out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventProof {
    /// Leaf, position, path and signed checkpoint (C2SP tlog-proof).
    pub bundle: Bundle,
    /// The checkpoint the path leads to.
    pub checkpoint: Checkpoint,
}

impl EventProof {
    /// The proof as a file that `habeas verify proof` checks offline.
    #[must_use]
    pub fn to_text(&self) -> String {
        self.bundle.to_text()
    }
}

/// Makes proofs out of stored logs.
pub struct ProveEvent {
    // Dependencies.
    /// Knows where in its log an event stands.
    pub feed: Arc<dyn AuditFeed>,
    /// Where tiles and checkpoints stay; keeps what it has read.
    pub tiles: TileReader,
    /// Knows the key under which checkpoints hold; signs nothing here.
    pub signer: Arc<dyn CheckpointSigner>,
    // Configuration.
    /// What the names of all logs begin with.
    pub origin: String,
}

impl ProveEvent {
    /// Proofs over a bucket.
    #[must_use]
    pub fn new(
        feed: Arc<dyn AuditFeed>,
        evidence: Arc<dyn EvidenceStore>,
        signer: Arc<dyn CheckpointSigner>,
        origin: impl Into<String>,
    ) -> Self {
        Self { feed, tiles: TileReader::new(evidence), signer, origin: origin.into() }
    }

    /// The newest signed checkpoint of a tenant's log; `None` before the first event is sealed.
    ///
    /// # Errors
    /// `Corrupt` where the signature doesn't hold.
    pub async fn checkpoint(&self, tenant: &TenantId, now: Timestamp) -> Result<Option<SignedCheckpoint>, PortError> {
        let Some(found) = self.tiles.evidence.read(&path(tenant, "checkpoint")).await? else { return Ok(None) };
        let note = String::from_utf8(found.bytes).map_err(|cause| corrupt("read the checkpoint", cause))?;
        let checkpoint = match self.tiles.opened(tenant, &note) {
            Some(checkpoint) => checkpoint,
            None => self.open(tenant, &note).await?.map_err(|cause| corrupt("open the checkpoint", cause))?,
        };
        let signed = SignedCheckpoint { note, checkpoint };
        self.tiles.keep(tenant, now, &signed);
        Ok(Some(signed))
    }

    /// A checkpoint of a tenant's log that was the newest half a minute ago or later; the sealer makes one a minute.
    async fn recent(&self, tenant: &TenantId, now: Timestamp) -> Result<Option<SignedCheckpoint>, PortError> {
        match self.tiles.recent(tenant, now) {
            Some(signed) => Ok(Some(signed)),
            None => self.checkpoint(tenant, now).await,
        }
    }

    /// What a note says, under the key and the name of the tenant's log.
    ///
    /// # Errors
    /// When the key can't be read; the inner error where the note doesn't hold.
    pub async fn open(&self, tenant: &TenantId, note: &str) -> Result<Result<Checkpoint, CheckpointError>, PortError> {
        let origin = origin_of(&self.origin, tenant);
        let verifier = Verifier::new(&origin, self.signer.key().await?)
            .ok_or_else(|| PortError::new(PortErrorKind::Corrupt, "name the log"))?;
        Ok(Checkpoint::open(note, &origin, &verifier))
    }

    /// The proof for the event under a key of the jobs table.
    ///
    /// # Errors
    /// `Unknown` and `NotSealed`; `Port` with `Corrupt` where the stored log doesn't show the event.
    pub async fn prove(&self, key: &TenantKey, now: Timestamp) -> Result<EventProof, ProveError> {
        let (tenant, keys) = (key.tenant(), std::slice::from_ref(key));
        let (found, recent) = futures::try_join!(self.feed.events(keys), self.recent(tenant, now))?;
        let stored = found.into_iter().flatten().next().ok_or(ProveError::Unknown)?;
        let index = stored.leaf_index.ok_or(ProveError::NotSealed)?;
        // What was sealed since then stands in a newer one only.
        let signed = match recent.filter(|signed| index < signed.checkpoint.size) {
            Some(signed) => signed,
            None => self.checkpoint(tenant, now).await?.ok_or(ProveError::NotSealed)?,
        };
        let proof = self.prove_index(tenant, index, signed).await?;
        let leaf = proof.bundle.extra.as_deref().unwrap_or_default();
        match EventView::read(leaf) {
            Ok(view) if view.id() == stored.event.id.as_str() => Ok(proof),
            Ok(_) | Err(_) => Err(PortError::new(PortErrorKind::Corrupt, "compare the event with its leaf").into()),
        }
    }

    /// The proof for the leaf at a position of a tenant's log; `NotSealed` beyond the checkpoint.
    async fn prove_index(
        &self,
        tenant: &TenantId,
        index: u64,
        SignedCheckpoint { note, checkpoint }: SignedCheckpoint,
    ) -> Result<EventProof, ProveError> {
        let bundle_name = TileName::of_entries(index / TILE_WIDTH, checkpoint.size);
        let Some(bundle_name) = bundle_name.filter(|_| index < checkpoint.size) else {
            return Err(ProveError::NotSealed);
        };
        // The first pass only learns which tiles the path needs; all are then fetched at once.
        let wanted = Wanted::default();
        drop(prove_inclusion(&wanted.nodes(checkpoint.size), index, checkpoint.size));
        let mut names = wanted.into_names();
        names.insert(bundle_name);
        let known = self.tiles.read_all(tenant, names).await?;
        let broken = || PortError::new(PortErrorKind::Corrupt, "prove an event from the stored log");
        let path = prove_inclusion(&known.nodes(checkpoint.size), index, checkpoint.size).map_err(|_| broken())?;
        let leaf = leaf_at(&known, &bundle_name, index).ok_or_else(broken)?;
        if !holds_inclusion(&Hash::of_leaf(&leaf), index, checkpoint.size, &path, &checkpoint.root) {
            return Err(broken().into());
        }
        Ok(EventProof { bundle: Bundle { extra: Some(leaf), index, path, checkpoint: note }, checkpoint })
    }
}

fn leaf_at(known: &Known, name: &TileName, index: u64) -> Option<Vec<u8>> {
    let place = usize::try_from(index % TILE_WIDTH).ok()?;
    Entries::of(known.bytes(name)?).nth(place)?.ok().map(<[u8]>::to_vec)
}

fn corrupt(operation: &'static str, cause: impl std::error::Error + Send + Sync + 'static) -> PortError {
    PortError::caused(PortErrorKind::Corrupt, operation, cause)
}
