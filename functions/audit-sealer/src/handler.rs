//! A tick in, events sealed; runs again while there is more and time is left. Says how old the oldest was.

use jiff::Timestamp;
use lambda_kit::{Metric, Unit};
use workflow::ports::{Clock, PortError};
use workflow::seal_audit::{SealAudit, SealReport};

/// Seals until nothing more waits or the slice ends. May run any number of times, and beside itself.
///
/// # Errors
/// When a log could not be sealed after all were tried; the next tick goes on.
pub async fn handle(
    seal: &SealAudit,
    clock: &dyn Clock,
    stage: &str,
    slice_ends_at: Timestamp,
) -> Result<SealReport, PortError> {
    let mut total = SealReport::default();
    loop {
        let run = seal.run().await?;
        total.sealed += run.sealed;
        total.heartbeats += run.heartbeats;
        total.full_shards = run.full_shards;
        total.undelivered = total.undelivered.max(run.undelivered);
        total.oldest_seconds = total.oldest_seconds.max(run.oldest_seconds);
        // A full shard of which nothing was sealed would be found full again.
        if run.full_shards == 0 || run.sealed == 0 || clock.now() >= slice_ends_at {
            break;
        }
    }
    #[expect(clippy::cast_precision_loss, reason = "metrics are floating point; ages and counts are far below 2^53")]
    Metric::at(clock.now())
        .by("Stage", stage)
        .value("OldestUnsealedAuditSeconds", Unit::Seconds, total.oldest_seconds as f64)
        .value("EventsSealed", Unit::Count, total.sealed as f64)
        .value("EventsUndelivered", Unit::Count, total.undelivered as f64)
        .emit();
    Ok(total)
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_sample_event_is_a_schedule() {
        let event: serde_json::Value = serde_json::from_str(include_str!("../events/tick.json")).unwrap();
        assert_eq!(event["detail-type"], "Scheduled Event");
    }
}
