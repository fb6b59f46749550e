//! Hands out the signed receipt of a finished erasure or export, and the proof of its place in the audit log.

use std::sync::Arc;

use domain::erasure::ReceiptRef;
use domain::event::AuditEvent;
use domain::ids::JobId;

use crate::caller::Caller;
use crate::keyring::Keyring;
use crate::ports::{Clock, ExportStore, JobStore};
use crate::prove_event::{ProveError, ProveEvent};
use crate::read_jobs::{events_of, job_of};
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
    /// Proofs of single events.
    pub proofs: ProveEvent,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

impl ReadReceipt {
    /// The receipt, a compact JWS (RFC 7515), for everybody who may see the job.
    ///
    /// # Errors
    /// `NotFound` for jobs the caller may not see; `WrongState` where there is no receipt.
    pub async fn read(&self, caller: &Caller, id: &JobId) -> Result<String, Refusal> {
        let receipt = self.receipt_of(caller, id).await?;
        let bytes = self.exports.read(&receipt.key, None).await?;
        let changed = || crate::ports::PortError::new(crate::ports::PortErrorKind::Corrupt, "read receipt");
        if sha256(&bytes) != receipt.sha256 {
            return Err(changed().into());
        }
        String::from_utf8(bytes).map_err(|_| changed().into())
    }

    /// The proof that the audit log names this receipt by its hash (C2SP tlog-proof), for the same callers.
    ///
    /// # Errors
    /// As [`Self::read`]; `NotSealed` until the event of the receipt is in the log, a minute or two.
    pub async fn prove(&self, caller: &Caller, id: &JobId) -> Result<String, Refusal> {
        let receipt = self.receipt_of(caller, id).await?;
        let events = events_of(self.store.as_ref(), &caller.principal.tenant, id).await?;
        let names_it = |event: &&AuditEvent| {
            event.resource_type == AuditEvent::RECEIPT && event.to.as_deref() == Some(receipt.sha256.as_str())
        };
        // A receipt from before the log named any has no such event, and never will.
        let event = events.iter().find(names_it).ok_or(Refusal::NotSealed)?;
        match self.proofs.prove(&event.key(), self.clock.now()).await {
            Ok(proof) => Ok(proof.to_text()),
            Err(ProveError::Unknown | ProveError::NotSealed) => Err(Refusal::NotSealed),
            Err(ProveError::Port(error)) => Err(error.into()),
        }
    }

    async fn receipt_of(&self, caller: &Caller, id: &JobId) -> Result<ReceiptRef, Refusal> {
        let tenant = &caller.principal.tenant;
        let secrets = self.keyring.tenant(tenant, self.clock.now()).await?;
        let job = job_of(self.store.as_ref(), tenant, id).await?;
        if !caller.may_see(&job, &secrets) {
            return Err(Refusal::NotFound);
        }
        job.receipt().cloned().ok_or(Refusal::WrongState { status: job.status })
    }
}
