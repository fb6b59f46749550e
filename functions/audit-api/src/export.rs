//! Writes an export page by page; nothing is kept but the bytes of the answer, which are bounded.

use workflow::event_rows::EventFile;
use workflow::read_audit::EventExport;
use workflow::refusal::Refusal;

use crate::query::Format;

/// The whole export; `None` if it is too large for an answer.
pub(crate) async fn write(mut export: EventExport, format: Format, most: usize) -> Result<Option<Vec<u8>>, Refusal> {
    let mut file = EventFile::new(format.of_job());
    while let Some(events) = export.next().await? {
        if events.iter().any(|event| file.push(event) > most) {
            return Ok(None);
        }
    }
    Ok(Some(file.into_bytes()))
}
