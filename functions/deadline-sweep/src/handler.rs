//! A tick in, deadline alerts recorded; runs again while there is more and time is left. Then a heartbeat, then digests.

use jiff::Timestamp;
use lambda_kit::{Metric, Unit};
use workflow::ports::{Clock, PortError};
use workflow::sweep_deadlines::{DeadlineReport, SweepDeadlines};
use workflow::sweep_digests::SweepDigests;

/// Sweeps until nothing more is due or the slice ends. May run any number of times.
///
/// # Errors
/// When a job could not be looked at, after all others were tried; the heartbeat is left out then.
pub async fn handle(
    sweep: &SweepDeadlines,
    digests: &SweepDigests,
    clock: &dyn Clock,
    stage: &str,
    slice_ends_at: Timestamp,
) -> Result<DeadlineReport, PortError> {
    let mut total = DeadlineReport::default();
    loop {
        let run = sweep.run().await?;
        total.looked_at += run.looked_at;
        total.alerts += run.alerts;
        total.late += run.late;
        total.acknowledged += run.acknowledged;
        total.full_shards = run.full_shards;
        // A full shard without an alert would be found full again.
        if run.full_shards == 0 || run.alerts + run.acknowledged == 0 || clock.now() >= slice_ends_at {
            break;
        }
    }
    #[expect(clippy::cast_precision_loss, reason = "metrics are floating point; counts are far below 2^53")]
    Metric::at(clock.now())
        .by("Stage", stage)
        .value("DeadlineSweepRuns", Unit::Count, 1.0)
        .value("LateRequests", Unit::Count, total.late as f64)
        .emit();
    // After the heartbeat: a digest that fails has said so, is tried again in a quarter of an hour, and stops no alert.
    drop(digests.run().await);
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
