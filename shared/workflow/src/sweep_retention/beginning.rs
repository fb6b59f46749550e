//! The memory of a run: how it begins, how each move is written with its event, and what is left of one that failed.

use domain::ids::{OpNonce, TenantId};
use domain::record::Record;
use domain::retention_run::{RetentionRun, RunPhase, Tally};
use domain::transition::{Cause, TransitionBuilder};

use super::{Asked, SweepRetention, Unit};
use crate::ports::{CommitError, PortError, RetentionWarning};

impl SweepRetention {
    pub(super) async fn begin(
        &self,
        unit: &Unit<'_>,
        asked: &Asked,
        before: Option<RetentionRun>,
    ) -> Result<Option<RetentionRun>, PortError> {
        let (days, rule) = self.policy(unit).await?;
        let now = self.clock.now();
        // A source that can't say so has no label that anybody could rely on.
        let labelled = self.source.is_labelled(&unit.order(now)).await.unwrap_or(false);
        let reported_days = before.as_ref().and_then(|run| run.reported_days.clone());
        let reported_rule = before.as_ref().and_then(|run| run.reported_rule.clone());
        let run = RetentionRun {
            v: 1,
            tenant: unit.tenant.clone(),
            collection: unit.id.clone(),
            version: 0,
            op_nonce: OpNonce::new([0; 16]),
            begun_at: now,
            phase: RunPhase::Counting,
            dry_run: asked.dry_run,
            beyond_cap: asked.beyond_cap,
            days,
            reported_days,
            reported_rule,
            rule,
            counted: Tally::default(),
            done: Tally::default(),
            cursor: None,
            chunk: 0,
            archived: None,
            removing: None,
            failed_because: None,
            labelled,
        };
        self.write(before.as_ref(), run).await
    }

    /// Writes where a run stands, with its event; `None` where somebody else wrote meanwhile.
    pub(super) async fn write(
        &self,
        before: Option<&RetentionRun>,
        after: RetentionRun,
    ) -> Result<Option<RetentionRun>, PortError> {
        let nonce = OpNonce::new(self.entropy.bytes());
        let cause = Cause::worker(self.clock.now()).because("the retention policy");
        let mut builder = TransitionBuilder::new(&after.tenant, nonce.clone(), cause, self.entropy.bytes());
        builder.write_retention_run(before, after.clone());
        match self.store.commit(&builder.build()).await {
            Ok(()) => {
                let version = before.map_or(0, |run| run.version) + 1;
                Ok(Some(RetentionRun { version, op_nonce: nonce, ..after }))
            }
            Err(CommitError::Conflict { .. } | CommitError::LimitReached { .. }) => Ok(None),
            Err(CommitError::Port(error)) => Err(error),
        }
    }

    /// Says that a collection could not be swept, to operators and in its run. The next slice goes on with it.
    pub(super) async fn failed(&self, tenant: &TenantId, collection: &str, error: &PortError) {
        let reason = error.to_string();
        let (named, told) = (collection.to_owned(), reason.clone());
        self.alerts.warn(&RetentionWarning::Failed { tenant: tenant.clone(), collection: named, reason: told });
        // What was told is in the log; the run remembers it where it can.
        let Ok(found) = self.store.load(&[RetentionRun::key_of(tenant, collection)]).await else { return };
        let run = found.into_iter().flatten().find_map(Record::into_retention_run);
        if let Some(run) = run.filter(|run| run.failed_because.as_ref() != Some(&reason)) {
            let after = RetentionRun { failed_because: Some(reason), ..RetentionRun::clone(&run) };
            drop(self.write(Some(&run), after).await);
        }
    }
}
