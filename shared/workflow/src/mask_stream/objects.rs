//! The sink that is a bucket: one object of lines per batch, under a name that a second run meets again.

use std::sync::Arc;

use async_trait::async_trait;

use crate::ports::{EventBatch, EventSink, ExportStore, PortError};

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

    /// The id of the last line of an object.
    async fn last_of(&self, name: &str) -> Result<String, PortError> {
        let bytes = self.store.read(name, None).await?;
        let line = bytes.trim_ascii_end().rsplit(|byte| *byte == b'\n').next().unwrap_or_default();
        let line: serde_json::Value = serde_json::from_slice(line).unwrap_or_default();
        Ok(line["id"].as_str().unwrap_or_default().to_owned())
    }
}

#[async_trait]
impl EventSink for ObjectSink {
    /// A batch that begins where another began was cut elsewhere: the rest follows in an object of its own.
    async fn write(&self, batch: &EventBatch) -> Result<usize, PortError> {
        let mut first = batch.first.clone();
        let mut from = 0;
        while from < batch.events.len() {
            let name = format!("{}/{}/{first}.ndjson", self.prefix, batch.shard);
            let mut lines = batch.events[from..].iter().map(|event| event.body.as_slice()).collect::<Vec<_>>().join(&b'\n');
            lines.push(b'\n');
            if self.store.put_if_absent(name.trim_start_matches('/'), lines).await? {
                break;
            }
            let last = self.last_of(name.trim_start_matches('/')).await?;
            let known = batch.events[from..].iter().position(|event| event.id == last);
            // Another end than any of ours: it holds more than this batch does.
            let Some(known) = known else { break };
            from += known + 1;
            if let Some(next) = batch.events.get(from) {
                next.id.rsplit('/').next().unwrap_or_default().clone_into(&mut first);
            }
        }
        Ok(batch.events.len())
    }
}
