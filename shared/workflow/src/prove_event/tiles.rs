//! Tiles as a prover reads them: many at once, each once. A tile's name holds its width, so its bytes never change.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use audit_log::checkpoint::Checkpoint;
use audit_log::hash::Hash;
use audit_log::proof::Nodes;
use audit_log::tile::{TileName, TileNodes, hashes_of};
use domain::ids::TenantId;
use futures::future::try_join_all;
use jiff::{SignedDuration, Timestamp};

use super::SignedCheckpoint;
use crate::ports::{EvidenceStore, PortError, PortErrorKind};
use crate::seal_audit::path;

/// Bytes of files kept; a full tile of hashes has 8 KiB, a bundle of entries about 100.
const KEPT_BYTES: usize = 32 << 20;
/// Checkpoints kept open, one for each tenant that asks.
const KEPT_CHECKPOINTS: usize = 1_000;

/// How long a checkpoint counts as recent.
const RECENT: SignedDuration = SignedDuration::from_secs(30);

/// Reads files of logs and keeps them.
pub struct TileReader {
    // Dependencies.
    pub(super) evidence: Arc<dyn EvidenceStore>,
    // Kept.
    kept: Mutex<Kept>,
    /// The checkpoint last read of each tenant, and when.
    checkpoints: Mutex<HashMap<TenantId, (Timestamp, SignedCheckpoint)>>,
}

#[derive(Default)]
struct Kept {
    files: HashMap<String, Arc<Vec<u8>>>,
    bytes: usize,
}

impl TileReader {
    /// Reads from this bucket.
    #[must_use]
    pub fn new(evidence: Arc<dyn EvidenceStore>) -> Self {
        Self { evidence, kept: Mutex::default(), checkpoints: Mutex::default() }
    }

    /// The files of these names.
    ///
    /// # Errors
    /// `Corrupt` if one of them isn't there.
    pub(super) async fn read_all(&self, tenant: &TenantId, names: BTreeSet<TileName>) -> Result<Known, PortError> {
        let reads = names.into_iter().map(async |name| Ok::<_, PortError>((name, self.read(tenant, &name).await?)));
        Ok(Known { files: try_join_all(reads).await?.into_iter().collect() })
    }

    async fn read(&self, tenant: &TenantId, name: &TileName) -> Result<Arc<Vec<u8>>, PortError> {
        let file = path(tenant, &name.to_string());
        if let Some(bytes) = self.lock().files.get(&file) {
            return Ok(Arc::clone(bytes));
        }
        let missing = || PortError::new(PortErrorKind::Corrupt, "read a tile of the log");
        let bytes = Arc::new(self.evidence.read(&file).await?.ok_or_else(missing)?.bytes);
        let mut kept = self.lock();
        if kept.bytes + bytes.len() > KEPT_BYTES {
            *kept = Kept::default();
        }
        kept.bytes += bytes.len();
        kept.files.insert(file, Arc::clone(&bytes));
        Ok(bytes)
    }

    /// What the note says that was last opened of a tenant, if it is this one.
    pub(super) fn opened(&self, tenant: &TenantId, note: &str) -> Option<Checkpoint> {
        let checkpoints = self.checkpoints();
        let (_, signed) = checkpoints.get(tenant)?;
        (signed.note == note).then(|| signed.checkpoint.clone())
    }

    /// The checkpoint that was kept of a tenant, if it is recent.
    pub(super) fn recent(&self, tenant: &TenantId, now: Timestamp) -> Option<SignedCheckpoint> {
        let checkpoints = self.checkpoints();
        let (read_at, signed) = checkpoints.get(tenant)?;
        (*read_at <= now && now.duration_since(*read_at) < RECENT).then(|| signed.clone())
    }

    /// Keeps what was read of a tenant just now.
    pub(super) fn keep(&self, tenant: &TenantId, now: Timestamp, signed: &SignedCheckpoint) {
        let mut checkpoints = self.checkpoints();
        if checkpoints.len() >= KEPT_CHECKPOINTS {
            checkpoints.clear();
        }
        checkpoints.insert(tenant.clone(), (now, signed.clone()));
    }

    fn checkpoints(&self) -> MutexGuard<'_, HashMap<TenantId, (Timestamp, SignedCheckpoint)>> {
        self.checkpoints.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Files that were read.
pub(super) struct Known {
    files: BTreeMap<TileName, Arc<Vec<u8>>>,
}

impl Known {
    pub(super) fn bytes(&self, name: &TileName) -> Option<&[u8]> {
        self.files.get(name).map(|bytes| bytes.as_slice())
    }

    /// The nodes of the tree of `size` leaves.
    pub(super) fn nodes(&self, size: u64) -> impl Nodes {
        TileNodes::new(size, |name: &TileName| {
            let bytes = self.bytes(name).ok_or(NotRead)?;
            hashes_of(bytes, name.width).map_err(|_| NotRead)
        })
    }
}

/// A tile that isn't there or isn't as wide as its name says.
#[derive(Debug)]
pub(super) struct NotRead;

/// Learns which tiles are asked for; answers with hashes that mean nothing.
#[derive(Default)]
pub(super) struct Wanted {
    names: RefCell<BTreeSet<TileName>>,
}

impl Wanted {
    pub(super) fn nodes(&self, size: u64) -> impl Nodes {
        TileNodes::new(size, |name: &TileName| {
            self.names.borrow_mut().insert(*name);
            Ok::<_, NotRead>(vec![Hash::default(); usize::try_from(name.width).unwrap_or_default()])
        })
    }

    pub(super) fn into_names(self) -> BTreeSet<TileName> {
        self.names.into_inner()
    }
}
