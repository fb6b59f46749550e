//! Hands out the signed receipt of a finished erasure.

use std::sync::Arc;

use domain::ids::JobId;

use crate::caller::Caller;
use crate::keyring::Keyring;
use crate::ports::{Clock, ExportStore, JobStore};
use crate::read_jobs::job_of;
use crate::refusal::Refusal;
use crate::sealing::sha256;

/// Reads receipts.
pub struct ReadReceipt {
    // Dependencies.
    /// Our tables.
    pub store: Arc<dyn JobStore>,
    /// Data keys.
    pub keyring: Arc<Keyring>,
    /// Where receipts are kept.
    pub exports: Arc<dyn ExportStore>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

impl ReadReceipt {
    /// The receipt, a compact JWS (RFC 7515), for everybody who may see the job.
    ///
    /// # Errors
    /// `NotFound` for jobs the caller may not see; `WrongState` where there is no receipt.
    pub async fn read(&self, caller: &Caller, id: &JobId) -> Result<String, Refusal> {
        let tenant = &caller.principal.tenant;
        let secrets = self.keyring.tenant(tenant, self.clock.now()).await?;
        let job = job_of(self.store.as_ref(), tenant, id).await?;
        if !caller.may_see(&job, &secrets) {
            return Err(Refusal::NotFound);
        }
        let receipt = job.erasure.as_ref().and_then(|erasure| erasure.receipt.as_ref());
        let receipt = receipt.ok_or(Refusal::WrongState { status: job.status })?;
        let bytes = self.exports.read(&receipt.key, None).await?;
        let changed = || crate::ports::PortError::new(crate::ports::PortErrorKind::Corrupt, "read receipt");
        if sha256(&bytes) != receipt.sha256 {
            return Err(changed().into());
        }
        String::from_utf8(bytes).map_err(|_| changed().into())
    }
}
