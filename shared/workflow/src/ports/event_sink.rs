//! Where masked change events go: at least once, each with an id by which whoever reads drops doubles.

use async_trait::async_trait;

use super::PortError;

/// A masked event on its way out. Nothing of it is personal data in the clear.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MaskedEvent {
    /// `stream/shard/sequence`: the same whenever the record is read again.
    pub id: String,
    /// The keyed form of what the record was partitioned by; order is kept within it.
    pub key: String,
    /// One line of JSON: id, key and event.
    pub body: Vec<u8>,
}

/// Events of one shard, in the order of its records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventBatch {
    /// Stream and shard.
    pub shard: String,
    /// The sequence of the first record that was read, whether or not an event came of it.
    pub first: String,
    /// The events.
    pub events: Vec<MaskedEvent>,
}

/// Where masked events go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SinkTarget {
    /// A Kinesis stream, by name or ARN.
    Kinesis(String),
    /// An SQS queue, by URL.
    Sqs(String),
    /// Objects of a bucket under a prefix.
    S3 {
        /// The bucket.
        bucket: String,
        /// The prefix.
        prefix: String,
    },
}

/// Writes masked events.
#[async_trait]
pub trait EventSink: Send + Sync {
    /// Writes in order and answers how many, from the first on, are written for sure.
    ///
    /// Of the key of the first event that isn't, nothing later was written.
    async fn write(&self, batch: &EventBatch) -> Result<usize, PortError>;
}
