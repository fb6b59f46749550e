//! Joins the parts to one archive. The ZIP is a pure function of the frozen parts: the same bytes whoever writes them.
//!
//! Pieces of fixed size are cut from the parts laid end to end, so that a resumed worker uploads the same pieces.

use std::sync::Arc;

use archive::{ArchiveInfo, EntryRecord, FrozenPart, Packing, archive_tail_packing};
use async_trait::async_trait;
use datamap::DataMap;
use domain::job::{Archive, Outcome, Scope};
use domain::record::{Record, SuppressionRecord};
use domain::step::{Checkpoint, PackageCheckpoint, PartRef, Step, StepKind, StepState};
use jiff::SignedDuration;
use sha2::{Digest, Sha256};

use self::joining::{Joined, Joining, Layout};
pub(super) use self::joining::{checksum_of, part_checksum};
use super::expire::archive_key;
use super::export_events::log_info;
use super::receipts::sign_and_keep;
use super::sources::Sources;
use crate::advance_job::{Ran, RunStep};
use crate::archive_info::archive_info;
use crate::gate::{is_open, steps_of};
use crate::ports::{ByteRange, ExportStore, PortErrorKind, ReceiptSigner};
use crate::risk::facts_of_export;
use crate::step_context::{StepContext, unreadable};
use crate::step_error::StepError;

mod joining;
mod receipt;
mod risk;

/// The smallest piece; an upload has at most ten thousand.
const PIECE_BYTES: u64 = 8 * 1024 * 1024;
/// Pieces of the largest archive.
const MAX_PIECES: u64 = 9_000;
/// Pieces uploaded between two checkpoints.
const PIECES_PER_SAVE: usize = 16;

/// Joins parts.
pub struct Package {
    // Dependencies.
    /// The data map, for what the archive says about itself.
    pub sources: Sources,
    /// The bucket of exports.
    pub exports: Arc<dyn ExportStore>,
    /// The key that signs receipts.
    pub signer: Arc<dyn ReceiptSigner>,
    // Configuration.
    /// How long the archive can be fetched.
    pub download_for: SignedDuration,
    /// How the archive's own documents are kept.
    pub packing: Packing,
}

#[async_trait]
impl RunStep for Package {
    fn kinds(&self) -> &'static [StepKind] {
        &[StepKind::Package]
    }

    async fn run(&self, context: &mut StepContext) -> Result<Ran, StepError> {
        let layout = match context.job.scope {
            Scope::Subject | Scope::Organization | Scope::AuditLog => self.layout(context).await?,
            Scope::Collection => layout_of_rows(context).await?,
        };
        self.assess(context, &layout).await?;
        let key = archive_key(&context.job);
        let sha256 = if layout.bytes <= PIECE_BYTES {
            self.write_small(&layout, &key).await?
        } else {
            match self.write_large(context, &layout, &key).await? {
                Some(sha256) => sha256,
                None => return Ok(Ran::Continue),
            }
        };
        let expires_at = context.ports.clock.now() + self.download_for;
        let mut archive = Archive {
            key,
            bytes: layout.bytes,
            sha256,
            format: context.job.format,
            files: layout.files,
            rows: layout.rows,
            expires_at,
            receipt: None,
        };
        if let Some(receipt) = receipt::of_export(context, &archive, layout.counts) {
            let (signer, exports) = (self.signer.as_ref(), self.exports.as_ref());
            archive.receipt = Some(sign_and_keep(signer, exports, context, &receipt).await?);
        }
        Ok(Ran::Done(Outcome::Packaged { archive }))
    }
}

/// Whether the person asked about was erased before: an empty archive must say since when and why.
async fn erased_before(context: &StepContext) -> Result<Option<SuppressionRecord>, StepError> {
    let Some(alias) = &context.job.subject_ref else { return Ok(None) };
    let key = SuppressionRecord::key_of(&context.job.tenant, alias);
    let found = context.ports.store.load(&[key]).await?;
    let suppression = found.into_iter().flatten().find_map(Record::into_suppression);
    // Frozen with the job: an erasure that ends while this archive is made must not change its bytes.
    Ok(suppression.filter(|it| it.erased_at <= context.job.created_at))
}

impl Package {
    async fn layout(&self, context: &mut StepContext) -> Result<Layout, StepError> {
        let steps = steps_of(context.ports.store.as_ref(), &context.job.tenant, &context.job.id).await?;
        if !is_open(&steps, StepKind::Package, 0) {
            return Err(StepError::Retry { source: None });
        }
        let mut parts = Vec::new();
        let mut frozen = Vec::new();
        for part in steps.iter().flat_map(parts_of) {
            let index = ByteRange { start: part.zip_bytes, end: part.bytes };
            let index = self.exports.read(&part.key, Some(index)).await?;
            let entries = EntryRecord::read_index(&index).map_err(|_| unreadable("index of a part"))?;
            frozen.push(FrozenPart { zip_bytes: part.zip_bytes, entries });
            parts.push(Joined { part: part.clone(), index: Sha256::digest(&index).into() });
        }
        let map = self.map(context).await?;
        let info = self.info(context, map.as_deref()).await?;
        let risk = map.and_then(|map| facts_of_export(&context.job, &map, &steps));
        let counts = receipt::counts(&info, &frozen, context.job.format);
        let tail = archive_tail_packing(&info, &frozen, self.packing);
        let tail = tail.map_err(|_| StepError::park("the parts don't join to an archive"))?;
        let rows = parts.iter().map(|joined| joined.part.rows).sum();
        Ok(Layout { parts, tail: tail.bytes, bytes: tail.archive_bytes, files: tail.entries, rows, counts, risk })
    }

