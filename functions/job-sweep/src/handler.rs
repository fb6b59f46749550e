//! Tick in, nudges out, with the age of the oldest entry as a metric.

use jiff::Timestamp;
use lambda_kit::{Metric, Unit};
use workflow::ports::{Clock, PortError};
use workflow::sweep_jobs::SweepJobs;

/// Runs a tick bring at the most; a backlog larger than that waits for the next minute.
const RUNS: usize = 5;

/// Sweeps until nothing is due or the slice is over.
///
/// # Errors
/// The first failure, after all shards were tried.
pub async fn handle(sweep: &SweepJobs, clock: &dyn Clock, slice_ends_at: Timestamp) -> Result<(), PortError> {
    let mut nudged = 0;
    let mut oldest = 0;
    for _ in 0..RUNS {
        let report = sweep.run().await?;
        nudged += report.nudged;
        oldest = oldest.max(report.oldest_due_seconds);
        if report.full_shards == 0 || clock.now() >= slice_ends_at {
            break;
        }
    }
    Metric::at(clock.now())
        .value("OldestPendingOutboxSeconds", Unit::Seconds, as_float(u64::try_from(oldest).unwrap_or(0)))
        .value("SweptSteps", Unit::Count, as_float(nudged))
        .emit();
    Ok(())
}

/// Metrics are floating point; ages and counts stay far below 2^32.
fn as_float(value: u64) -> f64 {
    f64::from(u32::try_from(value).unwrap_or(u32::MAX))
}
