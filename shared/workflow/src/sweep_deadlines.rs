//! Watches due dates: records each alert once, with its audit event, and passes it on. Needs no queue and no key (INV-L4).

use std::sync::Arc;

use domain::event::{Action, Level};
use domain::ids::OpNonce;
use domain::job::{DeadlineAlert, Job};
use domain::key::TenantKey;
use domain::record::{DEADLINE_SHARDS, Record};
use domain::step::{Checkpoint, Step, StepKind, StepSeed, StepState};
use domain::transition::{Cause, TransitionBuilder};
use jiff::Timestamp;

use crate::ports::{Clock, CommitError, DeadlineAlerts, DeadlineWarning, Entropy, JobStore, PortError, PortErrorKind};

/// Jobs looked at per shard and run.
const PER_SHARD: usize = 500;
/// How often a job is looked at anew because it moved meanwhile.
const MAX_DECISIONS: u32 = 5;

/// What a run found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DeadlineReport {
    /// Jobs looked at.
    pub looked_at: u64,
    /// Alerts recorded and passed on.
    pub alerts: u64,
    /// Those of them about dates that are over.
    pub late: u64,
    /// Receipts found to be confirmed in time.
    pub acknowledged: u64,
    /// Shards that had more than one run looks at: the caller runs again.
    pub full_shards: u8,
}

/// Watches due dates.
pub struct SweepDeadlines {
    // Dependencies.
    /// Our tables.
    pub store: Arc<dyn JobStore>,
    /// Where warnings go.
    pub alerts: Arc<dyn DeadlineAlerts>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
}

impl SweepDeadlines {
    /// One run over all shards. One job or shard failing doesn't stop the others.
    ///
    /// # Errors
    /// The first failure, after everything was tried.
    pub async fn run(&self) -> Result<DeadlineReport, PortError> {
        let now = self.clock.now();
        let mut report = DeadlineReport::default();
        let mut failure = None;
        for shard in DEADLINE_SHARDS {
            if let Err(error) = self.sweep_shard(shard, now, &mut report).await {
                tracing::error!(error = %error, shard, "not every deadline of a shard was looked at");
                failure.get_or_insert(error);
            }
        }
        failure.map_or(Ok(report), Err)
    }

    async fn sweep_shard(&self, shard: u8, now: Timestamp, report: &mut DeadlineReport) -> Result<(), PortError> {
        let due = self.store.due(shard, now, PER_SHARD).await?;
        report.full_shards += u8::from(due.len() == PER_SHARD);
        let mut failure = None;
        for entry in &due {
            report.looked_at += 1;
            if let Err(error) = self.look(&entry.key, now, report).await {
                failure.get_or_insert(error);
            }
        }
        failure.map_or(Ok(()), Err)
    }

    /// Looks at one job. The entry of the index is only a hint: what counts is the job itself.
    async fn look(&self, key: &TenantKey, now: Timestamp, report: &mut DeadlineReport) -> Result<(), PortError> {
        for _ in 0..MAX_DECISIONS {
            let found = self.store.load(std::slice::from_ref(key)).await?;
            let Some(job) = found.into_iter().flatten().find_map(Record::into_job) else { return Ok(()) };
            let mut alerts = job.alerts_due(now);
            let acknowledged_at = match alerts.contains(&DeadlineAlert::AcknowledgementDue) {
                true => self.acknowledged_at(&job).await?,
                false => None,
            };
            if acknowledged_at.is_some() {
                alerts.retain(|alert| *alert != DeadlineAlert::AcknowledgementDue);
            }
            if alerts.is_empty() && acknowledged_at.is_none() {
                return Ok(());
            }
            match self.record(&job, &alerts, acknowledged_at, now).await {
                Ok(()) => {
                    report.acknowledged += u64::from(acknowledged_at.is_some());
                    self.pass_on(&job, &alerts, report);
                    return Ok(());
                }
                Err(CommitError::Conflict { .. } | CommitError::LimitReached { .. }) => {}
                Err(CommitError::Port(error)) => return Err(error),
            }
        }
        Err(PortError::new(PortErrorKind::Conflict, "record a deadline alert"))
    }

    /// When the receipt was confirmed: the notice that says so is its own proof (11 CCR 7021(a)).
    async fn acknowledged_at(&self, job: &Job) -> Result<Option<Timestamp>, PortError> {
        let key = Step::key_of(&job.tenant, &job.id, StepKind::NotifyReceived, 0);
        let found = self.store.load(&[key]).await?;
        Ok(found.into_iter().flatten().find_map(Record::into_step).and_then(|step| told_at(&step)))
    }

    /// Alerts, job and audit events in one transaction: recorded once, or not at all.
    async fn record(
        &self,
        job: &Job,
        alerts: &[DeadlineAlert],
        acknowledged_at: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<(), CommitError> {
        let nonce = OpNonce::new(self.entropy.bytes());
        let cause = Cause::worker(now).because("the deadline sweep looked at the due date");
        let mut builder = TransitionBuilder::new(&job.tenant, nonce, cause, self.entropy.bytes());
        let mut after = job.with_alerts(alerts, now);
        after.timing.acknowledged_at = after.timing.acknowledged_at.or(acknowledged_at);
        builder.update_job(job, after);
        for alert in alerts {
            let mut event = builder.plain_event(&job.id, "deadline", Action::Execute);
            event.level = if alert.is_late() { Level::Error } else { Level::Warning };
            event.to = Some(alert.as_str().to_owned());
            event.reason = Some(format!("deadline alert {alert}, due at {}", job.due_at));
            builder.event(event);
        }
        if !alerts.is_empty() {
            builder.create_step(officers_step(job, builder.op_nonce().clone(), now));
        }
        self.store.commit(&builder.build()).await
    }

    fn pass_on(&self, job: &Job, alerts: &[DeadlineAlert], report: &mut DeadlineReport) {
        for alert in alerts {
            report.alerts += 1;
            report.late += u64::from(alert.is_late());
            self.alerts.warn(&DeadlineWarning { job: job.id.clone(), alert: *alert, due_at: job.due_at });
        }
    }
}

/// The step that tells officers: made with the alert, so that neither is there without the other. No nudge goes with
/// it, since the sweep has no queue; `job-sweep` finds it within a minute.
fn officers_step(job: &Job, nonce: OpNonce, now: Timestamp) -> Step {
    // The job's next version: one transaction, one step, one notice.
    let shard = u32::try_from(job.version + 1).unwrap_or(u32::MAX);
    let seed =
        StepSeed { kind: StepKind::NotifyDeadline, shard, state: StepState::Ready, next_check_at: now, input: None };
    Step::new(&job.tenant, &job.id, seed, nonce, now)
}

/// When the person was told: at the delivery, even if others are still to be told.
fn told_at(step: &Step) -> Option<Timestamp> {
    let Some(Checkpoint::Notify(kept)) = &step.checkpoint else { return step.done_at };
    kept.deliveries.iter().find(|delivery| delivery.to == "subject").map_or(step.done_at, |delivery| Some(delivery.at))
}
