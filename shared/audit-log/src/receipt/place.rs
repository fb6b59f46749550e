//! The place of a receipt in the audit log: a proof beside it shows the event that names its hash.

use sha2::{Digest as _, Sha256};

use super::Receipt;
use crate::bundle::{Bundle, BundleError};
use crate::checkpoint::Checkpoint;
use crate::event::{EventView, LogEvent};
use crate::hash::Hash;
use crate::note::Verifier;

/// What kind of thing a receipt is in an event.
const RESOURCE_TYPE: &str = "receipt";

/// Why a proof does not show a receipt.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlaceError {
    /// The proof itself does not hold.
    #[error(transparent)]
    Proof(#[from] BundleError),
    /// What is proven is no event in canonical form.
    #[error("what the proof leads to is no event")]
    Event,
    /// What is proven is the event of something else.
    #[error("the proof is of another event than this receipt's")]
    AnotherEvent,
}

/// Checks that the signed log holds the event of exactly this receipt, given as its compact JWS and its content.
///
/// # Errors
/// The proof does not hold, or it is of anything else.
pub fn verify_place(
    (compact, receipt): (&str, &Receipt),
    proof: &Bundle,
    origin: &str,
    trusted: &Verifier,
) -> Result<Checkpoint, PlaceError> {
    let leaf = proof.extra.as_deref().ok_or(BundleError::NoLeaf)?;
    let checkpoint = proof.verify(&Hash::of_leaf(leaf), origin, trusted)?;
    EventView::read(leaf).map_err(|_| PlaceError::Event)?;
    let event: LogEvent = serde_json::from_slice(leaf).map_err(|_| PlaceError::Event)?;
    let digest: String = Sha256::digest(compact.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
    let is_its_own = event.resource_type == RESOURCE_TYPE
        && event.to.as_deref() == Some(digest.as_str())
        && event.job.as_deref() == Some(receipt.job.as_str())
        && event.tenant == receipt.tenant;
    if is_its_own { Ok(checkpoint) } else { Err(PlaceError::AnotherEvent) }
}
