//! The sink that is a bucket: one object of lines per batch, under a name that a second run meets again.

use std::sync::Arc;

use async_trait::async_trait;

use crate::ports::{EventBatch, EventSink, ExportStore, MaskedEvent, PortError, PortErrorKind};

/// Newline-delimited objects as Firehose leaves them; what is there already is not written again.
pub struct ObjectSink {
    // Dependencies.
    store: Arc<dyn ExportStore>,
    // Configuration.
    prefix: String,
}

impl ObjectSink {
    /// Objects under `prefix`.
    #[must_use]
    pub fn new(store: Arc<dyn ExportStore>, prefix: &str) -> Self {
        Self { store, prefix: prefix.trim_matches('/').to_owned() }
    }

    fn object(&self, shard: &str, first: &str) -> String {
        format!("{}/{shard}/{first}.ndjson", self.prefix).trim_start_matches('/').to_owned()
    }

    fn mark(&self, shard: &str) -> String {
        format!("{}/_met/{shard}", self.prefix).trim_start_matches('/').to_owned()
    }

    /// The first and last sequence of what was met again, object after object; nothing where nothing was.
    async fn met(&self, shard: &str) -> Result<Option<(String, String)>, PortError> {
        match self.store.read(&self.mark(shard), None).await {
            Ok(bytes) => {
                let text = String::from_utf8_lossy(&bytes);
                Ok(text.split_once(' ').map(|(first, last)| (first.to_owned(), last.to_owned())))
            }
            // A bucket that may not be listed answers so where nothing is.
            Err(error) if matches!(error.kind, PortErrorKind::NotFound | PortErrorKind::Denied) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The sequence of the last line of an object.
    async fn last_of(&self, name: &str) -> Result<String, PortError> {
        let bytes = self.store.read(name, None).await?;
        let line = bytes.trim_ascii_end().rsplit(|byte| *byte == b'\n').next().unwrap_or_default();
        let line: serde_json::Value = serde_json::from_slice(line).unwrap_or_default();
        Ok(sequence_of(line["id"].as_str().unwrap_or_default()).to_owned())
    }
}

fn sequence_of(id: &str) -> &str {
    id.rsplit('/').next().unwrap_or_default()
}

/// Sequences are whole numbers of any length.
fn is_after(one: &str, other: &str) -> bool {
    (one.len(), one) > (other.len(), other)
}

#[async_trait]
impl EventSink for ObjectSink {
    /// A batch that comes again begins where it began. If it was cut elsewhere since, what it held before is marked, so that
    /// neither its rest nor its other half is written twice.
    async fn write(&self, batch: &EventBatch) -> Result<usize, PortError> {
        let mut first = batch.first.clone();
        // Where what is known to be written without a gap begins.
        let mut begin = first.clone();
        let mut left: &[MaskedEvent] = &batch.events;
        if let Some((from, to)) = self.met(&batch.shard).await? {
            let is_met = |event: &&MaskedEvent| {
                let sequence = sequence_of(&event.id);
                !is_after(&from, sequence) && !is_after(sequence, &to)
            };
            left = &left[left.iter().take_while(is_met).count()..];
            if left.len() < batch.events.len() {
                begin = from;
                first = left.first().map(|event| sequence_of(&event.id).to_owned()).unwrap_or_default();
            }
        }
        while !left.is_empty() {
            let name = self.object(&batch.shard, &first);
            let mut lines = left.iter().map(|event| event.body.as_slice()).collect::<Vec<_>>().join(&b'\n');
            lines.push(b'\n');
            if self.store.put_if_absent(&name, lines).await? {
                break;
            }
            let last = self.last_of(&name).await?;
            self.store.put(&self.mark(&batch.shard), format!("{begin} {last}").into_bytes()).await?;
            left = &left[left.iter().take_while(|event| !is_after(sequence_of(&event.id), &last)).count()..];
            first = left.first().map(|event| sequence_of(&event.id).to_owned()).unwrap_or_default();
        }
        Ok(batch.events.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sequences_are_compared_as_numbers() {
        assert!(is_after("10", "9") && !is_after("9", "10") && !is_after("7", "7"));
    }
}
