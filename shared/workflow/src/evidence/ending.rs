//! The end of evidence: what has outlived its lock is deleted, the oldest first (R-AUD-5).
//!
//! It is said in the log before the first object goes, and the piece itself goes last: a run that was stopped is gone on with by the next.

use domain::event::{Action, EventType};
use domain::evidence::Evidence;
use domain::ids::{EvidenceId, TenantId};
use jiff::Timestamp;

use super::scheduled::CollectEvidence;
use super::{check, custody_name, id_in, item_name};
use crate::ports::PortError;

/// Pieces of one run; the next goes on.
const MOST: usize = 1_000;

impl CollectEvidence {
    /// Deletes what has outlived its lock, up to the first piece that has not; answers how many pieces went. May run any number of times.
    ///
    /// # Errors
    /// When a store fails; what is left is the next run's.
    pub async fn end_outlived(
        &self,
        tenant: &TenantId,
        now: Timestamp,
        is_over: impl Fn() -> bool + Send,
    ) -> Result<u64, PortError> {
        let prefix = item_name(tenant, "");
        let mut ended = 0;
        for name in self.evidence.names(&prefix, None, MOST).await? {
            let Some(id) = id_in(&name, &prefix) else { continue };
            if is_over() {
                break;
            }
            // What can't be read is a matter for people: it is shown as damaged, and stays.
            let Some(stored) = self.evidence.read(&name).await? else { continue };
            let Ok(piece) = serde_json::from_slice::<Evidence>(&stored.bytes) else { continue };
            if piece.retain_until > now {
                break;
            }
            self.tell((tenant, &id), (EventType::RetentionRun, Action::Delete, "its lock has ended"), None, now)
                .await?;
            if !self.end(tenant, &id, &name).await? {
                tracing::warn!(tenant = %tenant, evidence = %id, "evidence that has outlived its lock is still locked");
                break;
            }
            ended += 1;
        }
        Ok(ended)
    }

    /// Whether everything of a piece is gone.
    async fn end(&self, tenant: &TenantId, id: &EvidenceId, name: &str) -> Result<bool, PortError> {
        let prefix = custody_name(tenant, id, "");
        let mut names = vec![check::check_name(tenant, id)];
        names.extend(self.evidence.names(&prefix, None, MOST).await?);
        // A check each day for seven years has more entries than one list: the piece stays for the next run then.
        let is_all = names.len() <= MOST;
        for name in &names {
            if !self.evidence.remove(name).await? {
                return Ok(false);
            }
        }
        Ok(is_all && self.evidence.remove(name).await?)
    }
}
