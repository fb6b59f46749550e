//! Alerts as a log line and a metric; the template's alarm on `NeedsHumanJobs` turns them into a message to people.

use std::sync::Arc;

use domain::ids::TenantId;
use workflow::ports::{Alert, Alerts, Clock, DeadlineAlerts, DeadlineWarning, IntegrityAlerts};

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

impl IntegrityAlerts for EmfAlerts {
    fn broken(&self, tenant: &TenantId, place: &str) {
        tracing::error!(tenant = %tenant, place, alert = "audit_broken", "an audit log does not hold");
        Metric::at(self.clock.now()).by("Stage", self.stage).value("AuditLogsBroken", Unit::Count, 1.0).emit();
    }
}
