//! Sealed leaves as lines of OCSF for a SIEM, at least once and in order. It never holds up the log: what fails waits in the head.
//!
//! An object is named after the place of its first leaf: written again it is replaced, and `metadata.uid` tells doubles.

use audit_log::ocsf::line_of;
use audit_log::tile::{Entries, TILE_WIDTH, TileName};
use domain::ids::TenantId;
use jiff::{SignedDuration, Timestamp};

use super::{SealAudit, corrupt, origin_of, path};
use crate::ports::{Delivery, ExportStore, LogHead, PortError, PortErrorKind};

/// Bundles of leaves read again in one run, for a log whose delivery is behind.
const BUNDLES: u64 = 40;
/// Sooner than the next tick, later than the run that failed.
const RETRY_AFTER: SignedDuration = SignedDuration::from_secs(30);

impl SealAudit {
    /// Delivers the last leaves of a log, and what was left before; the head says how far it came.
    pub(super) async fn deliver(&self, head: &mut LogHead, leaves: &[Vec<u8>], now: Timestamp) {
        let Some(siem) = &self.siem else {
            head.delivery = None;
            return;
        };
        let first = head.size.saturating_sub(leaves.len() as u64);
        let mut upto = head.delivery.map_or(first, |delivery| delivery.upto);
        let written = async {
            upto = self.deliver_stored(siem.as_ref(), &head.tenant, (upto, first), first).await?;
            if upto == first {
                self.write(siem.as_ref(), &head.tenant, first, leaves).await?;
                upto = head.size;
            }
            Ok::<_, PortError>(())
        };
        told(&head.tenant, written.await);
        let retry_at = (upto < head.size).then_some(now + RETRY_AFTER);
        head.delivery = Some(Delivery { upto, retry_at });
    }

    /// The head after another try to deliver what waits; none if another sealer was first.
    pub(super) async fn caught_up(&self, head: LogHead) -> Result<Option<LogHead>, PortError> {
        let Some(Delivery { upto, retry_at: Some(retry_at) }) = head.delivery else { return Ok(Some(head)) };
        let delivery = match &self.siem {
            // Nobody reads any more: nothing waits.
            None => None,
            Some(siem) => {
                let size = head.size;
                let came = self.deliver_stored(siem.as_ref(), &head.tenant, (upto, size), size).await;
                let upto = came.as_ref().copied().unwrap_or(upto);
                told(&head.tenant, came.map(|_| ()));
                Some(Delivery { upto, retry_at: (upto < size).then_some(retry_at) })
            }
        };
        if delivery == head.delivery {
            return Ok(Some(head));
        }
        let after = LogHead { version: head.version + 1, delivery, ..head };
        Ok(self.feed.write_head(&after).await?.then_some(after))
    }

    /// Delivers leaves that are in the log already, bundle by bundle; how far it came.
    async fn deliver_stored(
        &self,
        siem: &dyn ExportStore,
        tenant: &TenantId,
        (from, until): (u64, u64),
        size: u64,
    ) -> Result<u64, PortError> {
        let mut upto = from;
        for _ in 0..BUNDLES {
            let Some(name) = TileName::of_entries(upto / TILE_WIDTH, size).filter(|_| upto < until) else { break };
            let missing = || PortError::new(PortErrorKind::Corrupt, "read leaves to deliver");
            let bundle = self.evidence.read(&path(tenant, &name.to_string())).await?.ok_or_else(missing)?.bytes;
            let leaves: Result<Vec<Vec<u8>>, _> = Entries::of(&bundle).map(|leaf| leaf.map(<[u8]>::to_vec)).collect();
            let leaves = leaves.map_err(|cause| corrupt("read leaves to deliver", cause))?;
            let done = usize::try_from(upto % TILE_WIDTH).unwrap_or_default();
            let rest = leaves.get(done..).unwrap_or_default();
            if rest.is_empty() {
                return Err(missing());
            }
            self.write(siem, tenant, upto, rest).await?;
            upto += rest.len() as u64;
        }
        Ok(upto)
    }

    /// One object of these leaves, the first of which has this place.
    async fn write(
        &self,
        siem: &dyn ExportStore,
        tenant: &TenantId,
        first: u64,
        leaves: &[Vec<u8>],
    ) -> Result<(), PortError> {
        let log = origin_of(&self.origin, tenant);
        let mut lines = Vec::new();
        for (leaf, index) in leaves.iter().zip(first..) {
            lines.extend(line_of(leaf, &log, index).map_err(|cause| corrupt("write a leaf for a SIEM", cause))?);
        }
        siem.put(&object_name(tenant, first), lines).await
    }
}

/// Where the lines are that begin with the leaf at this place.
#[must_use]
pub fn object_name(tenant: &TenantId, first: u64) -> String {
    format!("ocsf/{tenant}/{first:020}.ndjson")
}

fn told(tenant: &TenantId, came: Result<(), PortError>) {
    if let Err(error) = came {
        tracing::error!(error = %error, tenant = %tenant, alert = "siem_undelivered", "sealed events were not delivered; they are tried again");
    }
}
