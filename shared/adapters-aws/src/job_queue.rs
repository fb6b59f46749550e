//! The workers' queues. A nudge that is lost is repaired by the sweep, so sending is tried twice and no more.

use async_trait::async_trait;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::SendMessageBatchRequestEntry;
use domain::step::{Nudge, QueueName};
use workflow::ports::{JobQueue, PortError, PortErrorKind};

use crate::failure::failed;
use crate::pause::pause;

/// Most messages in one batch.
const MAX_BATCH: usize = 10;
/// Longest delay a queue knows.
const MAX_DELAY_SECONDS: u32 = 900;

/// Nudges by SQS.
#[derive(Debug, Clone)]
pub struct SqsJobQueue {
    // Dependencies.
    client: Client,
    // Configuration.
    urls: QueueUrls,
}

/// Where the queues are.
#[derive(Debug, Clone)]
pub struct QueueUrls {
    /// Of the export worker.
    pub export: String,
    /// Of the erasure worker.
    pub erasure: String,
    /// Of the notification worker.
    pub notification: String,
}

impl QueueUrls {
    /// The three queues, in the order the data flows.
    #[must_use]
    pub fn new(export: &str, erasure: &str, notification: &str) -> Self {
        Self { export: export.to_owned(), erasure: erasure.to_owned(), notification: notification.to_owned() }
    }
}

impl SqsJobQueue {
    pub(crate) const fn new(client: Client, urls: QueueUrls) -> Self {
        Self { client, urls }
    }

    fn url_of(&self, queue: QueueName) -> &str {
        match queue {
            QueueName::Export => &self.urls.export,
            QueueName::Erasure => &self.urls.erasure,
            QueueName::Notification => &self.urls.notification,
        }
    }

    /// Sends up to ten messages; what the queue refused for a passing reason is sent once more.
    async fn send_batch(&self, url: &str, entries: Vec<SendMessageBatchRequestEntry>) -> Result<(), PortError> {
        let rest = self.send_once(url, entries).await?;
        if rest.is_empty() {
            return Ok(());
        }
        pause(url, 1).await;
        if self.send_once(url, rest).await?.is_empty() {
            return Ok(());
        }
        Err(PortError::new(PortErrorKind::Transient, "send nudges"))
    }

    async fn send_once(
        &self,
        url: &str,
        entries: Vec<SendMessageBatchRequestEntry>,
    ) -> Result<Vec<SendMessageBatchRequestEntry>, PortError> {
        let answer = self
            .client
            .send_message_batch()
            .queue_url(url)
            .set_entries(Some(entries.clone()))
            .send()
            .await
            .map_err(|error| failed("send nudges", error))?;
        if answer.failed().iter().any(aws_sdk_sqs::types::BatchResultErrorEntry::sender_fault) {
            return Err(PortError::new(PortErrorKind::Corrupt, "send nudges"));
        }
        let refused = |entry: &SendMessageBatchRequestEntry| answer.failed().iter().any(|one| one.id() == entry.id());
        Ok(entries.into_iter().filter(refused).collect())
    }
}

#[async_trait]
impl JobQueue for SqsJobQueue {
    async fn send(&self, nudges: &[Nudge], delay_seconds: u32) -> Result<(), PortError> {
        let delay = i32::try_from(delay_seconds.min(MAX_DELAY_SECONDS)).unwrap_or(0);
        for queue in [QueueName::Export, QueueName::Erasure, QueueName::Notification] {
            let own: Vec<&Nudge> = nudges.iter().filter(|nudge| nudge.step.queue() == queue).collect();
            for chunk in own.chunks(MAX_BATCH) {
                let entries = chunk.iter().enumerate().map(|(at, nudge)| message(at, nudge, delay));
                self.send_batch(self.url_of(queue), entries.collect::<Result<_, _>>()?).await?;
            }
        }
        Ok(())
    }
}

fn message(at: usize, nudge: &Nudge, delay_seconds: i32) -> Result<SendMessageBatchRequestEntry, PortError> {
    let body = serde_json::to_string(nudge)
        .map_err(|source| PortError::caused(PortErrorKind::Corrupt, "send nudges", source))?;
    SendMessageBatchRequestEntry::builder()
        .id(at.to_string())
        .message_body(body)
        .delay_seconds(delay_seconds)
        .build()
        .map_err(|source| PortError::caused(PortErrorKind::Corrupt, "send nudges", source))
}
