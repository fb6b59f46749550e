//! The chain of custody: how an entry follows another, and where a chain breaks.

use domain::evidence::{CustodyAct, CustodyEntry, Evidence};
use domain::role::Pseudonym;
use jiff::Timestamp;

use super::corrupt;
use crate::ports::PortError;
use crate::sealing::sha256;

/// The entry that says who collected it.
pub(super) fn first(evidence: &Evidence) -> CustodyEntry {
    CustodyEntry {
        number: 1,
        at: evidence.collected_at,
        actor: evidence.collector.clone(),
        act: CustodyAct::Collected,
        sha256_before: None,
        sha256_after: evidence.sha256.clone(),
        previous: None,
    }
}

/// The entry of a check that found everything in order.
pub(super) fn next(evidence: &Evidence, chain: &[Vec<u8>], at: Timestamp, actor: Pseudonym) -> CustodyEntry {
    CustodyEntry {
        number: u32::try_from(chain.len()).unwrap_or(u32::MAX).saturating_add(1),
        at,
        actor,
        act: CustodyAct::Verified,
        sha256_before: Some(evidence.sha256.clone()),
        sha256_after: evidence.sha256.clone(),
        previous: chain.last().map(|bytes| sha256(bytes)),
    }
}

/// An entry as it is stored.
pub(super) fn read(bytes: &[u8]) -> Result<CustodyEntry, PortError> {
    serde_json::from_slice(bytes).map_err(|cause| corrupt("read custody", cause))
}

/// The first entry that is not what it should be, in words.
pub(super) fn first_break(evidence: &Evidence, chain: &[Vec<u8>]) -> Option<String> {
    if chain.is_empty() {
        return Some("the chain of custody is missing".to_owned());
    }
    let mut before: Option<&[u8]> = None;
    for (number, bytes) in (1_u32..).zip(chain) {
        let follows = |entry: &CustodyEntry| {
            entry.number == number
                && entry.previous == before.map(sha256)
                && entry.sha256_after == evidence.sha256
                && entry.sha256_before == before.map(|_| evidence.sha256.clone())
        };
        if !read(bytes).is_ok_and(|entry| follows(&entry)) {
            return Some(format!("entry {number} of the chain of custody does not follow from those before it"));
        }
        before = Some(bytes);
    }
    None
}
