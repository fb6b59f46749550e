//! Repairs what was lost: finds every step that is due in the sweep's index and nudges it.

use std::sync::Arc;

use domain::record::WAKE_SHARDS;
use domain::step::{Nudge, StepKind};
use jiff::{SignedDuration, Timestamp};

use crate::ports::{Clock, JobQueue, JobStore, PortError, WakeEntry};

/// Entries looked at per shard and run.
const PER_SHARD: usize = 500;
/// When an entry is looked at again if its nudge is lost once more.
const AGAIN_AFTER: SignedDuration = SignedDuration::from_mins(2);

/// What a run found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SweepReport {
    /// Steps nudged.
    pub nudged: u64,
    /// Shards that had more than one run looks at: the caller runs again.
    pub full_shards: u8,
    /// Age of the oldest entry that was due, in seconds.
    pub oldest_due_seconds: i64,
}

/// Nudges what is due.
pub struct SweepJobs {
    // Dependencies.
    /// Our tables.
    pub store: Arc<dyn JobStore>,
    /// Nudges.
    pub queue: Arc<dyn JobQueue>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

impl SweepJobs {
    /// One run over all shards. One shard failing doesn't stop the others.
    ///
    /// # Errors
    /// The first failure, after all shards were tried.
    pub async fn run(&self) -> Result<SweepReport, PortError> {
        let now = self.clock.now();
        let mut report = SweepReport::default();
        let mut failure = None;
        for shard in 0..WAKE_SHARDS {
            if let Err(error) = self.sweep_shard(shard, now, &mut report).await {
                tracing::error!(error = %error, shard, "a shard was not swept");
                failure.get_or_insert(error);
            }
        }
        failure.map_or(Ok(report), Err)
    }

    async fn sweep_shard(&self, shard: u8, now: Timestamp, report: &mut SweepReport) -> Result<(), PortError> {
        let due = self.store.due(shard, now, PER_SHARD).await?;
        if due.len() == PER_SHARD {
            report.full_shards += 1;
        }
        if let Some(oldest) = due.first() {
            let age = now.duration_since(oldest.seen).as_secs();
            report.oldest_due_seconds = report.oldest_due_seconds.max(age);
        }
        let mut nudges = Vec::new();
        for entry in &due {
            // Moved before the nudge: two sweeps at once nudge a step once.
            if self.store.postpone(entry, now + AGAIN_AFTER).await? {
                nudges.extend(nudge_of(entry));
            }
        }
        self.queue.send(&nudges, 0).await?;
        report.nudged += u64::try_from(nudges.len()).unwrap_or(0);
        Ok(())
    }
}

fn nudge_of(entry: &WakeEntry) -> Option<Nudge> {
    let domain::key::Partition::Job(job) = entry.key.partition() else { return None };
    let mut parts = entry.key.sort().strip_prefix("step#")?.split('#');
    let step = StepKind::parse(parts.next()?)?;
    let shard = parts.next()?.parse().ok()?;
    Some(Nudge { v: 1, tenant: entry.key.tenant().clone(), job: job.clone(), step, shard, version: 0 })
}
