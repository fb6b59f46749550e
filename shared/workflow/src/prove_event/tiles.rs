//! Tiles as a prover reads them: many at once, each once. A tile's name holds its width, so its bytes never change.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

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
/// Checkpoints kept open, one or two for each tenant that asks.
const KEPT_CHECKPOINTS: usize = 1_000;

/// How long a checkpoint counts as recent.
const RECENT: SignedDuration = SignedDuration::from_secs(30);

/// Reads files of logs and keeps them.
pub struct TileReader {
    // Dependencies.
    pub(super) evidence: Arc<dyn EvidenceStore>,
    // Kept.
    kept: Mutex<Kept>,
    opened: Mutex<HashMap<String, Checkpoint>>,
    /// The checkpoint last read of each tenant, and when.
    newest: Mutex<HashMap<TenantId, (Timestamp, SignedCheckpoint)>>,
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
        Self { evidence, kept: Mutex::default(), opened: Mutex::default(), newest: Mutex::default() }
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

    /// What a note that was opened before says.
    pub(super) fn opened(&self, note: &str) -> Option<Checkpoint> {
        self.opened.lock().unwrap_or_else(PoisonError::into_inner).get(note).cloned()
    }

    pub(super) fn remember(&self, note: &str, checkpoint: &Checkpoint) {
        let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        if opened.len() >= KEPT_CHECKPOINTS {
            opened.clear();
        }
        opened.insert(note.to_owned(), checkpoint.clone());
    }

    /// The checkpoint that was kept of a tenant, if it is recent.
    pub(super) fn recent(&self, tenant: &TenantId, now: Timestamp) -> Option<SignedCheckpoint> {
        let newest = self.newest.lock().unwrap_or_else(PoisonError::into_inner);
        let (read_at, signed) = newest.get(tenant)?;
        (*read_at <= now && now.duration_since(*read_at) < RECENT).then(|| signed.clone())
    }

    pub(super) fn keep_recent(&self, tenant: &TenantId, now: Timestamp, signed: &SignedCheckpoint) {
        let mut newest = self.newest.lock().unwrap_or_else(PoisonError::into_inner);
        if newest.len() >= KEPT_CHECKPOINTS {
            newest.clear();
        }
        newest.insert(tenant.clone(), (now, signed.clone()));
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Kept> {
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
