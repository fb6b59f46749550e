//! How a finished part is stored: under the fence of its writer, with what it holds counted.

use archive::{Format, Part};
use domain::request::ExportFormat;
use domain::step::{CollectCheckpoint, PartRef};

use crate::ports::ExportStore;
use crate::step_context::StepContext;
use crate::step_error::StepError;
use crate::steps::expire::parts_prefix;
use crate::steps::package::checksum_of;

/// Stores a part and notes it.
pub(in crate::steps) async fn store(
    exports: &dyn ExportStore,
    context: &StepContext,
    state: &mut CollectCheckpoint,
    part: Part,
) -> Result<(), StepError> {
    let key = part_key(context, state.parts.len());
    let counted = part.entries.iter().filter(|entry| counts_rows(entry.kind, context.job.format));
    let rows = counted.map(|entry| entry.rows).sum();
    let bytes = u64::try_from(part.bytes.len()).unwrap_or(u64::MAX);
    let sha256 = Some(checksum_of(&part.bytes, part.zip_bytes));
    let reference = PartRef { key: key.clone(), zip_bytes: part.zip_bytes, bytes, rows, sha256 };
    exports.put(&key, part.bytes).await?;
    state.parts.push(reference);
    Ok(())
}

/// The fence keeps a worker that lost its claim from replacing what its successor wrote.
pub(super) fn part_key(context: &StepContext, number: usize) -> String {
    let prefix = parts_prefix(context.job.tenant.as_str(), context.job.id.as_str());
    format!("{prefix}{:06}-{:06}-{number:06}", context.step.shard, context.step.fence)
}

/// Rows are counted once, in the first form they are written in.
pub(in crate::steps) fn counts_rows(kind: archive::EntryKind, format: ExportFormat) -> bool {
    match kind {
        archive::EntryKind::Json => true,
        archive::EntryKind::Csv => format == ExportFormat::Csv,
        archive::EntryKind::Media | archive::EntryKind::Document => false,
    }
}

/// The archive's word for a format.
#[must_use]
pub const fn format_of(format: ExportFormat) -> Format {
    match format {
        ExportFormat::Json => Format::Json,
        ExportFormat::Csv => Format::Csv,
        ExportFormat::Both => Format::Both,
    }
}
