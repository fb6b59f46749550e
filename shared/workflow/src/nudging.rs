//! Sends nudges after a commit, best effort: the sweep finds what a lost nudge would have woken.

use domain::step::Nudge;

use crate::ports::JobQueue;

/// Sends the nudges and swallows a failure after logging it.
pub async fn nudge_best_effort(queue: &dyn JobQueue, nudges: &[Nudge]) {
    nudge_later(queue, nudges, 0).await;
}

/// The same, `delay_seconds` late.
pub async fn nudge_later(queue: &dyn JobQueue, nudges: &[Nudge], delay_seconds: u32) {
    if nudges.is_empty() {
        return;
    }
    if let Err(error) = queue.send(nudges, delay_seconds).await {
        tracing::warn!(error = %error, count = nudges.len(), "nudges were not sent; the sweep will find their steps");
    }
}
