//! The contract of the queues: what is sent arrives, in batches of any size.

use async_trait::async_trait;
use domain::step::{Nudge, QueueName, StepKind};
use workflow::ports::JobQueue;

use crate::names::Names;

/// The receiving end, which the port does not have.
#[async_trait]
pub trait Inbox: Send + Sync {
    /// Takes every message of a queue that arrives within a moment.
    async fn drain(&self, queue: QueueName) -> Vec<Nudge>;
}

/// Runs the whole contract.
pub async fn run(queue: &dyn JobQueue, inbox: &dyn Inbox, names: &mut Names) {
    nudges_arrive_in_the_queue_of_their_step(queue, inbox, names).await;
    nothing_to_send_is_a_success(queue, inbox).await;
}

async fn nudges_arrive_in_the_queue_of_their_step(queue: &dyn JobQueue, inbox: &dyn Inbox, names: &mut Names) {
    let (tenant, job) = (names.tenant(), names.job());
    let nudge =
        |step: StepKind, shard| Nudge { v: 1, tenant: tenant.clone(), job: job.clone(), step, shard, version: 7 };
    // More than one batch of SQS, for all queues at once.
    let sent: Vec<Nudge> = (0..23)
        .map(|shard| nudge(StepKind::Collect, shard))
        .chain((0..12).map(|shard| nudge(StepKind::Erase, shard)))
        .chain((0..12).map(|shard| nudge(StepKind::NotifyCode, shard)))
        .collect();
    queue.send(&sent, 0).await.unwrap();
    for name in [QueueName::Export, QueueName::Erasure, QueueName::Notification] {
        let mut got: Vec<Nudge> = inbox.drain(name).await.into_iter().filter(|nudge| nudge.tenant == tenant).collect();
        got.sort();
        got.dedup();
        let mut expected: Vec<Nudge> = sent.iter().filter(|nudge| nudge.step.queue() == name).cloned().collect();
        expected.sort();
        assert_eq!(got, expected, "{name:?}");
    }
}

async fn nothing_to_send_is_a_success(queue: &dyn JobQueue, inbox: &dyn Inbox) {
    queue.send(&[], 0).await.unwrap();
    assert_eq!(inbox.drain(QueueName::Export).await, []);
}
