//! Re-reads a tenant's log and names the first place that is broken: files against the signature, leaves against the table (R-AUD-4).
//!
//! Files are fetched ahead and dropped behind, so a log of any length needs the memory of a few bundles.

mod ahead;
mod leaves;
mod trails;

use std::sync::Arc;

use audit_log::checkpoint::Checkpoint;
use audit_log::tile::{Entries, TILE_WIDTH, TileKind, TileName};
use audit_log::verify::{Broken, LogVerifier};
use domain::ids::TenantId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use self::ahead::Ahead;
use self::leaves::{Leaves, Shed};
use crate::ports::{AuditFeed, Clock, EvidenceStore, JobStore, PortError};
use crate::prove_event::ProveEvent;
use crate::seal_audit::path;

/// What a verification found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verification {
    /// Version of this form.
    pub v: u8,
    /// Whose log.
    pub tenant: TenantId,
    /// When it began.
    pub at: Timestamp,
    /// Whether everything that was checked holds.
    pub ok: bool,
    /// Events under the checkpoint.
    pub tree_size: u64,
    /// Events read and compared.
    pub checked: u64,
    /// Jobs whose versions were compared with their events.
    pub jobs: u64,
    /// The first place that doesn't hold, in words.
    pub broken_at: Option<String>,
    /// Whether it came to its end; what was not looked at may be broken.
    pub finished: bool,
    /// The checkpoint that held, word for word: the next verification must continue it.
    pub checkpoint: String,
}

/// How far a verification goes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Depth {
    /// A checkpoint that held before; the log must continue it.
    pub known: Option<String>,
    /// Whether leaves are compared with the table, and versions of jobs with their events.
    pub with_table: bool,
    /// When to stop, finished or not.
    pub ends_at: Option<Timestamp>,
}

/// Verifies logs.
pub struct VerifyLog {
    // Dependencies.
    /// Opens checkpoints.
    pub prove: Arc<ProveEvent>,
    /// Where tiles stay.
    pub evidence: Arc<dyn EvidenceStore>,
    /// Events as they stand in the table.
    pub feed: Arc<dyn AuditFeed>,
    /// Jobs and their versions.
    pub store: Arc<dyn JobStore>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

impl VerifyLog {
    /// One pass over a tenant's log; `None` if there is none yet.
    ///
    /// # Errors
    /// When a port fails: nothing is said about the log then.
    pub async fn run(&self, tenant: &TenantId, depth: &Depth) -> Result<Option<Verification>, PortError> {
        let at = self.clock.now();
        let Some(found) = self.evidence.read(&path(tenant, "checkpoint")).await? else {
            // A log that held before can't be gone.
            let gone = || "the checkpoint is missing, and was there before".to_owned();
            return Ok(depth.known.as_ref().map(|known| broken(tenant, at, known, gone())));
        };
        let note = String::from_utf8_lossy(&found.bytes).into_owned();
        let checkpoint = match self.prove.open(tenant, &note).await? {
            Ok(checkpoint) => checkpoint,
            Err(error) => {
                return Ok(Some(broken(tenant, at, &note, format!("the checkpoint can't be trusted: {error}"))));
            }
        };
        let known = match &depth.known {
            Some(known) => self.prove.open(tenant, known).await?.ok(),
            None => None,
        };
        let start = Verification {
            v: 1,
            tenant: tenant.clone(),
            at,
            ok: false,
            tree_size: checkpoint.size,
            checked: 0,
            jobs: 0,
            broken_at: None,
            finished: true,
            checkpoint: note,
        };
        self.pass(start, checkpoint, known, depth).await.map(Some)
    }

    async fn pass(
        &self,
        mut result: Verification,
        checkpoint: Checkpoint,
        known: Option<Checkpoint>,
        depth: &Depth,
    ) -> Result<Verification, PortError> {
        let size = checkpoint.size;
        let mut pass = match LogVerifier::new(checkpoint, known.into_iter().collect()) {
            Ok(pass) => pass,
            Err(error) => return Ok(Verification { broken_at: Some(error.to_string()), ..result }),
        };
        let mut ahead = Ahead::new(self.evidence.as_ref(), &result.tenant, size);
        let mut leaves = Leaves::new(self.feed.as_ref(), &result.tenant);
        while let Some(name) = pass.wants() {
            if self.is_over(depth) {
                result.finished = false;
                return Ok(result);
            }
            let bytes = ahead.read(&name).await?;
            if name.kind == TileKind::Entries {
                if depth.with_table {
                    leaves.compare(&name, bytes.as_deref().map_or(&[], Vec::as_slice)).await?;
                }
                result.checked += name.width;
            }
            pass.give(bytes.as_deref().map(Vec::as_slice));
        }
        if leaves.is_short() {
            // What is gone may have been announced behind the checkpoint that this pass began with.
            self.hear_since(&result.tenant, size, leaves.shed()).await?;
        }
        result.broken_at = pass.finish().err().as_ref().map(Broken::to_string).or_else(|| leaves.broken());
        if depth.with_table && result.broken_at.is_none() {
            let shed = leaves.shed().before;
            trails::compare(self, &mut result, depth, shed).await?;
        }
        result.ok = result.broken_at.is_none() && result.finished;
        Ok(result)
    }

    /// Listens to the leaves behind a size. The next pass checks them.
    async fn hear_since(&self, tenant: &TenantId, size: u64, shed: &mut Shed) -> Result<(), PortError> {
        let found = self.evidence.read(&path(tenant, "checkpoint")).await?;
        let note = found.map(|found| String::from_utf8_lossy(&found.bytes).into_owned()).unwrap_or_default();
        let Ok(newest) = self.prove.open(tenant, &note).await? else { return Ok(()) };
        for index in size / TILE_WIDTH..newest.size.div_ceil(TILE_WIDTH) {
            let Some(name) = TileName::of_entries(index, newest.size) else { continue };
            let bundle = self.evidence.read(&path(tenant, &name.to_string())).await?.map(|it| it.bytes);
            let entries = bundle.unwrap_or_default();
            for (entry, _) in Entries::of(&entries).zip(index * TILE_WIDTH..).filter(|(_, at)| *at >= size) {
                entry.iter().for_each(|entry| shed.hear(entry));
            }
        }
        Ok(())
    }

    fn is_over(&self, depth: &Depth) -> bool {
        depth.ends_at.is_some_and(|ends_at| self.clock.now() >= ends_at)
    }
}

fn broken(tenant: &TenantId, at: Timestamp, note: &str, because: String) -> Verification {
    Verification {
        v: 1,
        tenant: tenant.clone(),
        at,
        ok: false,
        tree_size: 0,
        checked: 0,
        jobs: 0,
        broken_at: Some(because),
        finished: true,
        checkpoint: note.to_owned(),
    }
}
