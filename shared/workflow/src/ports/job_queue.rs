//! Nudges. Losing, doubling or delaying one changes no final outcome.

use async_trait::async_trait;
use domain::step::Nudge;

use super::PortError;

/// The queues of the workers.
#[async_trait]
pub trait JobQueue: Send + Sync {
    /// Sends each nudge to the queue of its step, `delay_seconds` (0 to 900) late.
    async fn send(&self, nudges: &[Nudge], delay_seconds: u32) -> Result<(), PortError>;
}
