//! Reads the archive as it will be, parts laid end to end and then the tail, and checks each part against its checksum.
//!
//! The checksum of a part is that of two: of its entries, which become the archive, and of the index behind them.

use audit_log::receipt::ReceiptSource;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use domain::step::{PackageCheckpoint, PartRef};
use sha2::digest::common::hazmat::SerializableState;
use sha2::{Digest, Sha256};

use crate::ports::{ByteRange, ExportStore};
use crate::risk::{RiskFacts, Touched};
use crate::sealing::hexadecimal;
use crate::step_context::unreadable;
use crate::step_error::StepError;

/// A part with the digest of the index that was read from it.
pub(super) struct Joined {
    pub(super) part: PartRef,
    pub(super) index: [u8; 32],
}

/// The archive as it will be.
pub(super) struct Layout {
    pub(super) parts: Vec<Joined>,
    pub(super) tail: Vec<u8>,
    pub(super) bytes: u64,
    pub(super) files: u64,
    pub(super) rows: u64,
    pub(super) counts: Vec<ReceiptSource>,
    /// What handing it out risks, and what it touches; none of archives about nobody.
    pub(super) risk: Option<(RiskFacts, Touched)>,
}

/// The checksum of a part by the digests of its entries and of its index.
pub(in crate::steps) fn part_checksum(entries: Sha256, index: &[u8; 32]) -> String {
    hexadecimal(&Sha256::new().chain_update(entries.finalize()).chain_update(index).finalize())
}

/// The checksum of a part that is in memory as a whole.
pub(in crate::steps) fn checksum_of(part: &[u8], zip_bytes: u64) -> String {
    let (entries, index) = part.split_at(usize::try_from(zip_bytes).unwrap_or(part.len()).min(part.len()));
    part_checksum(Sha256::new().chain_update(entries), &Sha256::digest(index).into())
}

/// Reads on from where a run stands, front to back, each byte once.
pub(super) struct Joining {
    /// Over the archive so far.
    archive: Sha256,
    /// Over the part under way; `None` where an earlier version began it and kept no state.
    part: Option<Sha256>,
}

impl Joining {
    /// From the beginning.
    pub(super) fn begin() -> Self {
        Self { archive: Sha256::new(), part: None }
    }

    /// From a checkpoint.
    pub(super) fn resume(state: &PackageCheckpoint) -> Result<Self, StepError> {
        let archive = state.sha256_state.as_deref().map(restored).transpose()?.unwrap_or_default();
        let part = state.part_sha256_state.as_deref().map(restored).transpose()?;
        Ok(Self { archive, part })
    }

    /// Notes where it stands.
    pub(super) fn save(&self, state: &mut PackageCheckpoint) {
        let kept = |hash: &Sha256| BASE64.encode(hash.serialize());
        state.sha256_state = Some(kept(&self.archive));
        state.part_sha256_state = self.part.as_ref().map(kept);
    }

    /// The next bytes of the archive; parks where a part is not what was collected.
    pub(super) async fn read(
        &mut self,
        exports: &dyn ExportStore,
        layout: &Layout,
        range: ByteRange,
    ) -> Result<Vec<u8>, StepError> {
        let mut bytes = Vec::with_capacity(usize::try_from(range.end - range.start).unwrap_or(0));
        let mut at = 0;
        for joined in &layout.parts {
            let end = at + joined.part.zip_bytes;
            let (from, to) = (range.start.max(at), range.end.min(end));
            if from < to {
                let within = ByteRange { start: from - at, end: to - at };
                let read = exports.read(&joined.part.key, Some(within)).await?;
                if u64::try_from(read.len()).ok() != Some(to - from) {
                    return Err(changed());
                }
                if from == at {
                    self.part = Some(Sha256::new());
                }
                self.part = self.part.take().map(|hash| hash.chain_update(&read));
                if to == end {
                    check(self.part.take(), joined)?;
                }
                bytes.extend(read);
            }
            at = end;
        }
        let (from, to) = (range.start.max(at), range.end);
        if from < to {
            let within = usize::try_from(from - at).unwrap_or(0)..usize::try_from(to - at).unwrap_or(0);
            bytes.extend_from_slice(layout.tail.get(within).unwrap_or_default());
        }
        self.archive.update(&bytes);
        Ok(bytes)
    }

    /// SHA-256 of everything that was read.
    pub(super) fn finish(self) -> String {
        hexadecimal(&self.archive.finalize())
    }
}

fn check(entries: Option<Sha256>, joined: &Joined) -> Result<(), StepError> {
    // Parts of before there were checksums have none.
    let (Some(entries), Some(expected)) = (entries, &joined.part.sha256) else { return Ok(()) };
    if part_checksum(entries, &joined.index) == *expected { Ok(()) } else { Err(changed()) }
}

/// Stops because a part is not the one that was collected.
pub(super) fn changed() -> StepError {
    StepError::park("a part was changed after it was collected")
}

fn restored(state: &str) -> Result<Sha256, StepError> {
    let bytes = BASE64.decode(state).map_err(|_| unreadable("checkpoint"))?;
    let state = bytes.as_slice().try_into().map_err(|_| unreadable("checkpoint"))?;
    Sha256::deserialize(&state).map_err(|_| unreadable("checkpoint"))
}
