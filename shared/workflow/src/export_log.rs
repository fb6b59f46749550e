//! Hands out a whole log as an auditor takes it away: files under their names, the checkpoint, the public key. Verifying it is theirs.

use std::io;
use std::sync::Arc;

use audit_log::checkpoint::Checkpoint;
use audit_log::note::Verifier;
use audit_log::tile::all_names;
use domain::ids::TenantId;
use futures::{StreamExt as _, stream};

use crate::ports::{CheckpointSigner, EvidenceStore, PortError};
use crate::seal_audit::{origin_of, path};

/// The name of the public key among the files.
pub const KEY_FILE: &str = "log.pem";
/// Files on their way at once.
const AT_ONCE: usize = 16;

/// Why a log was not handed out.
#[derive(Debug, thiserror::Error)]
pub enum ExportLogError {
    /// The tenant has no log.
    #[error("the tenant has no sealed log yet")]
    Nothing,
    /// The checkpoint doesn't hold under the key: nothing is worth taking away.
    #[error("the checkpoint can't be trusted")]
    Checkpoint,
    /// A file that the checkpoint covers isn't there.
    #[error("the file {0} is missing")]
    Missing(String),
    /// A store failed.
    #[error(transparent)]
    Port(#[from] PortError),
    /// The files can't be written.
    #[error("a file can't be written")]
    Write(#[from] io::Error),
}

/// Hands out logs.
pub struct ExportLog {
    // Dependencies.
    /// Where the logs stay.
    pub evidence: Arc<dyn EvidenceStore>,
    /// Knows the public key.
    pub signer: Arc<dyn CheckpointSigner>,
    // Configuration.
    /// What the names of all logs begin with.
    pub origin: String,
}

/// What was handed out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportedLog {
    /// What the checkpoint says.
    pub checkpoint: Checkpoint,
    /// Files beside checkpoint and key.
    pub files: u64,
}

impl ExportLog {
    /// Gives each file of a tenant's log to `keep`, the checkpoint last: a directory with a checkpoint is whole.
    ///
    /// # Errors
    /// There is no log, a file is missing, a port fails or `keep` does.
    pub async fn run(
        &self,
        tenant: &TenantId,
        mut keep: impl FnMut(&str, &[u8]) -> io::Result<()>,
    ) -> Result<ExportedLog, ExportLogError> {
        let key = self.signer.key().await?;
        let found = self.evidence.read(&path(tenant, "checkpoint")).await?.ok_or(ExportLogError::Nothing)?;
        let note = String::from_utf8(found.bytes).map_err(|_| ExportLogError::Checkpoint)?;
        let origin = origin_of(&self.origin, tenant);
        let verifier = Verifier::new(&origin, key.clone()).ok_or(ExportLogError::Checkpoint)?;
        let checkpoint = Checkpoint::open(&note, &origin, &verifier).map_err(|_| ExportLogError::Checkpoint)?;
        keep(KEY_FILE, key.to_pem().as_bytes())?;
        let names = all_names(checkpoint.size).map(|name| name.to_string());
        let reads = stream::iter(names).map(|name| async move {
            let found = self.evidence.read(&path(tenant, &name)).await;
            (name, found)
        });
        let mut reads = std::pin::pin!(reads.buffered(AT_ONCE));
        let mut files = 0;
        while let Some((name, found)) = reads.next().await {
            let Some(found) = found? else { return Err(ExportLogError::Missing(name)) };
            keep(&name, &found.bytes)?;
            files += 1;
        }
        keep("checkpoint", note.as_bytes())?;
        Ok(ExportedLog { checkpoint, files })
    }
}
