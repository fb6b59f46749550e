//! A tick in, due steps nudged; runs again while there is more and time is left. Says how old the oldest was.

use jiff::Timestamp;
use lambda_kit::{Metric, Unit};
use workflow::ports::{Clock, PortError};
use workflow::sweep_jobs::{SweepJobs, SweepReport};

/// Sweeps until nothing more is due or the slice ends. May run any number of times.
///
/// # Errors
/// When a store or a queue failed after all shards were tried; the next tick goes on.
pub async fn handle(
    sweep: &SweepJobs,
    clock: &dyn Clock,
    stage: &str,
    slice_ends_at: Timestamp,
) -> Result<SweepReport, PortError> {
    let mut total = SweepReport::default();
    loop {
        let run = sweep.run().await?;
        total.nudged += run.nudged;
        total.full_shards = run.full_shards;
        total.oldest_due_seconds = total.oldest_due_seconds.max(run.oldest_due_seconds);
        // A full shard that nudged nothing would be found full again.
        if run.full_shards == 0 || run.nudged == 0 || clock.now() >= slice_ends_at {
            break;
        }
    }
    #[expect(clippy::cast_precision_loss, reason = "metrics are floating point; ages and counts are far below 2^53")]
    Metric::at(clock.now())
        .by("Stage", stage)
        .value("OldestPendingOutboxSeconds", Unit::Seconds, total.oldest_due_seconds as f64)
        .value("StepsNudged", Unit::Count, total.nudged as f64)
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
