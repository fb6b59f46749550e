//! Alerts as a log line and a metric; the template's alarm on `NeedsHumanJobs` turns them into a message to people.

use std::sync::Arc;

use domain::ids::{EvidenceId, TenantId};
use workflow::ports::{
    Alert, Alerts, Anomaly, AnomalyAlerts, Clock, DeadlineAlerts, DeadlineWarning, IntegrityAlerts, RetentionAlerts,
    RetentionWarning,
};

use crate::metrics::{Metric, Unit};
use crate::settings::Settings;
use crate::time::{SystemClock, system_clock};

/// Alerts for the engine of a function.
#[must_use]
pub fn emf_alerts(settings: &Settings) -> Arc<EmfAlerts> {
    Arc::new(EmfAlerts::new(settings))
}

/// Raises alerts through the log and the metric `NeedsHumanJobs`.
#[derive(Debug)]
pub struct EmfAlerts {
    clock: Arc<SystemClock>,
    stage: &'static str,
}

impl EmfAlerts {
    /// Alerts of this stage.
    #[must_use]
    pub fn new(settings: &Settings) -> Self {
        Self { clock: system_clock(settings), stage: settings.stage.as_str() }
    }
}

impl Alerts for EmfAlerts {
    fn raise(&self, alert: &Alert) {
        let reason = alert.reason.as_deref().unwrap_or("still waiting");
        tracing::error!(job.id = %alert.job, step = %alert.step, reason, alert = "needs_human", "a job needs a person");
        Metric::at(self.clock.now()).by("Stage", self.stage).value("NeedsHumanJobs", Unit::Count, 1.0).emit();
    }
}

impl DeadlineAlerts for EmfAlerts {
    fn warn(&self, warning: &DeadlineWarning) {
        let DeadlineWarning { job, alert, due_at } = warning;
        if alert.is_late() {
            tracing::error!(job.id = %job, alert = %alert, due_at = %due_at, "a deadline is over");
        } else {
            tracing::warn!(job.id = %job, alert = %alert, due_at = %due_at, "a deadline is near");
        }
        Metric::at(self.clock.now()).by("Stage", self.stage).value("DeadlineAlerts", Unit::Count, 1.0).emit();
    }
}

impl RetentionAlerts for EmfAlerts {
    fn warn(&self, warning: &RetentionWarning) {
        let line = Metric::at(self.clock.now()).by("Stage", self.stage);
        match warning {
            RetentionWarning::Reported { tenant, collection, class, tally } => {
                let told = tally.counts().into_iter().map(|(name, count)| format!("{name}={count}"));
                let told = told.collect::<Vec<_>>().join(" ");
                tracing::info!(tenant = %tenant, collection, class, told, "the retention sweep looked at a collection");
                #[expect(clippy::cast_precision_loss, reason = "metrics are floating point; counts are far below 2^53")]
                let count = |count: u64| count as f64;
                line.by("Class", class)
                    .value("RetentionScanned", Unit::Count, count(tally.scanned))
                    .value("RetentionExpired", Unit::Count, count(tally.expired))
                    .value("RetentionArchived", Unit::Count, count(tally.archived))
                    .value("RetentionRemoved", Unit::Count, count(tally.removed()))
                    .value("RetentionHeld", Unit::Count, count(tally.held))
                    .value("RetentionFailed", Unit::Count, count(tally.failed))
                    .emit();
            }
            RetentionWarning::BeyondCap { tenant, collection, expired } => {
                tracing::error!(tenant = %tenant, collection, expired, "more expired than one run may take away");
                line.value("RetentionBeyondCap", Unit::Count, 1.0).emit();
            }
            RetentionWarning::Unlabelled { tenant, collection } => {
                tracing::warn!(tenant = %tenant, collection, "no label retention_class");
                line.value("RetentionUnlabelled", Unit::Count, 1.0).emit();
            }
            RetentionWarning::Failed { tenant, collection, reason } => {
                tracing::error!(tenant = %tenant, collection, reason, "a collection could not be swept");
            }
        }
    }
}

impl IntegrityAlerts for EmfAlerts {
    fn broken(&self, tenant: &TenantId, place: &str) {
        tracing::error!(tenant = %tenant, place, alert = "audit_broken", "an audit log does not hold");
        Metric::at(self.clock.now()).by("Stage", self.stage).value("AuditLogsBroken", Unit::Count, 1.0).emit();
    }
    fn evidence_broken(&self, tenant: &TenantId, evidence: &EvidenceId, place: &str) {
        tracing::error!(tenant = %tenant, evidence = %evidence, place, alert = "evidence_broken", "evidence does not hold");
        Metric::at(self.clock.now()).by("Stage", self.stage).value("EvidenceBroken", Unit::Count, 1.0).emit();
    }
}

impl AnomalyAlerts for EmfAlerts {
    fn found(&self, tenant: &TenantId, anomaly: &Anomaly) {
        let Anomaly { rule, title, about, count, within_seconds, .. } = anomaly;
        tracing::warn!(tenant = %tenant, rule, about, count, within_seconds, alert = "audit_anomaly", "{title}");
        Metric::at(self.clock.now()).by("Stage", self.stage).value("AuditAnomalies", Unit::Count, 1.0).emit();
    }
}