    /// What the archive says of itself.
    async fn info(&self, context: &StepContext, map: Option<&DataMap>) -> Result<ArchiveInfo, StepError> {
        let Some(map) = map else { return log_info(&context.job) };
        let erased = erased_before(context).await?;
        Ok(archive_info(&context.job, map, erased.as_ref()))
    }

    /// The data map; none of an export of the audit log.
    async fn map(&self, context: &StepContext) -> Result<Option<Arc<DataMap>>, StepError> {
        match context.job.scope {
            Scope::AuditLog => Ok(None),
            Scope::Subject | Scope::Organization | Scope::Collection => {
                self.sources.map_of(&context.job).await.map(Some)
            }
        }
    }

    async fn write_small(&self, layout: &Layout, key: &str) -> Result<String, StepError> {
        let mut joining = Joining::begin();
        let whole = ByteRange { start: 0, end: layout.bytes };
        let bytes = joining.read(self.exports.as_ref(), layout, whole).await?;
        if !self.exports.put_if_absent(key, bytes).await? {
            self.must_be_there(key, layout.bytes).await?;
        }
        Ok(joining.finish())
    }

    /// Uploads piece by piece; `None` if the slice ended before.
    async fn write_large(
        &self,
        context: &mut StepContext,
        layout: &Layout,
        key: &str,
    ) -> Result<Option<String>, StepError> {
        let mut state = match &context.step.checkpoint {
            Some(Checkpoint::Package(state)) => state.clone(),
            _ => PackageCheckpoint::default(),
        };
        let upload = match state.upload_id.clone() {
            Some(upload) => upload,
            None => {
                let upload = self.exports.start_upload(key).await?;
                state.upload_id = Some(upload.clone());
                // Stored under the fence before the first piece, so that a successor goes on with the same upload.
                context.save(Checkpoint::Package(state.clone()), Vec::new()).await?;
                upload
            }
        };
        let mut joining = Joining::resume(&state)?;
        let piece_bytes = piece_bytes(layout.bytes);
        let mut unsaved = 0;
        while state.bytes < layout.bytes {
            let end = (state.bytes + piece_bytes).min(layout.bytes);
            let range = ByteRange { start: state.bytes, end };
            let piece = joining.read(self.exports.as_ref(), layout, range).await?;
            let number = u32::try_from(state.uploaded.len() + 1).unwrap_or(u32::MAX);
            match self.exports.upload_part(key, &upload, number, piece).await {
                Ok(part) => state.uploaded.push(part),
                // The upload is over: whoever ended it has completed the same bytes.
                Err(error) if error.kind == PortErrorKind::NotFound => {
                    return self.finished_elsewhere(layout, key).await.map(Some);
                }
                Err(error) => return Err(error.into()),
            }
            state.bytes = end;
            unsaved += 1;
            let short = context.time_is_short();
            if end < layout.bytes && (short || unsaved == PIECES_PER_SAVE) {
                joining.save(&mut state);
                context.save(Checkpoint::Package(state.clone()), Vec::new()).await?;
                unsaved = 0;
                if short {
                    return Ok(None);
                }
            }
        }
        match self.exports.complete_upload(key, &upload, &state.uploaded).await {
            Ok(()) => {}
            Err(error) if matches!(error.kind, PortErrorKind::NotFound | PortErrorKind::Conflict) => {
                self.must_be_there(key, layout.bytes).await?;
            }
            Err(error) => return Err(error.into()),
        }
        Ok(Some(joining.finish()))
    }

    /// Hashes the archive again after an upload that somebody else has completed.
    async fn finished_elsewhere(&self, layout: &Layout, key: &str) -> Result<String, StepError> {
        self.must_be_there(key, layout.bytes).await?;
        let mut joining = Joining::begin();
        let mut start = 0;
        while start < layout.bytes {
            let end = (start + PIECE_BYTES).min(layout.bytes);
            joining.read(self.exports.as_ref(), layout, ByteRange { start, end }).await?;
            start = end;
        }
        Ok(joining.finish())
    }

    async fn must_be_there(&self, key: &str, bytes: u64) -> Result<(), StepError> {
        match self.exports.head(key).await? {
            Some(head) if head.bytes == bytes => Ok(()),
            Some(_) => Err(StepError::park("another archive stands where this one belongs")),
            None => Err(StepError::Retry { source: None }),
        }
    }
}

/// Parts of rows are gzip members: laid end to end they are one file.
async fn layout_of_rows(context: &StepContext) -> Result<Layout, StepError> {
    let key = Step::key_of(&context.job.tenant, &context.job.id, StepKind::Anonymize, 0);
    let found = context.ports.store.load(&[key]).await?;
    let step = found.into_iter().flatten().find_map(Record::into_step);
    let step = step.filter(|step| step.state == StepState::Done).ok_or(StepError::Retry { source: None })?;
    let parts = match step.checkpoint {
        Some(Checkpoint::Anonymize(state)) => state.parts,
        _ => return Err(StepError::park("the collection left no parts")),
    };
    let bytes = parts.iter().map(|part| part.zip_bytes).sum();
    let rows = parts.iter().map(|part| part.rows).sum();
    let no_index: [u8; 32] = Sha256::digest([]).into();
    let parts = parts.into_iter().map(|part| Joined { part, index: no_index }).collect();
    Ok(Layout { parts, tail: Vec::new(), bytes, files: 1, rows, counts: Vec::new(), risk: None })
}

fn parts_of(step: &Step) -> &[PartRef] {
    match (&step.kind, &step.checkpoint) {
        (StepKind::Collect | StepKind::ExportEvents, Some(Checkpoint::Collect(state))) => &state.parts,
        _ => &[],
    }
}

fn piece_bytes(archive_bytes: u64) -> u64 {
    archive_bytes.div_ceil(MAX_PIECES).next_multiple_of(64).max(PIECE_BYTES)
}
