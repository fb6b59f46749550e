//! The first pass: what would go. It changes nothing, and decides whether the second pass may begin.

use domain::datum::Datum;
use domain::retention_run::{RetentionRun, RunPhase};
use jiff::Timestamp;

use super::chunk::{has_work, open_cursor, seal_cursor, treatment};
use super::policy::{has_expired, latest_cutoff};
use super::{SweepRetention, Unit};
use crate::ports::PortError;

/// Pages between two checkpoints.
const PAGES: u32 = 16;

impl SweepRetention {
    /// Counts so many pages; at the end decides what follows.
    pub(super) async fn count(
        &self,
        unit: &Unit<'_>,
        run: RetentionRun,
        slice_ends_at: Timestamp,
    ) -> Result<Option<RetentionRun>, PortError> {
        let retention = unit.retention()?;
        let secrets = self.keyring.tenant(unit.tenant, self.clock.now()).await?;
        let treatment = treatment(unit)?;
        let masker = super::chunk::TenantMasker(secrets.clone());
        let Some(before) = latest_cutoff(&run) else {
            let after = RetentionRun { phase: RunPhase::Ended, ..run.clone() };
            return self.write(Some(&run), self.reported(after)).await;
        };
        let order = unit.order(before);
        let holding = self.holding(unit).await?;
        let mut after = RetentionRun { failed_because: None, ..run.clone() };
        let mut cursor = open_cursor(&secrets, &run)?;
        for _ in 0..PAGES {
            let page = self.source.expired(&order, cursor.as_ref()).await?;
            let expired = |row: &&Datum| has_expired(&run, retention, row) && has_work(&treatment, &masker, row);
            let rows: Vec<&Datum> = page.rows.iter().map(|it| &it.row).filter(expired).collect();
            let held = self.held(unit, &secrets, &holding, &rows).await?;
            after.counted.scanned += page.scanned;
            after.counted.expired += rows.len() as u64;
            after.counted.held += held.into_iter().filter(|held| *held).count() as u64;
            cursor = page.next;
            if cursor.is_none() {
                after.cursor = None;
                let all = self.source.size(&order).await?.unwrap_or(after.counted.scanned);
                let after = self.decided(after, all);
                return self.write(Some(&run), after).await;
            }
            if self.clock.now() >= slice_ends_at {
                break;
            }
        }
        after.cursor = seal_cursor(&secrets, &after, cursor.as_ref(), self.entropy.as_ref());
        self.write(Some(&run), after).await
    }

    /// What follows once everything is counted, of so many rows in all.
    fn decided(&self, run: RetentionRun, all: u64) -> RetentionRun {
        let removable = run.counted.expired - run.counted.held;
        let is_beyond = !run.beyond_cap && self.cap.is_exceeded_by(removable, all.max(run.counted.scanned));
        let phase = if run.dry_run || !run.is_reported() {
            RunPhase::Reported
        } else if is_beyond {
            RunPhase::BeyondCap
        } else if removable == 0 {
            RunPhase::Ended
        } else {
            RunPhase::Removing
        };
        // What the second pass does not find any more was counted all the same.
        let mut run = RetentionRun { phase, ..run };
        run.done.scanned = run.counted.scanned;
        run.done.expired = run.counted.expired;
        run.done.held = run.counted.held;
        self.reported(run)
    }

    /// The policy as reported, where the run is a report; what was reported may be obeyed from the next run on.
    #[expect(clippy::unused_self, reason = "reads as a step of the decision")]
    fn reported(&self, run: RetentionRun) -> RetentionRun {
        if run.phase.is_open() && run.phase != RunPhase::Removing {
            return run;
        }
        let (days, rule) = (run.days.clone(), run.rule.clone());
        RetentionRun { reported_days: Some(days), reported_rule: Some(rule), ..run }
    }
}
