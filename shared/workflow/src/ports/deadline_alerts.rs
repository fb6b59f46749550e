//! Telling operators that a deadline is near or over.

use domain::ids::JobId;
use domain::job::DeadlineAlert;
use jiff::Timestamp;

/// A warning that was recorded. Ids and dates only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadlineWarning {
    /// The job.
    pub job: JobId,
    /// Which warning.
    pub alert: DeadlineAlert,
    /// The date it is about.
    pub due_at: Timestamp,
}

/// Passes recorded warnings on; needs no queue and no key.
pub trait DeadlineAlerts: Send + Sync {
    /// Passes one on.
    fn warn(&self, warning: &DeadlineWarning);
}
