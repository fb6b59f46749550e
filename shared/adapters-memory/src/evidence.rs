//! The bucket of evidence in memory, every version kept, and a signer with a real Ed25519 key.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use audit_log::key::CheckpointKey;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use jiff::Timestamp;
use workflow::ports::{CheckpointSigner, EvidenceStore, Marked, PortError, PortErrorKind};

use crate::mutants::Mutant;
use crate::state::State;
use crate::world::MemoryWorld;

/// The versions of an object, the oldest first, and until when each is locked.
pub type Versions = Vec<(Arc<Vec<u8>>, Timestamp)>;

/// Objects by name, with all their versions.
#[derive(Debug, Clone, Default)]
pub struct Evidence {
    /// The objects.
    pub objects: BTreeMap<String, Versions>,
    /// Whether what is stored is not what was sent.
    pub is_damaging: bool,
    /// What was sent where something else is stored.
    sent: BTreeMap<String, Arc<Vec<u8>>>,
}

/// The bucket of the world.
#[derive(Debug, Clone)]
pub struct MemoryEvidenceStore {
    world: MemoryWorld,
}

impl MemoryEvidenceStore {
    pub(crate) const fn new(world: MemoryWorld) -> Self {
        Self { world }
    }
}

#[async_trait]
impl EvidenceStore for MemoryEvidenceStore {
    async fn read(&self, name: &str) -> Result<Option<Marked>, PortError> {
        self.world
            .call("read_evidence", |state| {
                let is_blind = state.mutants.has(Mutant::ArchiveNotVerified);
                let sent = state.evidence.sent.get(name).filter(|_| is_blind);
                if let Some(bytes) = sent {
                    return Ok(Some(Marked { bytes: bytes.to_vec(), mark: "1".to_owned() }));
                }
                let versions = state.evidence.objects.get(name);
                let newest = versions.and_then(|versions| Some((versions.len(), versions.last()?)));
                Ok(newest.map(|(count, (bytes, _))| Marked { bytes: bytes.to_vec(), mark: count.to_string() }))
            })
            .await
    }

    async fn names(&self, prefix: &str, after: Option<&str>, limit: usize) -> Result<Vec<String>, PortError> {
        self.world
            .call("list_evidence", |state| {
                let names = state.evidence.objects.range(prefix.to_owned()..).map(|(name, _)| name);
                let under = names.take_while(|name| name.starts_with(prefix));
                let next = under.filter(|name| after.is_none_or(|after| name.as_str() > after));
                Ok(next.take(limit.min(1_000)).cloned().collect())
            })
            .await
    }

    async fn put_new(&self, name: &str, bytes: Vec<u8>, keep_until: Timestamp) -> Result<bool, PortError> {
        self.world.call("put_evidence", |state| Ok(put(state, name, &bytes, 0, keep_until))).await
    }

    async fn replace(&self, name: &str, bytes: Vec<u8>, mark: &str, keep_until: Timestamp) -> Result<bool, PortError> {
        let expected = mark.parse().map_err(|_| PortError::new(PortErrorKind::Corrupt, "replace_evidence"))?;
        self.world.call("replace_evidence", |state| Ok(put(state, name, &bytes, expected, keep_until))).await
    }

    async fn remove(&self, name: &str) -> Result<bool, PortError> {
        self.world
            .call("remove_evidence", |state| {
                let now = state.now;
                let locked = |versions: &Versions| versions.iter().any(|(_, keep_until)| *keep_until > now);
                let is_locked = state.evidence.objects.get(name).is_some_and(locked);
                if !is_locked {
                    state.evidence.objects.remove(name);
                    state.evidence.sent.remove(name);
                }
                Ok(!is_locked)
            })
            .await
    }
}

fn put(state: &mut State, name: &str, bytes: &[u8], expected: usize, keep_until: Timestamp) -> bool {
    let is_damaging = state.evidence.is_damaging;
    let versions = state.evidence.objects.entry(name.to_owned()).or_default();
    let is_expected = versions.len() == expected;
    if is_expected {
        let mut stored = bytes.to_vec();
        if is_damaging && let Some(last) = stored.last_mut() {
            *last ^= 1;
            state.evidence.sent.insert(name.to_owned(), Arc::new(bytes.to_vec()));
        }
        versions.push((Arc::new(stored), keep_until));
    }
    is_expected
}

/// Signs with a key of the world's.
#[derive(Debug, Clone)]
pub struct MemoryCheckpointSigner {
    world: MemoryWorld,
}

impl MemoryCheckpointSigner {
    pub(crate) const fn new(world: MemoryWorld) -> Self {
        Self { world }
    }
}

fn pair(state: &State) -> Result<Ed25519KeyPair, PortError> {
    Ed25519KeyPair::from_seed_unchecked(state.master_key.signing_bytes())
        .map_err(|_| PortError::new(PortErrorKind::Corrupt, "sign_checkpoint"))
}

#[async_trait]
impl CheckpointSigner for MemoryCheckpointSigner {
    async fn key(&self) -> Result<CheckpointKey, PortError> {
        self.world
            .call("checkpoint_key", |state| {
                let bytes = <[u8; 32]>::try_from(pair(state)?.public_key().as_ref());
                bytes
                    .map(CheckpointKey::from_bytes)
                    .map_err(|_| PortError::new(PortErrorKind::Corrupt, "checkpoint_key"))
            })
            .await
    }

    async fn sign(&self, text: &[u8]) -> Result<Vec<u8>, PortError> {
        self.world.call("sign_checkpoint", |state| Ok(pair(state)?.sign(text).as_ref().to_vec())).await
    }
}
